"""Circuits that several threads and processes use at the same time."""

from __future__ import annotations

import copyreg
from typing import Final

from qiskit import QuantumCircuit
from qiskit.circuit import CASE_DEFAULT

from qiskit_rest_primitives.concurrency.forks import Lock

_LOCK: Final = Lock()


def _name_of_default(_: object) -> str:
    return "CASE_DEFAULT"


# Qiskit compares the default case of a switch by identity, and pickles it as any object: a circuit
# that has one could not be unpickled. Now it is pickled by its name.
copyreg.pickle(type(CASE_DEFAULT), _name_of_default)


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
