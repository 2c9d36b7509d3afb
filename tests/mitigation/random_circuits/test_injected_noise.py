"""The cost of cancelling noise, against qiskit-mitigation; noise models in the official form."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import PauliLindbladMap, PauliList
from qiskit_mitigation import PEC
from samplomatic.transpiler import generate_boxing_pass_manager

from qiskit_rest_primitives import EstimatorOptions
from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.mitigation.base.layers import Layer, LayerNoise, noisy_layers
from qiskit_rest_primitives.mitigation.base.options import Pec
from qiskit_rest_primitives.mitigation.learning.layer_noise_json import (
    read_layer_noise,
    write_layer_noise,
)
from qiskit_rest_primitives.mitigation.random_circuits.injected_noise import BOXING, CircuitNoise
from qiskit_rest_primitives.mitigation.random_circuits.pec import PecPlan
from qiskit_rest_primitives.options.encoding import encode_value
from qiskit_rest_primitives.wire.runtime_json import RuntimeDecoder, RuntimeEncoder
from tests.mitigation.learning.test_layer_learning import TRUE

PLACES = (3, 5, 7, 9)
CHAIN = frozenset({("cz", (3, 5)), ("cz", (7, 9))})
MIDDLE = frozenset({("cz", (5, 7))})


def boxed_ladder() -> QuantumCircuit:
    """Three pairs of layers on four qubits, in boxes."""
    circuit = QuantumCircuit(4)
    for _ in range(3):
        circuit.sx(range(4))
        circuit.cz(0, 1)
        circuit.cz(3, 2)
        circuit.cz(1, 2)
    manager = generate_boxing_pass_manager(**BOXING, twirling_strategy="active_circuit")
    return manager.run(circuit)


def test_gamma_is_that_of_qiskit_mitigation():
    """Layers are found by their gates on the device's qubits; unknown ones count as 1."""
    boxed = boxed_ladder()
    layers = noisy_layers(boxed, PLACES)
    assert [layer.gates for _, layer in layers] == [CHAIN, MIDDLE] * 3
    known = {MIDDLE: LayerNoise(Layer(MIDDLE, PLACES), TRUE)}
    noise = CircuitNoise.of(layers, known)
    assert noise.log_gamma == pytest.approx(
        math.log(PEC.calculate_gamma(boxed, noise.noise, noise_factor=1))
    )
    overhead = math.exp(2 * noise.log_gamma)
    assert noise.metadata() == {
        "noise_overhead": pytest.approx(overhead),
        "total_mitigated_layers": 3,
        "unique_mitigated_layers": 1,
        "unique_mitigated_layers_noise_overhead": [pytest.approx(overhead ** (1 / 3))],
        "layers_taken_as_noise_free": ["cz(3, 5), cz(7, 9)"],
    }


@pytest.mark.parametrize("rates", [1.0, 40.0])
def test_the_automatic_gain_is_that_of_qiskit_mitigation(rates: float):
    """The same share of the noise stays, and the same number of circuits are drawn."""
    circuit = QuantumCircuit(4)
    for _ in range(3):
        circuit.sx(range(4))
        circuit.cz(1, 2)
    boxing = {**BOXING, "twirling_strategy": "all"}
    boxed = generate_boxing_pass_manager(**boxing).run(circuit)
    layers = noisy_layers(boxed, PLACES)
    model = TRUE.scale_rates(rates)
    noise = CircuitNoise.of(layers, {MIDDLE: LayerNoise(Layer(MIDDLE, PLACES), model)})
    official = PEC()
    program = official.prepare(
        circuit,
        [["ZZZZ"]],
        None,
        custom_boxing_options=boxing,
        num_randomizations=20,
        broadcast_obs_and_params=True,
        noise_maps=noise.noise,
        max_sampling_overhead=50,
    )
    plan = PecPlan.of(noise.log_gamma, Pec(max_overhead=50), 20, 0)
    assert plan.gamma == pytest.approx(official.gamma)
    assert plan.randomizations == pytest.approx(program.items[0].shape[0], abs=1)
    assert (plan.noise_scale == -1) == (rates == 1)


def test_without_noise_nothing_is_cancelled():
    """One circuit stays one circuit."""
    assert PecPlan.of(0.0, Pec(), 20, 0) == PecPlan(0.0, 1.0, 1.0, 20)


def test_an_overhead_beyond_the_limit_is_refused():
    """The error has the overhead, the limit and a gain that would fit, which it does."""
    log_gamma = math.log(20)  # overhead 400
    with pytest.raises(
        OptionsError, match=r"PUB 3: .*noise_gain 0 needs 400 times.*max_overhead 100.*to 0.231"
    ):
        PecPlan.of(log_gamma, Pec(max_overhead=100, noise_gain=0), 20, 3)
    plan = PecPlan.of(log_gamma, Pec(max_overhead=100, noise_gain=0.232), 20, 3)
    assert plan.overhead < 100
    unbounded = PecPlan.of(log_gamma, Pec(max_overhead=None, noise_gain=0), 20, 3)
    assert unbounded.randomizations == 8000
    assert PecPlan.of(log_gamma, Pec(max_overhead=None), 20, 3) == unbounded


@pytest.mark.parametrize(("log_gamma", "factor"), [(6.0, "1.63e+05"), (2000.0, "10^1737")])
def test_without_a_limit_more_circuits_than_can_be_run_are_refused(log_gamma: float, factor: str):
    """Even a number that has no float."""
    with pytest.raises(OptionsError) as caught:
        PecPlan.of(log_gamma, Pec(max_overhead=None), 20, 1)
    assert f"PUB 1: PEC needs {factor} times 20 random circuits" in str(caught.value)
    assert "set resilience.pec.max_overhead" in str(caught.value)


def official_classes() -> Any:
    """The classes of learned noise of the official client."""
    return pytest.importorskip("qiskit_ibm_runtime.results")


@pytest.mark.parametrize("listed", [False, True])
def test_noise_of_the_official_classes_is_read(listed: bool):
    """Qubits keep their order, and layers without an error are left out."""
    official = official_classes()
    circuit = QuantumCircuit(3)
    circuit.cz(0, 2)
    generators, rates = PauliList(["XIY", "IZI"]), [0.01, 0.02]
    error = official.PauliLindbladError(generators, rates)
    empty = QuantumCircuit(2)
    empty.cx(0, 1)
    layers = [
        official.LayerError(circuit, [9, 4, 6], error),
        official.LayerError(empty, [1, 2], None),
    ]
    model = layers if listed else official.NoiseLearnerResult(layers)
    options = EstimatorOptions(resilience={"layer_noise_model": model})
    written = json.loads(json.dumps(encode_value(options.resilience.layer_noise_model, "x")))
    known = read_layer_noise(written)
    gates = frozenset({("cz", (6, 9))})
    assert known.keys() == {gates}
    assert known[gates].layer.qubits == (9, 4, 6)
    expected = PauliLindbladMap.from_sparse_list(
        [("YX", [0, 2], 0.01), ("Z", [1], 0.02)], num_qubits=3
    )
    assert known[gates].noise.simplify() == expected.simplify()


def test_noise_in_metadata_can_be_used_again():
    """As the client gets it, it is an option of the next job; the official client reads it too."""
    noise = LayerNoise(Layer(CHAIN, PLACES), TRUE)
    text = json.dumps(write_layer_noise([noise]), cls=RuntimeEncoder)
    received = json.loads(text, cls=RuntimeDecoder)
    options = EstimatorOptions(resilience={"layer_noise_model": received})
    sent = encode_value(options.resilience.layer_noise_model, "x")
    again = read_layer_noise(json.loads(json.dumps(sent)))[CHAIN]
    assert again.layer == noise.layer
    assert again.noise.simplify() == TRUE.simplify()
    official_classes()
    from qiskit_ibm_runtime import RuntimeDecoder as OfficialDecoder

    (layer,) = json.loads(text, cls=OfficialDecoder)
    assert layer.qubits == list(PLACES)
    assert layer.error.rates.sum() == pytest.approx(TRUE.rates.sum())


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ([{"a": 1}], "layer 0 is not a LayerError"),
        ("x", "no list of layers"),
        ([{"__type__": "odd", "__value__": 1}], "unknown type"),
        (
            {
                "data": [
                    {
                        "circuit": encode_value(QuantumCircuit(1), "x"),
                        "qubits": [0],
                        "error": {
                            "generators": encode_value(PauliList(["X"]), "x"),
                            "rates": encode_value(np.array([np.nan]), "x"),
                        },
                    }
                ]
            },
            "layer 0.*not finite",
        ),
    ],
)
def test_other_objects_are_refused(option: Any, message: str):
    """The error names the option and the layer."""
    with pytest.raises(OptionsError, match=rf"layer_noise_model.*{message}"):
        read_layer_noise(option)
