from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector

from tests.mitigation.running import estimated, estimator_sweep, exact, noisy, on_aer

OBSERVABLES = [
    {"ZZZZ": 1.0},
    {"IXXI": 0.5, "ZIIZ": -0.7, "YIIY": 0.25, "IIII": 2.0},
    {"IIII": 1.5},
    {"YYII": 1.0, "XXII": 1.0, "ZZII": 1.0},
]


def entangled(angles: Any = None) -> QuantumCircuit:
    """Four qubits; each angle of ``angles`` turns one."""
    circuit = QuantumCircuit(4)
    angles = ParameterVector("a", 4) if angles is None else angles
    for qubit in range(4):
        circuit.sx(qubit)
        circuit.rz(angles[qubit], qubit)
    circuit.cz(0, 1)
    circuit.cz(2, 3)
    for qubit in range(4):
        circuit.rx(0.3 + qubit, qubit)
    circuit.cz(1, 2)
    circuit.sx(1)
    circuit.rz(angles[3] * 2 + angles[0], 2)
    circuit.sx(2)
    return circuit


OPTIONS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "gates": {"twirling": {"enable_gates": True}},
    "measurements": {"twirling": {"enable_measure": True}},
    "both": {"twirling": {"enable_gates": True, "enable_measure": True}},
    "active": {"twirling": {"enable_gates": True, "strategy": "active"}},
    "active-circuit": {"twirling": {"enable_gates": True, "strategy": "active-circuit"}},
    "all": {"twirling": {"enable_gates": True, "strategy": "all"}},
    "TREX": {"resilience": {"measure_mitigation": True}},
    "ZNE without twirling": {"resilience": {"zne_mitigation": True}},
    "ZNE": {
        "resilience": {
            "zne_mitigation": True,
            "zne": {
                "noise_factors": [1, 1.5, 2.4, 4],
                "extrapolator": ["linear", "polynomial_degree_2", "fallback"],
            },
        },
        "twirling": {"enable_gates": True},
    },
    "TREX and gates": {
        "resilience": {"measure_mitigation": True},
        "twirling": {"enable_gates": True, "num_randomizations": 16},
    },
}


@pytest.mark.parametrize("name", OPTIONS)
def test_without_noise_every_option_gives_the_exact_values(name: str) -> None:
    """For a sweep of angles and observables in several bases, within five standard errors."""
    values = np.random.default_rng(5).normal(size=(3, 4))
    sweep = estimator_sweep(entangled(), OBSERVABLES, values, shots=2048)
    found = estimated([sweep], on_aer(), **OPTIONS[name]).pubs[0]
    error = np.abs(found.data.evs - exact(sweep))
    assert (error <= 5 * found.data.stds + 1e-9).all()
    assert found.data.evs.shape == sweep.shape


def test_readout_errors_are_mitigated() -> None:
    """TREX gives the exact values where the raw ones are off by ten standard errors."""
    circuit = entangled(np.arange(4) / 3)
    sweep = estimator_sweep(circuit, OBSERVABLES, shots=20_000)
    sample = on_aer(noisy(readout=(0.02, 0.08)))
    raw = estimated([sweep], sample).pubs[0].data
    better = estimated([sweep], sample, level=1).pubs[0].data
    assert (np.abs(raw.evs - exact(sweep)) > 10 * raw.stds).any()
    assert (np.abs(better.evs - exact(sweep)) <= 5 * better.stds + 1e-9).all()


@pytest.mark.parametrize("amplifier", ["gate_folding", "gate_folding_front", "gate_folding_back"])
def test_gate_errors_are_extrapolated(amplifier: str) -> None:
    """Level 2 gives the exact values where raw ones are off by ten standard errors."""
    circuit = entangled(np.arange(4) / 3)
    sweep = estimator_sweep(circuit, OBSERVABLES, shots=20_000)
    sample = on_aer(noisy(gate=0.03, readout=(0.02, 0.08)))
    raw = estimated([sweep], sample).pubs[0].data
    better = (
        estimated([sweep], sample, level=2, resilience={"zne": {"amplifier": amplifier}})
        .pubs[0]
        .data
    )
    assert (np.abs(raw.evs - exact(sweep)) > 10 * raw.stds).any()
    assert (np.abs(better.evs - exact(sweep)) <= 5 * better.stds + 1e-9).all()
    assert better.evs_noise_factors.shape == (*sweep.shape, 3)
    assert better.evs_extrapolated.shape == (*sweep.shape, 2, 4)
