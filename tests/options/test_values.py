"""Options that are objects, and options that depend on each other."""

import json
import sys
import warnings
from typing import Any

import msgspec
import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import PauliList
from qiskit.transpiler import CouplingMap

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.options import EstimatorOptions, SamplerOptions, SimulatorOptions
from qiskit_rest_primitives.options.request import encode_group, encode_options
from qiskit_rest_primitives.options.rules import (
    check_circuits,
    precision_unless_given,
    shots_unless_given,
)


def sent(options: Any) -> dict[str, Any]:
    """``params.options`` after a trip through JSON."""
    return json.loads(msgspec.json.encode(encode_options(options).params))["options"]


@pytest.mark.parametrize(
    ("fits", "factors"),
    [
        ("linear", [1]),
        ("exponential", (2.5,)),
        ("fallback", [1]),
        ("double_exponential", (1, 3, 5)),
        (["linear", "polynomial_degree_3"], (1, 2, 3)),
        ("polynomial_degree_7", range(1, 8)),
        (None, [1]),
        ("double_exponential", None),
    ],
)
def test_fits_need_noise_factors(fits: Any, factors: Any):
    """Too few noise factors for a fit are refused, defaults counted; one factor more cures it."""
    options = EstimatorOptions()
    if fits:
        options.resilience.zne.extrapolator = fits
    if factors:
        options.resilience.zne.noise_factors = factors
    with pytest.raises(OptionsError, match=r"needs \d noise factors or more, but .* has \d"):
        encode_options(options)
    options.resilience.zne.noise_factors = [*(factors or (1, 3, 5)), 9]
    encode_options(options)


def test_pec_excludes_zne():
    """PEC and ZNE together are refused when they are sent; either alone is fine."""
    options = EstimatorOptions(resilience={"pec_mitigation": True, "zne_mitigation": True})
    with pytest.raises(OptionsError, match="exclude each other"):
        encode_options(options)
    options.resilience.zne_mitigation = False
    encode_options(options)


@pytest.mark.parametrize(
    ("level", "mitigation", "acts"),
    [(None, None, True), (1, None, True), (0, None, False), (0, True, True), (2, False, False)],
)
def test_learning_measurements_needs_their_mitigation(level: Any, mitigation: Any, acts: bool):
    """Options of learning that would have no effect are refused."""
    options = EstimatorOptions(resilience={"measure_noise_learning": {"num_randomizations": 3}})
    if level is not None:
        options.resilience_level = level
    if mitigation is not None:
        options.resilience.measure_mitigation = mitigation
    if acts:
        encode_options(options)
    else:
        with pytest.raises(OptionsError, match="measure_mitigation = True"):
            encode_options(options)


def test_values_changed_in_place_are_checked_again():
    """A list that became invalid after it was assigned is refused when it is sent."""
    options = EstimatorOptions(
        resilience={"layer_noise_learning": {"layer_pair_depths": [1, 2]}},
        environment={"job_tags": ["a"]},
    )
    tags: Any = options.environment.job_tags
    tags.append(3)
    with pytest.raises(OptionsError, match="job_tags"):
        encode_options(options)
    tags.pop()
    depths: Any = options.resilience.layer_noise_learning.layer_pair_depths
    depths.append(-1)
    with pytest.raises(OptionsError, match="layer_pair_depths"):
        encode_options(options)


@pytest.mark.parametrize(
    ("settings", "shots"),
    [
        ({}, 4096),
        ({"default_shots": 10}, 10),
        ({"twirling": {"num_randomizations": 3, "shots_per_randomization": 5}}, 4096),
        (
            {
                "default_shots": 10,
                "twirling": {
                    "enable_gates": True,
                    "num_randomizations": 3,
                    "shots_per_randomization": 5,
                },
            },
            15,
        ),
        (
            {"default_shots": 10, "twirling": {"enable_measure": True, "num_randomizations": 3}},
            10,
        ),
    ],
)
def test_default_shots_apply_without_shots_of_a_pub(settings: dict[str, Any], shots: int):
    """Without shots of a PUB or run(): twirling's product, then default_shots, then 4096."""
    assert shots_unless_given(SamplerOptions(**settings)) == shots


@pytest.mark.parametrize(
    ("settings", "precision"),
    [
        ({}, None),
        ({"default_precision": 0.5}, 0.5),
        ({"default_precision": 0.5, "default_shots": None}, 0.5),
        ({"default_precision": 0.5, "default_shots": 100}, None),
        ({"default_precision": 0}, 0),
        (
            {
                "default_precision": 0.5,
                "twirling": {"num_randomizations": 3, "shots_per_randomization": 5},
            },
            None,
        ),
    ],
)
def test_default_precision(settings: dict[str, Any], precision: float | None):
    """The default precision is sent in PUBs unless default_shots or twirling override it."""
    assert precision_unless_given(EstimatorOptions(**settings)) == precision


def test_dynamical_decoupling_excludes_control_flow():
    """Dynamical decoupling is refused for a circuit with control flow, which is named."""
    static, dynamic = QuantumCircuit(1, 1), QuantumCircuit(1, 1)
    with dynamic.if_test((0, 1)):
        dynamic.x(0)
    options = SamplerOptions()
    check_circuits(options, [static, dynamic])
    options.dynamical_decoupling.enable = True
    check_circuits(options, [static])
    with pytest.raises(OptionsError, match="PUB 1: dynamical decoupling"):
        check_circuits(options, [static, dynamic])


@pytest.mark.parametrize("path", ["seed_estimator", "simulator.seed_simulator"])
def test_a_generator_gives_a_new_seed_each_time(path: str):
    """A numpy Generator stays in the options and gives every run another, repeatable seed."""

    def seeds() -> list[int]:
        value: Any = np.random.default_rng(7)
        for name in reversed(path.split(".")):
            value = {name: value}
        options = EstimatorOptions(**value)
        found: list[Any] = [sent(options) for _ in range(5)]
        for name in path.split("."):
            found = [item[name] for item in found]
        return found

    assert len(set(seeds())) == 5
    assert seeds() == seeds()
    assert all(0 <= seed < 2**31 for seed in seeds())


def test_a_coupling_map_is_sent_as_pairs():
    """A CouplingMap reads back as it was set, and is sent as directed pairs."""
    coupling = CouplingMap([[0, 1], [2, 1]])
    options = SamplerOptions(simulator={"coupling_map": coupling})
    assert options.simulator.coupling_map is coupling
    assert sent(options)["simulator"]["coupling_map"] == [[0, 1], [2, 1]]


def test_aer_noise_models_are_sent():
    """Aer's NoiseModel is sent in its envelope, and Aer makes the same model of it again."""
    noise = pytest.importorskip("qiskit_aer.noise")
    model = noise.NoiseModel(basis_gates=["x", "cx"])
    model.add_all_qubit_quantum_error(noise.depolarizing_error(0.1, 1), ["x"])
    model.add_quantum_error(noise.amplitude_damping_error(0.2), ["x"], [0])
    model.add_all_qubit_readout_error([[0.9, 0.1], [0.2, 0.8]])
    written = sent(SamplerOptions(simulator={"noise_model": model}))["simulator"]["noise_model"]
    assert written["__type__"] == "NoiseModel"
    assert written["__value__"] == json.loads(json.dumps(model.to_dict(serializable=True)))
    assert encode_group(SimulatorOptions(noise_model=written))["noise_model"] == written


def test_set_backend_takes_all_of_a_backend():
    """simulator.set_backend sets noise model, coupling map and gates, all of which can be sent."""
    pytest.importorskip("qiskit_aer")
    backend = GenericBackendV2(3, coupling_map=[[0, 1], [1, 2]], seed=1)
    options = SamplerOptions()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options.simulator.set_backend(backend)
    written = sent(options)["simulator"]
    assert written["coupling_map"] == [[0, 1], [1, 2]]
    assert written["basis_gates"] == backend.operation_names
    assert written["noise_model"]["__value__"]["errors"]


def test_set_backend_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    """Without Aer, simulator.set_backend says how to install it."""
    monkeypatch.setitem(sys.modules, "qiskit_aer.noise", None)
    with pytest.raises(OptionsError, match="pip install"):
        SamplerOptions().simulator.set_backend(GenericBackendV2(2, seed=1))


def test_experimental_options_are_merged_into_groups():
    """Groups of known names are merged, image becomes the runtime, the rest is sent beside them."""
    options = SamplerOptions(
        execution={"init_qubits": False},
        experimental={
            "execution": {"scheduler_timing": True},
            "image": "name:tag",
            "other": {"a": np.arange(2)},
            "default_shots": np.int64(5),
        },
    )
    wire = encode_options(options)
    assert wire.job == {"runtime": "name:tag"}
    assert wire.params["options"]["execution"] == {"init_qubits": False, "scheduler_timing": True}
    assert wire.params["options"]["default_shots"] == 5
    assert wire.params["options"]["experimental"]["other"]["a"]["__type__"] == "ndarray"
    assert encode_options(options) == wire


def endless() -> list[Any]:
    """A list that contains itself."""
    items: list[Any] = []
    items.append(items)
    return items


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (object(), "object can't be written"),
        (b"x", "bytes can't be written"),
        ({1: 2}, "the key 1 is not a string"),
        ([float("nan")], r"a\[0\]: nan can't be written"),
        (endless(), "nested more than 100"),
    ],
)
def test_values_that_json_lacks_are_refused(value: Any, words: str):
    """What can't be written as JSON is refused with its place before it is sent."""
    options = SamplerOptions(experimental={"a": value})
    with pytest.raises(OptionsError, match=words):
        encode_options(options)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("resilience_level", 3, "an integer from 0 to 2, not 3"),
        ("default_shots", 10**400, "an integer from 0 to 2**31 - 1 or None, not a number of"),
        ("default_precision", -1, "a finite number >= 0, not -1"),
        ("twirling.num_randomizations", 0, 'an integer from 1 to 2**31 - 1 or "auto", not 0'),
        ("dynamical_decoupling.enable", "x", "True or False, not 'x'"),
        (
            "dynamical_decoupling.sequence_type",
            "XY8",
            "one of 'XX', 'XY4', 'XpXm', not 'XY8'; did you mean 'XY4'?",
        ),
        (
            "resilience.zne.extrapolator",
            ["liner"],
            "list of these, not ['liner']; did you mean 'li",
        ),
        ("resilience.zne.noise_factors", endless(), "a list of finite numbers >= 1, not [[...]]"),
        ("environment.job_tags", ["a"] * 8, "at most 7 strings of at most 86 characters or None"),
        ("environment.log_level", "Debug", "did you mean 'debug'?"),
        ("simulator.coupling_map", [0], "a list of pairs of integers >= 0, qiskit.transpiler.Coup"),
        ("simulator.seed_simulator", "x", "numpy.random.Generator or None, not 'x'"),
        ("simulator.noise_model", 1, "a dict, qiskit_aer.noise.NoiseModel or None, not 1"),
        (
            "resilience.layer_noise_model",
            1,
            "a dict, a list of dicts, NoiseLearnerResult, a list of LayerError or None, not 1",
        ),
    ],
)
def test_errors_say_what_an_option_takes(path: str, value: Any, words: str):
    """A refused value is an error with the option, what it takes, and a similar word if any."""
    wanted = value
    for name in reversed(path.split(".")):
        wanted = {name: wanted}
    with pytest.raises(OptionsError) as caught:
        EstimatorOptions(**wanted)
    assert str(caught.value).startswith(f"option {path} takes ")
    assert words in str(caught.value)


def test_values_in_envelopes():
    """Numbers, sets, Pauli lists and circuits are written in the official client's envelopes."""
    circuit = QuantumCircuit(2)
    circuit.cx(0, 1)
    written = sent(
        SamplerOptions(
            experimental={
                "b": np.True_,
                "f": np.float32(0.5),
                "c": 1 + 2j,
                "s": {3},
                "p": PauliList(["XX", "-YZ"]),
                "q": circuit,
            }
        )
    )["experimental"]
    assert written["b"] is True
    assert written["f"] == 0.5
    assert written["c"] == {"__type__": "complex", "__value__": [1.0, 2.0]}
    assert written["s"] == {"__type__": "set", "__value__": [3]}
    assert written["p"]["__value__"] == {"data": ["XX", "-YZ"]}
    assert written["q"]["__type__"] == "QuantumCircuit"


def test_learned_noise_is_recognised_by_its_class_names():
    """Layers of learned noise are written in their envelopes, without their package installed."""

    class PauliLindbladError:
        generators = PauliList(["XX"])
        rates = np.array([0.1])

    class LayerError:
        circuit = QuantumCircuit(2)
        qubits = (0, 1)
        error = PauliLindbladError()

    class NoiseLearnerResult:
        data = (LayerError(),)
        metadata = {"backend": "b"}  # noqa: RUF012 - stands for a property

    options = EstimatorOptions(resilience={"layer_noise_model": NoiseLearnerResult()})
    written = sent(options)["resilience"]["layer_noise_model"]
    assert written["__type__"] == "NoiseLearnerResult"
    layer = written["__value__"]["data"][0]
    assert (layer["__type__"], layer["__class__"]) == ("_json", "LayerError")
    assert layer["__value__"]["qubits"] == [0, 1]
    assert layer["__value__"]["error"]["__class__"] == "PauliLindbladError"
    options.resilience.layer_noise_model = [LayerError()]
    assert sent(options)["resilience"]["layer_noise_model"] == [layer]
