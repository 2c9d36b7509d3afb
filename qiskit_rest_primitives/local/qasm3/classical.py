"""Values known only while a circuit runs -> `expr` trees, and operators on them.

A value here is a bit, a register, a `Slice` of one, an ``expr.Expr``, or `Signed`; a constant
operand is a Python number, with its width if it has one (`SizedInt`). Wrong operands raise
TypeError with a message for the author.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.classical import expr, types

from qiskit_rest_primitives.circuits.classical import BINARY
from qiskit_rest_primitives.circuits.conditions import without_widening
from qiskit_rest_primitives.local.qasm3.constants import BITWISE, LargeInteger, SizedInt

OPERATORS: dict[str, Callable[[Any, Any], expr.Expr]] = {
    symbol: getattr(expr, name.lower()) for name, (symbol, _) in BINARY.items()
}
# Whether `value symbol number` holds when the number is greater than every possible value.
BEYOND = {"==": False, "!=": True, "<": True, "<=": True, ">": False, ">=": False}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
# Bits of `int` and `uint` without a width.
DEFAULT_WIDTH = 64
# A slice up to this width is compared bit by bit, which more simulators can run.
LONGEST_BIT_BY_BIT = 32
# Qiskit 2.2 converts greater numbers in expressions to floats.
LARGEST_VALUE = (1 << 64) - 1


class Slice:
    """Some bits of a register: ``c[0:1]``.

    Attributes:
        bits: the bits, the lowest one first.
    """

    def __init__(self, register: ClassicalRegister, bits: list[Any]):
        self.register = register
        self.bits = bits

    def value(self) -> expr.Expr:
        """The bits as an unsigned integer."""
        if not self.bits:
            raise TypeError("no bits are selected, so there is no value")
        every = list(self.register)
        width, first = len(self.bits), every.index(self.bits[0])
        if self.bits == every:
            return expr.lift(self.register)
        if self.bits == every[first : first + width]:
            shifted = expr.shift_right(self.register, first) if first else expr.lift(self.register)
            return expr.cast(shifted, types.Uint(width))
        wide = [expr.cast(bit, types.Uint(width)) for bit in self.bits]
        moved = [expr.shift_left(bit, index) if index else bit for index, bit in enumerate(wide)]
        return _balanced(expr.bit_or, moved)

    def equals(self, number: int) -> expr.Expr:
        """Whether the bits equal ``number``, which fits."""
        bit_by_bit = 0 < len(self.bits) <= LONGEST_BIT_BY_BIT or number > LARGEST_VALUE
        if not bit_by_bit:
            return expr.equal(self.value(), number)
        tests = [
            expr.lift(bit) if number >> index & 1 else expr.logic_not(bit)
            for index, bit in enumerate(self.bits)
        ]
        return _balanced(expr.logic_and, tests)


class Signed:
    """``int[n](bits)``: a bit pattern that may be negative.

    Attributes:
        pattern: the same bits as an unsigned integer.
    """

    def __init__(self, pattern: expr.Expr):
        self.pattern = pattern
        self.width: int = pattern.type.width

    def encoded(self, number: int) -> int | None:
        """The bit pattern of ``number``, or None if it does not fit.

        A pattern whose highest bit is set may be written as a positive number, too.
        """
        lowest = -(1 << (self.width - 1))
        return number % (1 << self.width) if lowest <= number < 1 << self.width else None


def is_classical(value: object) -> bool:
    """Whether the value is known only while the circuit runs."""
    return isinstance(value, (Clbit, ClassicalRegister, expr.Expr, Slice, Signed))


def binary(symbol: str, left: Any, right: Any) -> Any:
    """``left symbol right``, one of which is classical.

    Raises:
        TypeError: the operator does not take these operands.
    """
    if symbol not in OPERATORS:
        raise TypeError(f"{symbol!r} can't be applied to bits")
    if symbol in MIRRORED:
        if is_classical(left):
            return _compared(symbol, left, right)
        mirrored = _compared(MIRRORED[symbol], right, left)
        if symbol in ("==", "!=") or not isinstance(mirrored, expr.Binary):
            return mirrored
        return OPERATORS[symbol](mirrored.right, mirrored.left)
    left, right = _unsigned(left), _unsigned(right)
    if symbol in ("<<", ">>"):
        if not is_classical(left) and not isinstance(left, SizedInt):
            raise TypeError(f"write uint[n]({left}) {symbol} ..., so that its width is known")
        return OPERATORS[symbol](_lifted(left), _number(right) if _constant(right) else right)
    left, right = _matched(symbol, left, right), _matched(symbol, right, left)
    if symbol in BITWISE:
        left, right = _widened(left, right), _widened(right, left)
    return OPERATORS[symbol](left, right)


def unary(symbol: str, value: Any) -> expr.Expr:
    """``symbol value``; raises as :func:`binary`."""
    if symbol == "!":
        return expr.logic_not(_unsigned(value))
    if symbol == "~":
        return expr.bit_not(_unsigned(value))
    raise TypeError(f"{symbol!r} can't be applied to bits")


def convert(name: str, width: int | None, value: Any) -> Any:
    """``name[width](value)``; raises as :func:`binary`."""
    node = value.pattern if isinstance(value, Signed) else expr.lift(_unsigned(value))
    own = 1 if node.type == types.Bool() else node.type.width
    if name == "bool":
        return _cast(node, types.Bool())
    if name == "bit":
        if width in (None, 1) and node.type == types.Bool():
            return node
        if width == own and node.type != types.Bool():
            return node
        raise TypeError(f"{own} bits can't be converted to bit[{width or 1}]")
    if name not in ("int", "uint"):
        raise TypeError(f"bits can't be converted to {name}")
    if width is None:
        if own >= DEFAULT_WIDTH:
            raise TypeError(f"write {name}[n](...): {own} bits are too many for {name}")
        width = DEFAULT_WIDTH
    node = _cast(node, types.Uint(width))
    return node if name == "uint" or width > own else Signed(node)


def condition(value: Any) -> Any:
    """A condition for ``QuantumCircuit.if_test``: a plain pair where possible.

    Raises:
        TypeError: the value can't be a condition.
    """
    if isinstance(value, (bool, int)):
        return expr.lift(bool(value))
    if isinstance(value, Clbit):
        return (value, True)
    if not is_classical(value):
        raise TypeError("a condition must compare bits")
    node = expr.lift(_unsigned(value))
    if node.type.kind is not types.Bool:
        return expr.not_equal(node, 0)
    if isinstance(node, expr.Unary) and isinstance(node.operand, expr.Var):
        if node.op is expr.Unary.Op.LOGIC_NOT and isinstance(node.operand.var, Clbit):
            return (node.operand.var, False)
    elif isinstance(node, expr.Var) and isinstance(node.var, Clbit):
        return (node.var, True)
    elif (
        isinstance(node, expr.Binary)
        and node.op is expr.Binary.Op.EQUAL
        and isinstance(node.left, expr.Var)
        and isinstance(node.left.var, (Clbit, ClassicalRegister))
        and isinstance(node.right, expr.Value)
    ):
        return (node.left.var, node.right.value)
    return node


def element(target: Any, index: Any) -> Any:
    """``target[index]``, one bit of a register or of an unsigned integer; raises as `binary`."""
    node = _lifted(_unsigned(target))
    if node.type.kind is not types.Uint:
        raise TypeError("a single bit can't be indexed")
    if is_classical(index):
        return expr.index(node, _unsigned(index))
    number, width = _number(index), node.type.width
    if not -width <= number < width:
        raise TypeError(f"index {number} is out of range; there are {width}")
    if isinstance(node, expr.Var) and isinstance(node.var, ClassicalRegister):
        return node.var[number]
    return expr.index(node, number % width)


def assigned(target: expr.Expr, value: Any) -> Any:
    """A value as ``target = value`` stores it; raises as :func:`binary`.

    OpenQASM 3 converts implicitly where nothing is lost, and to ``bool``.
    """
    if is_classical(value):
        node = expr.lift(_unsigned(value))
        width = 1 if node.type == types.Bool() else node.type.width
        if target.type != types.Bool() and width > target.type.width:
            raise TypeError(
                f"{width} bits do not fit into {target.type.width}; "
                f"write uint[{target.type.width}](...) to cut them"
            )
        return _cast(node, target.type)
    number = _number(value)
    if target.type == types.Bool():
        if number not in (0, 1):
            raise TypeError(f"a bit is never {number}")
        return bool(number)
    if not 0 <= number < 1 << target.type.width:
        raise TypeError(f"{number} does not fit into {target.type.width} bits")
    return _value(number, target.type)


def _compared(symbol: str, value: Any, other: Any) -> Any:
    """``value symbol other``, the first of which is classical."""
    if isinstance(value, Signed) or isinstance(other, Signed):
        return _compared_signed(symbol, value, other)
    if not _constant(other):
        return OPERATORS[symbol](_unsigned(value), _unsigned(other))
    number = _number(other)
    if isinstance(value, Slice):
        limit = 1 << len(value.bits)
        if symbol in ("==", "!=") and 0 <= number < limit:
            equal = value.equals(number)
            return equal if symbol == "==" else expr.logic_not(equal)
    node = without_widening(expr.lift(_unsigned(value)))
    if node.type == types.Bool():
        if number not in (0, 1):
            raise TypeError(f"a bit is never {number}")
        return OPERATORS[symbol](node, bool(number))
    if number < 0:
        raise TypeError(f"bits are unsigned; they can't be compared with {number}")
    if number >= 1 << node.type.width:
        return BEYOND[symbol]
    wide = number > LARGEST_VALUE and isinstance(node, expr.Var)
    if wide and symbol in ("==", "!=") and isinstance(node.var, ClassicalRegister):
        equal = Slice(node.var, list(node.var)).equals(number)
        return equal if symbol == "==" else expr.logic_not(equal)
    return OPERATORS[symbol](node, _value(number, node.type))


def _compared_signed(symbol: str, left: Any, right: Any) -> Any:
    if symbol not in ("==", "!="):
        raise TypeError("int[n](bits) can be tested for equality only; use uint[n](bits)")
    if isinstance(left, Signed) and isinstance(right, Signed) and left.width == right.width:
        return OPERATORS[symbol](left.pattern, right.pattern)
    if isinstance(left, Signed) and _constant(right):
        number = left.encoded(_number(right))
        return symbol == "!=" if number is None else _compared(symbol, left.pattern, number)
    raise TypeError("int[n](bits) can be compared with integers only; use uint[n](bits)")


def _matched(symbol: str, value: Any, other: Any) -> Any:
    """An operand; a constant gets the other operand's type: in ``c[0] ^ 1`` it is a bool."""
    if is_classical(value):
        return value
    number = _number(value)
    if symbol in ("||", "&&"):
        return bool(number)
    kind = expr.lift(other).type
    if kind == types.Bool():
        if number not in (0, 1):
            raise TypeError(f"a bit is never {number}")
        return bool(number)
    if number < 0:
        raise TypeError(f"bits are unsigned; {symbol!r} needs a number from 0, not {number}")
    if isinstance(value, SizedInt):
        return _value(number, types.Uint(max(value.width, kind.width)))
    if number >= 1 << kind.width and symbol not in BITWISE:
        raise TypeError(f"{number} does not fit into {kind.width} bits; widen them with uint[n]()")
    return _within(number)


def _unsigned(value: Any) -> Any:
    if isinstance(value, Signed):
        raise TypeError("int[n](bits) can be tested for equality only; use uint[n](bits)")
    return value.value() if isinstance(value, Slice) else value


def _lifted(value: Any) -> expr.Expr:
    if isinstance(value, SizedInt):
        return _value(int(value), types.Uint(value.width))
    return expr.lift(value)


def _value(number: int, kind: types.Type) -> expr.Value:
    return expr.Value(_within(number), kind)


def _within(number: int) -> int:
    if number > LARGEST_VALUE:
        raise TypeError("numbers beyond 64 bits can only be tested for equality with a register")
    return number


def _constant(value: Any) -> bool:
    return not is_classical(value)


def _number(value: Any) -> int:
    if isinstance(value, LargeInteger):
        return value.exact
    if isinstance(value, float) or not isinstance(value, int):
        raise TypeError("bits can be combined with bits, integers and booleans only")
    return int(value)


def _cast(node: expr.Expr, kind: types.Type) -> expr.Expr:
    return node if node.type == kind else expr.cast(node, kind)


def _widened(value: Any, other: Any) -> Any:
    """An operand widened to the other's width, as in OpenQASM 3; Qiskit needs equal widths."""
    if not is_classical(value):
        return value
    own, kind = expr.lift(value).type, expr.lift(other).type
    both = isinstance(own, types.Uint) and isinstance(kind, types.Uint)
    return expr.cast(value, kind) if both and own.width < kind.width else value


def _balanced(combine: Callable[[Any, Any], expr.Expr], nodes: list[Any]) -> expr.Expr:
    """All nodes combined in a balanced tree."""
    while len(nodes) > 1:
        nodes = [reduce(combine, nodes[index : index + 2]) for index in range(0, len(nodes), 2)]
    return nodes[0]
