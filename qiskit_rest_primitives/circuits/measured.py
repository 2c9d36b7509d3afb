"""Checks that an estimator's observables commute with the measurements at the circuit's end.

In: QuantumCircuit and encoded observables. Out: a sentence about the first that does not, or None.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from qiskit.circuit import Gate

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

IDLE = frozenset({"barrier", "delay"})
"""Operations that change no state; a qubit with no others is not active."""
_SHOWN = 60  # characters of a Pauli string


def final_measurements(circuit: QuantumCircuit, qubits: Iterable[int]) -> list[int]:
    """Returns the qubits whose last operation, barriers and delays aside, is a measurement.

    A measurement before another operation does not count, since its effect on an observable
    depends on that operation. Nor does one in a body of control flow.
    """
    return sorted(_measured_last(circuit, range(circuit.num_qubits), set(qubits)))


def _measured_last(circuit: Any, numbers: Sequence[int], unseen: set[int]) -> Iterator[int]:
    """Walks backwards and takes each qubit out of ``unseen`` at the last operation on it.

    Args:
        circuit: the circuit, or the definition of one of its instructions.
        numbers: the number in the whole circuit of each of its qubits.
        unseen: qubits without a later operation.
    """
    number_of = dict(zip(circuit.qubits, numbers, strict=True))
    for item in reversed(circuit.data):
        if not unseen:
            return
        name = item.name
        if name in IDLE:
            continue
        qubits = [number_of[qubit] for qubit in item.qubits]
        if unseen.isdisjoint(qubits):
            continue
        if name == "measure":
            yield qubits[0]
        elif item.clbits and not item.is_control_flow():
            operation = item.operation
            if not isinstance(operation, Gate) and operation.definition is not None:
                yield from _measured_last(operation.definition, qubits, unseen)
        unseen.difference_update(qubits)


def disturbed_observable(circuit: QuantumCircuit, observables: Any) -> str | None:
    """Describes the first observable that does not commute with a measurement at the circuit's end.

    Args:
        circuit: the PUB's circuit.
        observables: nested lists of ``{pauli: coefficient}``, letters I X Y Z.

    Returns:
        The observable, its term and the qubits; None if all commute.
    """
    if not circuit.num_clbits:
        return None
    # Measurements commute with I and Z.
    others: set[int] = set()
    for _, terms in _flat(observables, ()):
        for pauli, coefficient in terms.items():
            if coefficient and ("X" in pauli or "Y" in pauli):
                others.update(q for q, letter in enumerate(reversed(pauli)) if letter in "XY")
    measured = final_measurements(circuit, others)
    if not measured:
        return None
    for place, terms in _flat(observables, ()):
        for pauli, coefficient in terms.items():
            lost = [qubit for qubit in measured if pauli[-1 - qubit] in "XY"]
            if lost and coefficient:
                which = f"observable {list(place)}" if place else "the observable"
                term = pauli if len(pauli) <= _SHOWN else f"{pauli[:_SHOWN]}..."
                qubits = "qubit" if len(lost) == 1 else "qubits"
                return (
                    f"{which} has the term {term!r}, which does not commute with the measurement "
                    f"of {qubits} {', '.join(map(str, lost))} at the end of the circuit"
                )
    return None


def _flat(item: Any, place: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], dict[str, float]]]:
    if isinstance(item, dict):
        yield place, item
        return
    for index, entry in enumerate(item):
        yield from _flat(entry, (*place, index))
