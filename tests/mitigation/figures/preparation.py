"""Preparing a circuit of 127 qubits, beside the official client's `prepare` in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives.containers import EstimatorPub
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime.executor_estimator.prepare import prepare
from qiskit_ibm_runtime.options_models.estimator import EstimatorOptions

from qiskit_rest_primitives.mitigation.base.options import Mitigation
from qiskit_rest_primitives.mitigation.base.pubs import EstimatorSweep, pair
from qiskit_rest_primitives.mitigation.estimator import estimator_step
from tests.benchmarks.figures import report, size

WIDTH = size(127, 8)
LAYERS = 16
ROUNDS = size(3, 1)


def wide_circuit() -> QuantumCircuit:
    """1,008 CZ on a line of 127 qubits, random rotations between them."""
    rng = np.random.default_rng(1)
    circuit = QuantumCircuit(WIDTH)
    for layer in range(LAYERS):
        for qubit in range(WIDTH):
            first, last = rng.uniform(-3, 3, 2)
            circuit.rz(float(first), qubit)
            circuit.sx(qubit)
            circuit.rz(float(last), qubit)
        for qubit in range(layer % 2, WIDTH - 1, 2):
            circuit.cz(qubit, qubit + 1)
    return circuit


def main() -> None:
    """Prints the seconds of both, the fastest of some rounds, and their ratio."""
    circuit = wide_circuit()
    neighbours = [("ZZ", [qubit, qubit + 1], 1.0) for qubit in range(WIDTH - 1)]
    observable = SparsePauliOp.from_sparse_list(neighbours, num_qubits=WIDTH)
    pub = EstimatorPub.coerce((circuit, observable))
    terms = {label: 1.0 for label, _ in pub.observables.ravel()[0].items()}
    pairs, positions = pair((1,), np.zeros(1, dtype=int))
    sweep = EstimatorSweep(circuit, np.empty((1, 0)), [terms], pairs, positions, (), 4096, 1 / 64)
    for level in (1, 2):
        options = Mitigation.of_estimator({"resilience_level": level})
        ours = _fastest(
            lambda options=options: (
                estimator_step([sweep], options, None, np.random.SeedSequence(1)).runs
            )
        )
        theirs = _fastest(
            lambda level=level: prepare([pub], EstimatorOptions(resilience_level=level))
        )
        print(f"level {level}: {ours:.2f} s, official client {theirs:.2f} s", flush=True)
        report(f"preparation at level {level} / official client", ours / theirs, 1 / 3)


def _fastest(call: Callable[[], object]) -> float:
    seconds: list[float] = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


if __name__ == "__main__":
    main()
