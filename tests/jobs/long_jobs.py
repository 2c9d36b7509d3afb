"""PUBs that take seconds, for tests that need a running job."""

from __future__ import annotations

from typing import Any

from qiskit import QuantumCircuit

SHOTS = 200_000


def long_pubs(number: int) -> list[tuple[QuantumCircuit, Any, int]]:
    """Sampler PUBs of half a second each, on the reference simulator."""
    circuit = QuantumCircuit(16)
    circuit.h(range(16))
    for _ in range(4):
        circuit.cz(range(15), range(1, 16))
        circuit.h(range(16))
    circuit.measure_all()
    return [(circuit, None, SHOTS)] * number
