"""Operators, functions and conversions of OpenQASM 3, applied to values.

A value is a Python number or bool, a ParameterExpression, or a value of `classical`.
Wrong operands raise TypeError or ValueError with a message for the author.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from qiskit.circuit import ParameterExpression

from qiskit_rest_primitives.local.qasm3 import classical
from qiskit_rest_primitives.local.qasm3.classical import is_classical
from qiskit_rest_primitives.local.qasm3.constants import (
    LARGEST_INTEGER,
    LargeInteger,
    SizedInt,
    sized,
)

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
BOOLEAN: dict[str, Callable[[bool, bool], bool]] = {
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
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


def binary(symbol: str, left: Any, right: Any) -> Any:
    """``left symbol right``.

    Raises:
        TypeError: the operator does not take these operands.
        ArithmeticError: the result is not a number.
    """
    if is_classical(left) or is_classical(right):
        return classical.binary(symbol, left, right)
    if (wrapped := sized(symbol, left, right)) is not None:
        return wrapped
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
    if symbol in BOOLEAN and isinstance(left, bool) and isinstance(right, bool):
        return BOOLEAN[symbol](left, right)
    if symbol == "%":
        return math.fmod(left, right)
    raise TypeError(f"{symbol!r} between constants is not supported")


def unary(symbol: str, value: Any) -> Any:
    """``symbol value`` for ``-``, ``!`` and ``~``; raises as :func:`binary`."""
    if is_classical(value):
        return classical.unary(symbol, value)
    if symbol == "~" and isinstance(value, SizedInt):
        return SizedInt(~value, value.width)
    if symbol == "-" and isinstance(value, (int, float, ParameterExpression)):
        return -value
    if symbol == "!" and isinstance(value, (int, float)):
        return not value
    if symbol == "~" and isinstance(value, bool):
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
        return classical.convert(name, width, value)
    if name in ("float", "angle") and isinstance(value, (int, float, ParameterExpression)):
        return value if isinstance(value, ParameterExpression) else float(value)
    if isinstance(value, (int, float)):
        whole = value.exact if isinstance(value, LargeInteger) else int(value)
        if width is not None and name in ("uint", "bit"):
            return SizedInt(whole, width)
        return bool(value) if name in ("bool", "bit") else _shrink(whole)
    raise TypeError(f"can't be converted to {name}")


def inclusive_range(first: int, last: int, step: int) -> range:
    """A range of OpenQASM 3, which includes its last value."""
    return range(first, last + (1 if step > 0 else -1), step)


def _shrink(value: Any) -> Any:
    if isinstance(value, int) and abs(value) >= LARGEST_INTEGER:
        return float(value)
    return value


def _divide(left: float, right: float) -> float:
    if isinstance(left, int) and isinstance(right, int):
        quotient, rest = divmod(left, right)
        if rest:
            # OpenQASM 3 truncates here, which most authors do not intend.
            raise TypeError(
                f"{left}/{right} divides integers, which OpenQASM 3 truncates to a whole number;"
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
