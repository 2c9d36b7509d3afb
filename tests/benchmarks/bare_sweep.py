"""A sweep without any engine; a module of its own, which worker processes can import."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.primitives import StatevectorSampler

from tests.benchmarks.figures import seconds


def sweep_circuit() -> QuantumCircuit:
    """Twelve qubits, twelve angles."""
    angles = ParameterVector("angles", 12)
    circuit = QuantumCircuit(12)
    for _ in range(3):
        for qubit, angle in enumerate(angles):
            circuit.ry(angle, qubit)
        for qubit in range(11):
            circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def bare_seconds(values: np.ndarray) -> float:
    """Time of a sweep by the reference primitive alone."""
    pub = (sweep_circuit(), values)
    return seconds(lambda: StatevectorSampler().run([pub], shots=1024).result())
