"""Draws ising_127q.svg: six spins on a noisy device of 127 qubits, raw, mitigated and exact."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit.transpiler import generate_preset_pass_manager

from qiskit_rest_primitives import EstimatorV2, QiskitRuntimeService

SPINS, STEPS = 6, range(1, 13)
CORRELATION = SparsePauliOp.from_sparse_list(
    [("ZZ", [spin, spin + 1], 1 / (SPINS - 1)) for spin in range(SPINS - 1)], num_qubits=SPINS
)


def evolution(steps: int) -> QuantumCircuit:
    """Trotter steps of a chain in a transverse field."""
    circuit = QuantumCircuit(SPINS)
    for _ in range(steps):
        circuit.rx(0.9, range(SPINS))
        for first in (0, 1):
            for spin in range(first, SPINS - 1, 2):
                circuit.rzz(-0.25, spin, spin + 1)
    return circuit


def main() -> None:
    """Runs two jobs and draws."""
    device = QiskitRuntimeService(channel="local").backend("fake_127q", calibration_id="2026-01-31")
    passes = generate_preset_pass_manager(3, device, seed_transpiler=1)
    circuits = passes.run([evolution(steps) for steps in STEPS])
    pubs = [(circuit, CORRELATION.apply_layout(circuit.layout)) for circuit in circuits]
    exact = [Statevector(evolution(steps)).expectation_value(CORRELATION).real for steps in STEPS]
    axes = plt.figure(figsize=(6.4, 3.2), facecolor="white", layout="constrained").add_subplot()
    axes.plot(STEPS, exact, color="0.4", label="exact")
    for level, style, label in (
        (0, "s", "as measured"),
        (2, "o", "mitigated: resilience_level = 2"),
    ):
        estimator = EstimatorV2(device, seed=7, options={"resilience_level": level})
        values = [pub.data for pub in estimator.run(pubs).result()]
        axes.errorbar(
            STEPS,
            [value.evs for value in values],
            [value.stds for value in values],
            fmt=style,
            markersize=5,
            capsize=2,
            label=label,
        )
    axes.set(xlabel="Trotter steps", ylabel="mean <ZZ> of neighbours", xticks=STEPS)
    axes.legend(frameon=False)
    plt.rcParams["svg.hashsalt"] = "the same ids in each run"
    axes.figure.savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
