"""Circuits that several threads use at the same time."""

from __future__ import annotations

from typing import Final

from qiskit import QuantumCircuit

from qiskit_rest_primitives.concurrency.forks import Lock

_LOCK: Final = Lock()


def make_shareable(circuit: QuantumCircuit) -> None:
    """Lets Qiskit make a circuit's lists of bits now, in one thread, blocks included.

    It makes them when they are first asked for, also by `pickle`, and holds a lock of its own while
    it waits for Python's. Two threads that are the first at the same time can so wait for each
    other for ever, and all others with them (`PyCircuitData.__reduce__` of Qiskit 2.6).
    """
    with _LOCK:
        _make_lists(circuit)


def _make_lists(circuit: QuantumCircuit) -> None:
    _ = circuit.qubits, circuit.clbits
    if circuit.has_control_flow_op():
        for instruction in circuit.data:
            for block in getattr(instruction.operation, "blocks", ()):
                _make_lists(block)
