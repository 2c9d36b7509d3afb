"""Qubits that no operation joins to others, directly or through a third: they are independent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


def joined(num_qubits: int, operations: Iterable[Sequence[int]]) -> list[list[int]]:
    """Groups of qubits that operations join.

    Args:
        num_qubits: of the circuit.
        operations: the qubits of each.

    Returns:
        Each qubit once; ascending, and so are the first qubits of the groups.
    """
    parent = list(range(num_qubits))

    def root(qubit: int) -> int:
        while parent[qubit] != qubit:
            parent[qubit] = parent[parent[qubit]]
            qubit = parent[qubit]
        return qubit

    for qubits in operations:
        for other in qubits[1:]:
            parent[root(other)] = root(qubits[0])
    groups: dict[int, list[int]] = {}
    for qubit in range(num_qubits):
        groups.setdefault(root(qubit), []).append(qubit)
    return list(groups.values())


def qubit_groups(circuit: QuantumCircuit) -> list[list[int]]:
    """Groups of qubits of a circuit without control flow; barriers join nothing."""
    numbers = {qubit: number for number, qubit in enumerate(circuit.qubits)}
    return joined(
        circuit.num_qubits,
        (
            [numbers[qubit] for qubit in instruction.qubits]
            for instruction in circuit.data
            if instruction.name != "barrier"
        ),
    )
