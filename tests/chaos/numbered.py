"""Circuits whose only outcome is their number, so that a result tells whose it is."""

from __future__ import annotations

from qiskit import QuantumCircuit

BITS = 12


def numbered(number: int) -> QuantumCircuit:
    """A circuit whose only outcome is its number."""
    circuit = QuantumCircuit(BITS)
    for bit in range(BITS):
        if number >> bit & 1:
            circuit.x(bit)
    circuit.measure_all()
    return circuit
