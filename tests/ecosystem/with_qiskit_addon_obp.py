"""qiskit-addon-obp: a shorter circuit with a longer observable, of equal expectation value."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp
from qiskit_addon_obp import backpropagate
from qiskit_addon_obp.utils.simplify import OperatorBudget

from qiskit_rest_primitives import EstimatorV2
from tests.ecosystem.local_backend import local_backend

QUBITS = 5


def trotter_step() -> QuantumCircuit:
    """One step of a chain of spins in a field."""
    step = QuantumCircuit(QUBITS)
    for first in range(QUBITS - 1):
        step.rzz(0.3, first, first + 1)
    step.rx(0.4, range(QUBITS))
    return step


def main() -> None:
    """Ours agrees with Qiskit's estimator on the short circuit, and both with the whole one."""
    observable = SparsePauliOp("Z" + "I" * (QUBITS - 1))
    steps = [trotter_step() for _ in range(4)]
    (longer,), kept, metadata = backpropagate(
        [observable], steps, operator_budget=OperatorBudget(max_qwc_groups=8)
    )
    assert metadata.num_backpropagated_slices > 0
    short = QuantumCircuit(QUBITS)
    for step in kept:
        short.compose(step, inplace=True)
    whole = QuantumCircuit(QUBITS)
    for step in steps:
        whole.compose(step, inplace=True)
    pubs = [(short, longer), (whole, observable)]
    backend = local_backend("statevector")
    ours = [float(r.data.evs) for r in EstimatorV2(backend).run(pubs, precision=0).result()]
    theirs = [float(r.data.evs) for r in StatevectorEstimator().run(pubs, precision=0).result()]
    sampled = EstimatorV2(local_backend("aer")).run(pubs[:1], precision=0.01).result()
    print("ours", ours, "Qiskit's", theirs, "sampled", sampled[0].data.evs)
    np.testing.assert_allclose(ours, theirs, atol=1e-9)
    np.testing.assert_allclose(ours[0], ours[1], atol=1e-6)
    assert abs(sampled[0].data.evs - ours[0]) < 0.08


if __name__ == "__main__":
    main()
