"""The instructions of a circuit with stretches, in one list: boxes are between barriers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qiskit_rest_primitives.local.outcome import RefusedError

CURE = "Give the delays a length, or follow the rules of IBM's guide to stretches."
BLOCKS = frozenset({"box", "for_loop", "if_else", "switch_case", "while_loop"})


@dataclass(frozen=True)
class Item:
    """An instruction on the bits of the whole circuit; `linear` is the expression of a delay."""

    operation: Any
    qubits: tuple[Any, ...]
    clbits: tuple[Any, ...]
    linear: Any = None

    @property
    def name(self) -> str:
        """The operation's."""
        return str(self.operation.name)


def has_expressions(circuit: Any) -> bool:
    """Whether the length of any delay is an expression of durations."""
    names = circuit.count_ops().keys()
    if "delay" not in names and names.isdisjoint(BLOCKS):
        return False
    for item in circuit.data:
        if item.name == "delay" and _is_expression(item.operation.duration):
            return True
        if item.name in BLOCKS and any(map(has_expressions, item.operation.blocks)):
            return True
    return False


def _is_expression(duration: Any) -> bool:
    from qiskit.circuit.classical import expr

    return isinstance(duration, expr.Expr)


def flat_items(circuit: Any, place: str, bits: dict[Any, Any] | None = None) -> list[Item]:
    """Instructions, with the contents of boxes that have such delays between two barriers."""
    from qiskit.circuit import Barrier

    items: list[Item] = []
    for item in circuit.data:
        operation = item.operation
        qubits = tuple(bits[bit] for bit in item.qubits) if bits else tuple(item.qubits)
        clbits = tuple(bits[bit] for bit in item.clbits) if bits else tuple(item.clbits)
        inside = item.name in BLOCKS and any(map(has_expressions, operation.blocks))
        if not inside:
            linear = operation.duration if item.name == "delay" else None
            items.append(
                Item(operation, qubits, clbits, linear if _is_expression(linear) else None)
            )
            continue
        if item.name != "box" or operation.duration is not None:
            what = "a box with a duration" if item.name == "box" else item.name
            raise RefusedError(
                f"{place}{what} has delays whose length is not a number, which this service can't "
                "find there",
                solution=CURE,
            )
        block = operation.blocks[0]
        inner = dict(zip(block.qubits, qubits, strict=True))
        inner |= dict(zip(block.clbits, clbits, strict=True))
        around = Item(Barrier(len(qubits)), qubits, ())
        items += [around, *flat_items(block, place, inner), around]
    return items
