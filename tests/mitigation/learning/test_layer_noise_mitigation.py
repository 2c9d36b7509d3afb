"""PEC and PEA of whole jobs, against exact values and noise models written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import PauliLindbladMap

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.mitigation.base.layers import Layer, LayerNoise
from qiskit_rest_primitives.mitigation.base.steps import Run, Samples
from qiskit_rest_primitives.mitigation.learning.layer_noise_json import write_layer_noise
from qiskit_rest_primitives.mitigation.random_circuits.injected_noise import CircuitNoise
from qiskit_rest_primitives.wire.values.typed_values import Encoder
from tests.mitigation.random_circuits.test_decoupling import device
from tests.mitigation.running import Sample, estimated, estimator_sweep, exact
from tests.mitigation.stim_runs import run_with_noise

NUM_QUBITS = 4
# Not changed by cz(0, 1) and cz(2, 3).
OUTER = PauliLindbladMap.from_sparse_list(
    [
        ("ZZ", [0, 1], 0.010),
        ("XZ", [0, 1], 0.008),
        ("X", [0], 0.008),
        ("Z", [2], 0.010),
        ("YZ", [2, 3], 0.008),
        ("Y", [2], 0.008),
        ("ZZ", [1, 2], 0.006),
    ],
    num_qubits=NUM_QUBITS,
)
# Not changed by cz(1, 2).
INNER = PauliLindbladMap.from_sparse_list(
    [
        ("ZZ", [1, 2], 0.012),
        ("ZX", [1, 2], 0.008),
        ("X", [2], 0.008),
        ("Y", [0], 0.010),
        ("X", [3], 0.010),
    ],
    num_qubits=NUM_QUBITS,
)
NOISE = {frozenset({(0, 1), (2, 3)}): OUTER, frozenset({(1, 2)}): INNER}
KNOWN = [
    LayerNoise(Layer(frozenset(("cz", pair) for pair in pairs), (0, 1, 2, 3)), noise)
    for pairs, noise in NOISE.items()
]
OBSERVABLES = [{"ZZYZ": 1.0}, {"ZXZZ": 0.5, "IIXY": -2.0, "IIII": 0.25}, {"IYXI": 1.0}]
FEW = {"num_randomizations": 8, "shots_per_randomization": 256, "layer_pair_depths": [0, 2, 4, 8]}


def ladder() -> QuantumCircuit:
    """Three rounds of two layers of gates; some strings of letters are exactly +1 or -1."""
    circuit = QuantumCircuit(NUM_QUBITS)
    circuit.h(0)
    for _ in range(3):
        circuit.cz(0, 1)
        circuit.sx(1)
        circuit.cz(2, 3)
        circuit.sx(2)
        circuit.cz(1, 2)
        circuit.s(1)
        circuit.barrier()
    return circuit


def on_stim(readout: float = 0.0) -> Sample:
    """Samples runs with the noise above; each run has another seed."""
    count = iter(range(1000))

    def sample(run: Run) -> Samples:
        return run_with_noise(run, NOISE, readout=readout, seed=next(count))

    return sample


def model_as_json() -> Any:
    """The true noise, as a user would send it."""
    encoder = Encoder(lambda array: {"__type__": "ndarray", "__value__": array.tolist()})
    return encoder.value(write_layer_noise(KNOWN), "noise")


def run_level(level: int, *, shots: int = 4096, readout: float = 0.0, **options: Any):
    """The exact values and a job's result."""
    sweep = estimator_sweep(ladder(), OBSERVABLES, shots=shots)
    finished = estimated([sweep], on_stim(readout), level=level, target=device(), **options)
    return exact(sweep), finished


@pytest.mark.slow
def test_pec_with_given_noise_is_unbiased():
    """Raw values are off by fifteen standard errors; the mitigated ones agree within four."""
    true, raw = run_level(0)
    assert (np.abs(raw.pubs[0].data.evs - true) > 15 * raw.pubs[0].data.stds).all()
    options: Any = {"resilience": {"pec_mitigation": True, "layer_noise_model": model_as_json()}}
    true, finished = run_level(0, **options)
    data, metadata = finished.pubs[0].data, finished.pubs[0].metadata
    assert (np.abs(data.evs - true) < 4 * data.stds).all()
    assert (data.stds < 0.2).all()
    resilience = metadata["resilience"]
    overhead = resilience["pec"]["num_randomizations_scaling"]
    assert overhead == pytest.approx(resilience["layer_noise"]["noise_overhead"])
    assert metadata["num_randomizations"] == np.ceil(64 * overhead)
    assert resilience["layer_noise"]["total_mitigated_layers"] == 6
    assert finished.metadata["resilience"]["pec_mitigation"] is True
    assert len(finished.metadata["resilience"]["layer_noise_model"]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("level", [0, 1])
def test_pec_learns_the_noise_that_it_cancels(level: int):
    """A first step learns, a second one mitigates; with TREX readout errors go too."""
    options: Any = {"resilience": {"pec_mitigation": True, "layer_noise_learning": FEW}}
    true, finished = run_level(level, shots=8192, readout=0.03 * level, **options)
    data = finished.pubs[0].data
    assert (np.abs(data.evs - true) < 4 * data.stds).all()
    assert (
        "layers_taken_as_noise_free" not in finished.pubs[0].metadata["resilience"]["layer_noise"]
    )
    total = sum(
        layer["__value__"]["error"]["__value__"]["rates"].sum()
        for layer in finished.metadata["resilience"]["layer_noise_model"]
    )
    assert total == pytest.approx(OUTER.rates.sum() + INNER.rates.sum(), rel=0.1)


def test_pec_keeps_the_share_of_noise_that_its_limit_asks_for():
    """With an overhead of the square root of the full one, half of the noise stays."""
    noise = CircuitNoise.of(
        [(str(index % 2), KNOWN[index % 2].layer) for index in range(6)],
        {each.layer.gates: each for each in KNOWN},
    )
    true, raw = run_level(0)
    options: Any = {
        "resilience": {
            "pec_mitigation": True,
            "pec": {"max_overhead": float(np.exp(noise.log_gamma))},
            "layer_noise_model": model_as_json(),
        }
    }
    _, finished = run_level(0, **options)
    data = finished.pubs[0].data
    assert finished.pubs[0].metadata["resilience"]["pec"]["noise_gain"] == pytest.approx(0.5)
    # A Pauli string decays exponentially in the noise; these are single strings.
    for place in (0, 2):
        half = np.sign(true[0, place]) * np.sqrt(raw.pubs[0].data.evs[0, place] / true[0, place])
        assert abs(data.evs[0, place] - half) < 4 * data.stds[0, place]


def test_pec_beyond_its_limit_is_refused():
    """The error has the PUB, the overhead, and what would fit."""
    options: Any = {
        "resilience": {
            "pec_mitigation": True,
            "pec": {"max_overhead": 2, "noise_gain": 0},
            "layer_noise_model": model_as_json(),
        }
    }
    with pytest.raises(OptionsError, match=r"PUB 0: resilience.pec.noise_gain 0 needs 3.57 times"):
        run_level(0, **options)


@pytest.mark.slow
def test_layers_beyond_the_limit_count_as_free_of_noise():
    """The PUB's metadata name them."""
    learning = {**FEW, "max_layers_to_learn": 1}
    _, finished = run_level(
        0, resilience={"pec_mitigation": True, "layer_noise_learning": learning}
    )
    found = finished.pubs[0].metadata["resilience"]["layer_noise"]
    assert found["layers_taken_as_noise_free"] == ["cz(1, 2)"]
    assert found["total_mitigated_layers"] == 3


@pytest.mark.slow
def test_pea_amplifies_the_noise_and_extrapolates():
    """At each noise factor values decay as the noise says; the fit agrees with the exact values."""
    options: Any = {
        "resilience": {
            "zne_mitigation": True,
            "zne": {"amplifier": "pea", "noise_factors": (1, 1.5, 2)},
            "layer_noise_model": model_as_json(),
        },
        "twirling": {"num_randomizations": 200},
    }
    true, finished = run_level(0, shots=20_000, **options)
    data = finished.pubs[0].data
    assert (np.abs(data.evs - true) < 4 * data.stds).all()
    for place in (0, 2):
        at_one = data.evs_noise_factors[0, place, 0] / true[0, place]
        for number, factor in enumerate((1, 1.5, 2)):
            expected = true[0, place] * at_one**factor
            error = data.stds_noise_factors[0, place, number]
            assert abs(data.evs_noise_factors[0, place, number] - expected) < 5 * error


@pytest.mark.slow
def test_stds_of_pec_are_honest():
    """Between 60 and 76 % of 200 values lie within one standard error of the exact one."""
    model = model_as_json()
    circuit = QuantumCircuit(NUM_QUBITS)
    circuit.sx(range(NUM_QUBITS))
    circuit.cz(1, 2)
    circuit.cz(1, 2)
    circuit.sx(range(NUM_QUBITS))
    sweep = estimator_sweep(circuit, [{"IZII": 1.0, "IIZI": 0.5, "ZIII": 0.5}], shots=2048)
    options: Any = {"resilience": {"pec_mitigation": True, "layer_noise_model": model}}
    sample = on_stim()
    within = 0
    for seed in range(200):
        data = estimated([sweep], sample, seed=seed, target=device(), **options).pubs[0].data
        within += bool(np.abs(data.evs - exact(sweep)) < data.stds)
    assert 120 <= within <= 152
