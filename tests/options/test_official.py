"""Options beside those of qiskit_ibm_runtime: same names, same JSON for the same settings."""

import json
import warnings
from dataclasses import asdict, fields, is_dataclass
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import PauliList
from qiskit.transpiler import CouplingMap

from qiskit_rest_primitives.options import EstimatorOptions, SamplerOptions
from qiskit_rest_primitives.options.request import encode_options
from qiskit_rest_primitives.wire.request.job_request import decode_params
from qiskit_rest_primitives.wire.request.option_group import paths

OWN = {
    "sampler": {"isa_check", "split", "program"},
    "estimator": {"isa_check", "split", "mitigation"},
}
OURS: dict[str, Any] = {"sampler": SamplerOptions, "estimator": EstimatorOptions}


@pytest.fixture(scope="module")
def official() -> SimpleNamespace:
    """The official client's options, encoder and results of noise learning."""
    pytest.importorskip("qiskit_ibm_runtime")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from qiskit_ibm_runtime import options
        from qiskit_ibm_runtime.results import noise_learner
        from qiskit_ibm_runtime.utils.json import RuntimeEncoder
    return SimpleNamespace(
        sampler=options.SamplerOptions,
        estimator=options.EstimatorOptions,
        encoder=RuntimeEncoder,
        learned=noise_learner,
    )


def official_paths(group: Any, prefix: str = "") -> set[str]:
    """Dotted names of the official options, groups included."""
    found: set[str] = set()
    for field in fields(group):
        if field.name.startswith("_"):
            continue
        found.add(f"{prefix}{field.name}")
        if is_dataclass(inner := getattr(group, field.name)):
            found |= official_paths(inner, f"{prefix}{field.name}.")
    return found


@pytest.mark.parametrize("program", ["sampler", "estimator"])
def test_names_are_those_of_the_official_client(program: str, official: SimpleNamespace):
    """Our options are the official ones and the switches of this client."""
    theirs = official_paths(getattr(official, program)())
    assert set(paths(OURS[program])) == theirs | OWN[program]


@pytest.mark.parametrize("program", ["sampler", "estimator"])
def test_declared_defaults_are_those_of_the_official_client(program: str) -> None:
    """Each default that both declare is the same; its auto stands for a number that it omits."""
    module = pytest.importorskip(f"qiskit_ibm_runtime.options_models.{program}")
    theirs = leaves(getattr(module, f"{program.capitalize()}Options")().model_dump())
    ours = {
        path: cls.__service_defaults__[path.rpartition(".")[2]].value
        for path, cls in paths(OURS[program]).items()
        if path.rpartition(".")[2] in cls.__service_defaults__
    }
    both = ours.keys() & theirs.keys()
    different = {path: ours[path] for path in both if ours[path] != theirs[path]}
    assert len(both) > 10
    assert {theirs[path] for path in different} <= {"auto"}
    assert set(different) == (
        {"resilience.zne.noise_factors", "resilience.measure_noise_learning.num_randomizations"}
        if program == "estimator"
        else set()
    )


def leaves(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The values in nested dicts by dotted name."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        within = isinstance(value, dict) and value
        found.update(leaves(value, f"{prefix}{name}.") if within else {f"{prefix}{name}": value})
    return found


def wires(program: str, settings: dict[str, Any], official: SimpleNamespace) -> list[Any]:
    """``params`` of the official client and of ours, both through JSON."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = getattr(official, program)(**settings)
        params = theirs._get_program_inputs(asdict(theirs))
    written = json.loads(json.dumps(params, cls=official.encoder))
    assert (written.pop("version"), written.pop("support_qiskit")) == (2, True)
    ours = encode_options(OURS[program](**settings)).params
    decode_params(program, msgspec.json.encode({"pubs": [], **written}))
    return [written, {"options": {}, **json.loads(msgspec.json.encode(ours))}]


@pytest.mark.parametrize(
    ("program", "settings"),
    [
        ("sampler", {}),
        ("sampler", {"default_shots": 100, "dynamical_decoupling": {"enable": True}}),
        ("sampler", {"execution": {"meas_type": "kerneled", "rep_delay": 1e-4}}),
        ("sampler", {"twirling": {"num_randomizations": "auto", "shots_per_randomization": 5}}),
        ("sampler", {"simulator": {"seed_simulator": 3, "basis_gates": ["cx"]}}),
        ("sampler", {"simulator": {"coupling_map": CouplingMap([[0, 1], [1, 2]])}}),
        ("sampler", {"experimental": {"execution": {"scheduler_timing": True}, "x": 1}}),
        ("sampler", {"environment": {"log_level": "DEBUG"}, "max_execution_time": 5}),
        ("estimator", {"resilience_level": 2, "default_precision": 0.5, "default_shots": None}),
        ("estimator", {"seed_estimator": 1, "resilience": {"pec": {"max_overhead": None}}}),
        ("estimator", {"resilience": {"zne": {"noise_factors": (1, 2), "extrapolator": "linear"}}}),
        (
            "estimator",
            {
                "resilience": {
                    "measure_mitigation": True,
                    "measure_noise_learning": {"num_randomizations": 3},
                    "layer_noise_learning": {"layer_pair_depths": [0, 1]},
                    "layer_noise_model": None,
                }
            },
        ),
    ],
)
def test_settings_are_sent_as_by_the_official_client(
    program: str, settings: dict[str, Any], official: SimpleNamespace
):
    """The same settings give the same params, which our structs of the service read."""
    theirs, ours = wires(program, settings, official)
    assert ours == theirs


def test_learned_noise_is_sent_as_by_the_official_client(official: SimpleNamespace):
    """Results of noise learning are accepted whole and in layers, with the official JSON."""
    circuit = QuantumCircuit(2)
    circuit.cx(0, 1)
    learned = official.learned
    error = learned.PauliLindbladError(PauliList(["XX", "YZ"]), [0.1, 0.2])
    layers = [learned.LayerError(circuit, [0, 1], error), learned.LayerError(circuit, [2, 3])]
    for model in [layers, learned.NoiseLearnerResult(layers, {"backend": "b"})]:
        options = EstimatorOptions(resilience={"layer_noise_model": model})
        ours = json.loads(msgspec.json.encode(encode_options(options).params))
        theirs = json.loads(json.dumps(model, cls=official.encoder))
        assert _without_bytes(ours["options"]["resilience"]["layer_noise_model"]) == (
            _without_bytes(theirs)
        )


def _without_bytes(value: Any) -> Any:
    """The value with its compressed envelopes decoded, since compression levels may differ."""
    from qiskit_ibm_runtime.utils.json import RuntimeDecoder

    if isinstance(value, list):
        return [_without_bytes(item) for item in value]
    if isinstance(value, dict):
        if value.get("__type__") in ("QuantumCircuit", "ndarray"):
            decoded = json.loads(json.dumps(value), cls=RuntimeDecoder)
            return decoded if value["__type__"] == "QuantumCircuit" else decoded.tolist()
        return {key: _without_bytes(item) for key, item in value.items()}
    return value


def test_the_official_unset_unsets_ours(official: SimpleNamespace):
    """A value that the official client left unset unsets ours."""
    options = SamplerOptions(default_shots=5)
    options.default_shots = official.sampler().default_shots
    assert options == SamplerOptions()
