"""What an operator or function of OpenQASM 3 does to the values a reader meets.

A value is a Python number or bool, a ParameterExpression, or something classical: a bit, a register
or an ``expr.Expr``. Wrong operands raise TypeError or ValueError with a message for the author.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from qiskit.circuit import ClassicalRegister, Clbit, ParameterExpression
from qiskit.circuit.classical import expr, types

# Integers beyond the 64 bits of the language are floats from here on, so that 9**9**9**9 is cheap.
LARGEST_INTEGER = 2**63

CONSTANTS = {
    "pi": math.pi,
    "π": math.pi,
    "tau": math.tau,
    "τ": math.tau,
    "euler": math.e,
    "ℇ": math.e,
    "true": True,
    "false": False,
}

CLASSICAL: dict[str, Callable[[Any, Any], expr.Expr]] = {
    "||": expr.logic_or,
    "&&": expr.logic_and,
    "|": expr.bit_or,
    "^": expr.bit_xor,
    "&": expr.bit_and,
    "==": expr.equal,
    "!=": expr.not_equal,
    "<": expr.less,
    "<=": expr.less_equal,
    ">": expr.greater,
    ">=": expr.greater_equal,
    "<<": expr.shift_left,
    ">>": expr.shift_right,
    "+": expr.add,
    "-": expr.sub,
    "*": expr.mul,
    "/": expr.div,
}

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
LOGIC: dict[str, Callable[[Any, Any], Any]] = {
    "||": lambda left, right: bool(left) or bool(right),
    "&&": lambda left, right: bool(left) and bool(right),
}

# Qiskit's exporter prints its own names (asin, conj); the language's are arcsin and so on.
SYMBOLIC = {
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "arcsin": "arcsin",
    "asin": "arcsin",
    "arccos": "arccos",
    "acos": "arccos",
    "arctan": "arctan",
    "atan": "arctan",
    "exp": "exp",
    "log": "log",
    "abs": "abs",
    "sign": "sign",
    "conj": "conjugate",
}
NUMERIC: dict[str, Callable[..., Any]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "arcsin": math.asin,
    "asin": math.asin,
    "arccos": math.acos,
    "acos": math.acos,
    "arctan": math.atan,
    "atan": math.atan,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
    "sign": lambda x: float((x > 0) - (x < 0)),
    "conj": float,
    "ceiling": math.ceil,
    "floor": math.floor,
    "mod": math.fmod,
}
FUNCTIONS = frozenset(NUMERIC) | {"pow"}


def is_classical(value: object) -> bool:
    """Whether the value is known only while the circuit runs."""
    return isinstance(value, (Clbit, ClassicalRegister, expr.Expr))


def binary(symbol: str, left: Any, right: Any) -> Any:
    """``left symbol right``.

    Raises:
        TypeError: the operands do not go with the operator or with each other.
        ArithmeticError: no such number.
    """
    if is_classical(left) or is_classical(right):
        if symbol not in CLASSICAL:
            raise TypeError(f"{symbol!r} can't be applied to bits")
        return CLASSICAL[symbol](_match(left, right), _match(right, left))
    for value in (left, right):
        if not isinstance(value, (int, float, ParameterExpression)):
            raise TypeError(f"{symbol!r} needs numbers")
    symbolic = isinstance(left, ParameterExpression) or isinstance(right, ParameterExpression)
    if symbol == "**":
        return _power(left, right)
    if symbol == "/":
        return left / right if symbolic else _divide(left, right)
    if symbol in ("+", "-", "*"):
        return _shrink(ARITHMETIC[symbol](left, right))
    if symbolic:
        raise TypeError(f"{symbol!r} can't be applied to an input parameter")
    if symbol in ARITHMETIC:
        return ARITHMETIC[symbol](left, right)
    if symbol in LOGIC:
        return LOGIC[symbol](left, right)
    if symbol == "%":
        return math.fmod(left, right)
    raise TypeError(f"{symbol!r} between constants is not supported")


def unary(symbol: str, value: Any) -> Any:
    """``symbol value`` for ``-``, ``!`` and ``~``; raises as :func:`binary`."""
    if is_classical(value):
        if symbol == "!":
            return expr.logic_not(value)
        if symbol == "~":
            return expr.bit_not(value)
        raise TypeError(f"{symbol!r} can't be applied to bits")
    if symbol == "-" and isinstance(value, (int, float, ParameterExpression)):
        return -value
    if symbol == "!" and isinstance(value, (int, float)):
        return not value
    raise TypeError(f"{symbol!r} can't be applied here")


def call(name: str, arguments: list[Any]) -> Any:
    """``name(arguments)``; raises as :func:`binary`, or ValueError outside the domain."""
    if name == "pow" and len(arguments) == 2:
        return _power(*arguments)
    if name not in NUMERIC or len(arguments) != (2 if name == "mod" else 1):
        raise TypeError(f"{name}() does not take {len(arguments)} arguments")
    argument = arguments[0]
    if isinstance(argument, ParameterExpression):
        if name == "sqrt":
            return argument**0.5
        if name in SYMBOLIC:
            return getattr(argument, SYMBOLIC[name])()
        raise TypeError(f"{name}() can't be applied to an input parameter")
    for value in arguments:
        if not isinstance(value, (int, float)):
            raise TypeError(f"{name}() needs a number")
    return NUMERIC[name](*arguments)


def convert(name: str, width: int | None, value: Any) -> Any:
    """``name[width](value)``: ``bool``, ``bit``, ``int``, ``uint``, ``float`` or ``angle``.

    Raises:
        TypeError: no such conversion.
    """
    if is_classical(value):
        if name == "bool":
            return expr.cast(value, types.Bool())
        if name == "uint" and width is not None:
            return expr.cast(value, types.Uint(width))
        raise TypeError(f"bits can't be converted to {name}")
    if name in ("float", "angle") and isinstance(value, (int, float, ParameterExpression)):
        return value if isinstance(value, ParameterExpression) else float(value)
    if isinstance(value, (int, float)):
        return bool(value) if name in ("bool", "bit") else int(value)
    raise TypeError(f"can't be converted to {name}")


def condition(value: Any) -> Any:
    """What ``QuantumCircuit.if_test`` takes: the plain pair where there is one.

    Raises:
        TypeError: the value is no condition.
    """
    if isinstance(value, (bool, int)):
        return expr.lift(bool(value))
    if isinstance(value, Clbit):
        return (value, True)
    if isinstance(value, ClassicalRegister):
        return expr.not_equal(value, 0)
    if not isinstance(value, expr.Expr):
        raise TypeError("a condition must compare bits")
    if value.type.kind is not types.Bool:
        return expr.not_equal(value, 0)
    if isinstance(value, expr.Unary) and isinstance(value.operand, expr.Var):
        if value.op is expr.Unary.Op.LOGIC_NOT and isinstance(value.operand.var, Clbit):
            return (value.operand.var, False)
    elif (
        isinstance(value, expr.Binary)
        and value.op is expr.Binary.Op.EQUAL
        and isinstance(value.left, expr.Var)
        and isinstance(value.right, expr.Value)
    ):
        return (value.left.var, value.right.value)
    return value


def _match(value: Any, other: Any) -> Any:
    """A constant as the type of its partner: ``c[0] == 1`` compares booleans."""
    if is_classical(value):
        return value
    if isinstance(value, float) or not isinstance(value, int):
        raise TypeError("bits go with bits, integers and booleans only")
    if isinstance(other, Clbit) or (isinstance(other, expr.Expr) and other.type == types.Bool()):
        if value not in (0, 1):
            raise TypeError(f"a bit is never {value}")
        return bool(value)
    return int(value)


def _shrink(value: Any) -> Any:
    if isinstance(value, int) and abs(value) >= LARGEST_INTEGER:
        return float(value)
    return value


def _divide(left: float, right: float) -> float:
    if isinstance(left, int) and isinstance(right, int):
        quotient, rest = divmod(left, right)
        if rest:
            # The language truncates here and most authors do not mean it.
            raise TypeError(
                f"{left}/{right} divides integers, which OpenQASM 3 cuts to a whole number;"
                f" write {left}.0/{right}"
            )
        return quotient
    return left / right


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, ParameterExpression) or isinstance(exponent, ParameterExpression):
        return base**exponent
    if not isinstance(base, (int, float)) or not isinstance(exponent, (int, float)):
        raise TypeError("a power needs numbers")
    if isinstance(base, float) or isinstance(exponent, float) or exponent < 0:
        return math.pow(base, exponent)
    if abs(base) < 2 or base.bit_length() * exponent < 64:
        return base**exponent
    return math.pow(base, exponent)
