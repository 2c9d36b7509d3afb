"""Stretches of a circuit -> delays of known length: what is left over between barriers.

The rules are those of IBM's guide "Deferred timing resolution using stretch": between two barriers,
qubits that gates join have one stretch at most; a stretch is used between the same barriers only;
a delay is ``A * stretch + B``; what division leaves over is added to the first delay of a stretch.
The beginning and the end of a circuit, and of a box, are barriers. Times are in units of dt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.engine.read.stretch_items import (
    CURE,
    Item,
    flat_items,
    has_expressions,
)
from qiskit_rest_primitives.local.engine.read.stretch_lengths import Lengths, whole_length
from qiskit_rest_primitives.local.engine.read.stretch_solver import Solver
from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.mitigation.base.timing import schedule

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from qiskit.transpiler import Target


@dataclass(frozen=True)
class Settled:
    """A circuit whose delays have lengths.

    Attributes:
        circuit: the same but for them.
        stretch_values: of each stretch, as results have them.
    """

    circuit: QuantumCircuit
    stretch_values: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def settle_stretches(
    circuit: QuantumCircuit,
    target: Target | None,
    pub_index: int,
    check: Callable[[], None] = lambda: None,
) -> Settled:
    """Gives every delay whose length is an expression a number.

    Args:
        circuit: its qubit k is the device's.
        target: of the device; None for a simulator, on which delays do nothing and become delays
            of 0 dt.
        pub_index: for messages.
        check: called while that takes long; raises to stop.

    Raises:
        RefusedError: an instruction of no fixed length, or a stretch that breaks the rules.
    """
    if not has_expressions(circuit):
        return Settled(circuit)
    place = f"PUB {pub_index}: "
    items = flat_items(circuit, place)
    if target is None:
        known = [0 if item.linear is not None else None for item in items]
        return Settled(_written(circuit, items, known))
    if target.dt is None:
        raise RefusedError(
            f"{place}a delay has an expression as its length, and the device does not say how long "
            "its dt is",
            solution=CURE,
        )
    names = [each.name for each in circuit.iter_stretches()]
    lengths = Lengths(items, circuit, target, place)
    values = Solver(items, lengths, place, check).values()
    return _settled(circuit, items, lengths, names, values, place)


def _settled(
    circuit: Any,
    items: Sequence[Item],
    lengths: Lengths,
    names: Sequence[str],
    values: dict[str, tuple[int, int]],
    place: str,
) -> Settled:
    ticks, uses = list(lengths.fixed), dict[str, list[int]]()
    for number, linear in lengths.open.items():
        value, remainder = values[str(linear.stretch)]
        own = uses.setdefault(str(linear.stretch), [])
        ticks[number] = whole_length(linear.at(value), place) + (0 if own else remainder)
        own.append(number)
    starts = schedule(items, ticks, late=True)[0]
    found = [
        {
            "name": name,
            "value": values.get(name, (0, 0))[0],
            "remainder": values.get(name, (0, 0))[1],
            "expanded_values": [[starts[use], ticks[use]] for use in uses.get(name, [])],
        }
        for name in dict.fromkeys([*names, *uses])
    ]
    known = [ticks[n] if item.linear is not None else None for n, item in enumerate(items)]
    return Settled(_written(circuit, items, known), found)


def _written(circuit: Any, items: Sequence[Item], known: Sequence[int | None]) -> QuantumCircuit:
    """The circuit of these instructions, with delays of known lengths."""
    from qiskit.circuit import Delay

    settled: Any = circuit.copy_empty_like()
    for item, length in zip(items, known, strict=True):
        operation = item.operation if length is None else Delay(length, "dt")
        settled.append(operation, item.qubits, item.clbits, copy=False)
    return settled
