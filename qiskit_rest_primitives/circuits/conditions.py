"""A condition of if, while or switch -> tests that every importer reads: one bit, or one register.

In: Qiskit's legacy tuple or `expr` tree. Out: a tuple of tests that must all hold (empty: always),
or None (never).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.classical import expr, types

from qiskit_rest_primitives.errors import EncodeError

if TYPE_CHECKING:
    from qiskit_rest_primitives.circuits.registers import RegisterMap

Tests = tuple[str, ...]
_CURE = "the wire carries tests of one bit, or of one register against a number"


class Conditions:
    """Reads conditions inside one block.

    Args:
        clbits: wire register and index of every classical bit of the block.
        registers: the wire's registers.
        where: where the condition stands, for errors.
    """

    def __init__(self, clbits: Mapping[Clbit, tuple[str, int]], registers: RegisterMap, where: str):
        self._clbits = clbits
        self._registers = registers
        self._where = where

    def tests(self, condition: Any) -> Tests | None:
        """Reads a condition of `if` or `while`.

        Raises:
            EncodeError: the condition is more than equality.
        """
        if isinstance(condition, tuple):
            return self.equals(*condition)
        return self._boolean(condition, True)

    def equals(self, target: Any, value: Any) -> Tests | None:
        """Reads the test of a bit or register (or an `expr` that is one) against a number."""
        if isinstance(target, expr.Expr) and target.type == types.Bool():
            return self._boolean(target, bool(value))
        if isinstance(target, Clbit):
            return (self._bit(target, bool(value)),) if int(value) in (0, 1) else None
        register = target if isinstance(target, ClassicalRegister) else self._register(target)
        return self._register_equals(register, int(value))

    def shared(self, condition: Any) -> ClassicalRegister | None:
        """Returns the register a condition tests, if another register has some of its bits."""
        nodes: list[Any] = list(condition) if isinstance(condition, tuple) else [condition]
        if isinstance(condition, expr.Expr):
            nodes = [variable.var for variable in expr.iter_vars(condition)]
        for node in nodes:
            if isinstance(node, ClassicalRegister) and node in self._registers.shared:
                return node
        return None

    def _boolean(self, node: expr.Expr, wanted: bool) -> Tests | None:
        if isinstance(node, expr.Value):
            return () if bool(node.value) is wanted else None
        if isinstance(node, expr.Var) and isinstance(node.var, Clbit):
            return (self._bit(node.var, wanted),)
        if isinstance(node, expr.Unary) and node.op in (
            expr.Unary.Op.LOGIC_NOT,
            expr.Unary.Op.BIT_NOT,
        ):
            return self._boolean(node.operand, not wanted)
        if isinstance(node, expr.Binary) and node.op is expr.Binary.Op.EQUAL:
            left, right = node.left, node.right
            if isinstance(left, expr.Value):
                left, right = right, left
            if isinstance(right, expr.Value) and (wanted or left.type == types.Bool()):
                value = right.value if wanted else not right.value
                return self.equals(left, value)
        raise self._refusal(node)

    def _register(self, node: Any) -> ClassicalRegister:
        while isinstance(node, expr.Cast) and isinstance(node.type, types.Uint):
            if not isinstance(node.operand.type, types.Uint):
                break
            if node.type.width < node.operand.type.width:
                break
            node = node.operand
        if isinstance(node, expr.Var) and isinstance(node.var, ClassicalRegister):
            return node.var
        raise self._refusal(node)

    def _bit(self, bit: Clbit, wanted: bool) -> str:
        register, index = self._clbits[bit]
        return f"{'' if wanted else '!'}{register}[{index}]"

    def _register_equals(self, register: ClassicalRegister, value: int) -> Tests | None:
        if not 0 <= value < 1 << len(register):
            return None
        if all(bit in self._clbits for bit in register):
            places = [self._clbits[bit] for bit in register]
            wire = places[0][0] if places else ""
            if places != [(wire, index) for index in range(self._registers.wire.get(wire, 0))]:
                return tuple(
                    self._bit(bit, bool(value >> index & 1)) for index, bit in enumerate(register)
                )
            return (f"{wire} == {value}",) if places else ()
        if register in self._registers.whole:
            return (f"{self._registers.whole[register]} == {value}",)
        raise EncodeError(
            f"{self._where} tests register {register.name!r}, which the circuit does not have"
        )

    def _refusal(self, node: Any) -> EncodeError:
        if isinstance(node, expr.Var):
            what = f"the real-time variable {getattr(node, 'name', None)!r}"
        elif isinstance(node, (expr.Unary, expr.Binary)):
            what = f"the operation {node.op.name}"
        else:
            what = type(node).__name__
        return EncodeError(f"{self._where} has a condition with {what}; {_CURE}")
