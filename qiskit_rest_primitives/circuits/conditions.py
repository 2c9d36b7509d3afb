"""A condition of if, while or switch -> the simplest tests that express it.

In: Qiskit's legacy tuple or `expr` tree. Out: a tuple of tests that must all hold (empty: always),
or None (never). Every importer reads tests of one bit, and of one register against a number; other
conditions become expressions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.classical import expr, types

if TYPE_CHECKING:
    from qiskit_rest_primitives.circuits.classical import Classical

Tests = tuple[str, ...]


class Conditions:
    """Converts conditions inside one block.

    Args:
        classical: writes the values in them.
    """

    def __init__(self, classical: Classical):
        self._classical = classical

    def tests(self, condition: Any) -> Tests | None:
        """Converts a condition of `if` or `while`.

        Raises:
            EncodeError: a part of the condition can't be sent.
        """
        if isinstance(condition, tuple):
            return self.equals(*condition)
        return self._boolean(condition, True)

    def equals(self, target: Any, value: Any) -> Tests | None:
        """Converts a comparison of a bit, a register or an `expr` with a number."""
        if isinstance(target, expr.Expr) and target.type == types.Bool():
            return self._boolean(target, bool(value)) if int(value) in (0, 1) else None
        if isinstance(target, Clbit):
            return (self._bit(target, bool(value)),) if int(value) in (0, 1) else None
        register = target if isinstance(target, ClassicalRegister) else _register(target)
        if register is not None:
            return self._register_equals(register, int(value))
        if not 0 <= int(value) < 1 << target.type.width:
            return None
        number = expr.Value(int(value), target.type)
        test = expr.Binary(expr.Binary.Op.EQUAL, target, number, types.Bool())
        return (self._classical.text(test),)

    def _boolean(self, node: expr.Expr, wanted: bool) -> Tests | None:
        if isinstance(node, expr.Value):
            return () if bool(node.value) is wanted else None
        if isinstance(node, expr.Var) and isinstance(node.var, Clbit):
            return (self._bit(node.var, wanted),)
        if isinstance(node, expr.Unary) and node.operand.type == types.Bool():
            return self._boolean(node.operand, not wanted)
        if isinstance(node, expr.Binary) and node.op is expr.Binary.Op.EQUAL:
            left, right = node.left, node.right
            if isinstance(left, expr.Value):
                left, right = right, left
            number = isinstance(right, expr.Value) and not isinstance(left, expr.Value)
            if number and left.type == types.Bool():
                return self.equals(left, right.value if wanted else not right.value)
            if number and wanted and _register(left) is not None:
                return self.equals(left, right.value)
        if not wanted:
            node = expr.Unary(expr.Unary.Op.LOGIC_NOT, node, types.Bool())
        return (self._classical.text(node),)

    def _bit(self, bit: Clbit, wanted: bool) -> str:
        return f"{'' if wanted else '!'}{self._classical.bit(bit)}"

    def _register_equals(self, register: ClassicalRegister, value: int) -> Tests | None:
        if not 0 <= value < 1 << len(register):
            return None
        places = self._classical.places(register)
        wire = self._classical.whole(places)
        if wire is not None:
            return (f"{wire} == {value}",)
        return tuple(
            f"{'' if value >> index & 1 else '!'}{wire}[{place}]"
            for index, (wire, place) in enumerate(places)
        )


def without_widening(node: expr.Expr) -> expr.Expr:
    """Returns what a value was before it was made wider, which no comparison with a number sees."""
    while isinstance(node, expr.Cast) and isinstance(node.type, types.Uint):
        if not isinstance(node.operand.type, types.Uint):
            break
        if node.type.width < node.operand.type.width:
            break
        node = node.operand
    return node


def _register(node: expr.Expr) -> ClassicalRegister | None:
    """Returns the register that an expression refers to, possibly cast to a wider type."""
    node = without_widening(node)
    if isinstance(node, expr.Var) and isinstance(node.var, ClassicalRegister):
        return node.var
    return None
