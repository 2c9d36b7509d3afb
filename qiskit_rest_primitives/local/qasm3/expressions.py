"""Tokens -> values: angles, sizes, indices and conditions, by precedence climbing."""

from __future__ import annotations

import math
from typing import Any

from qiskit.circuit import ParameterExpression

from qiskit_rest_primitives.local.qasm3 import classical
from qiskit_rest_primitives.local.qasm3 import evaluate as values
from qiskit_rest_primitives.local.qasm3.tokens import Angle, Scanner

# A longer chain makes a tree that Qiskit walks recursively, in Python or in Rust.
MAX_CHAIN = 200
# Bits of a number, at most. Longer decimal literals are floats, or infinite.
MAX_WIDTH = 1000
LONGEST_INTEGER = 310

PRECEDENCE = {
    "||": 1,
    "&&": 2,
    "|": 3,
    "^": 4,
    "&": 5,
    "==": 6,
    "!=": 6,
    "<": 7,
    "<=": 7,
    ">": 7,
    ">=": 7,
    "<<": 8,
    ">>": 8,
    "+": 9,
    "-": 9,
    "*": 10,
    "/": 10,
    "%": 10,
}
CASTS = frozenset({"bool", "bit", "int", "uint", "float", "angle"})
WRONG_VALUE = (TypeError, ValueError, ArithmeticError)


class Expressions(Scanner):
    """Reads an expression at the token at hand. Names are looked up by a subclass.

    Attributes:
        chain: operators in the expression so far.
        within: whether an expression is being read.
    """

    chain = 0
    within = False

    def value_of_name(self, name: str, position: int) -> Any:
        """What a name stands for in an expression; indices are taken too."""
        raise self.error(f"{name!r} is not defined", position)

    def expression(self) -> Any:
        """A value as :mod:`values` describes it."""
        if self.within:
            # An index is part of the tree that it is an index in.
            self.deeper()
            value = self._binary(1)
            self.depth -= 1
            return value
        self.within, self.chain = True, 0
        value = self._binary(1)
        self.within = False
        return value

    def angle(self) -> Angle:
        """A gate's argument: a finite float, or an expression of input parameters."""
        start = self.start
        value = self.expression()
        if isinstance(value, ParameterExpression) and not value.parameters:
            value = value.numeric()
        if isinstance(value, ParameterExpression):
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.fail("an angle must be a number or an input parameter", start)
        number = float(value)
        if not math.isfinite(number):
            self.fail("an angle must be finite", start)
        return number

    def integer(self, what: str) -> int:
        """A constant integer."""
        start = self.start
        return self.whole(self.expression(), what, start)

    def whole(self, value: Any, what: str, position: int) -> int:
        """The value, which must be a constant integer."""
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(f"{what} must be a constant integer", position)
        return value

    def number(self, what: str) -> float:
        """A constant number."""
        start = self.start
        value = self.expression()
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.fail(f"{what} must be a constant number", start)
        return value

    def _binary(self, lowest: int) -> Any:
        left = self._unary()
        while self.kind == "symbol" and PRECEDENCE.get(self.token, 0) >= lowest:
            start, symbol = self.start, self.advance()
            right = self._binary(PRECEDENCE[symbol] + 1)
            left = self.applied(start, values.binary, symbol, left, right)
        return left

    def _unary(self) -> Any:
        if self.kind == "symbol" and self.token in ("-", "!", "~", "+"):
            start, symbol = self.start, self.advance()
            self.deeper()
            operand = self._unary()
            self.depth -= 1
            if symbol == "+":
                return operand
            return self.applied(start, values.unary, symbol, operand)
        base = self._primary()
        if self.token != "**":
            return base
        start = self.start
        self.advance()
        self.deeper()
        exponent = self._unary()
        self.depth -= 1
        return self.applied(start, values.binary, "**", base, exponent)

    def _primary(self) -> Any:
        start, kind = self.start, self.kind
        if kind == "number":
            return self._literal(start, self.advance())
        if kind == "string":
            return self._bitstring(start, self.advance())
        if kind == "name":
            name = self.advance()
            if name in CASTS and self.token in ("(", "["):
                return self._cast(start, name)
            if name in values.FUNCTIONS and self.token == "(":
                return self.applied(start, values.call, name, self._arguments())
            return self.value_of_name(name, start)
        if self.token != "(":
            self.fail(f"expected a value, found {self.found()}")
        self.advance()
        self.deeper()
        value = self._binary(1)
        self.expect(")")
        self.depth -= 1
        return self.element(value)

    def element(self, value: Any) -> Any:
        """The value, or one of its bits if ``[index]`` follows."""
        start = self.start
        if not self.accept("["):
            return value
        index = self.expression()
        self.expect("]")
        return self.applied(start, classical.element, value, index)

    def _arguments(self) -> list[Any]:
        self.expect("(")
        self.deeper()
        arguments = [self._binary(1)]
        while self.accept(","):
            arguments.append(self._binary(1))
        self.expect(")")
        self.depth -= 1
        return arguments

    def _cast(self, start: int, name: str) -> Any:
        width = None
        if self.accept("["):
            width = self._binary(1)
            self.expect("]")
            if not isinstance(width, int) or not 0 < width <= MAX_WIDTH:
                self.fail(f"a width is an integer from 1 to {MAX_WIDTH}", start)
        arguments = self._arguments()
        if len(arguments) != 1:
            self.fail(f"{name}() converts one value", start)
        value = self.applied(start, values.convert, name, width, arguments[0])
        return self.element(value)

    def _literal(self, start: int, token: str) -> float:
        try:
            if token[:2].lower() in ("0x", "0o", "0b"):
                number = int(token, 0)
            elif token.replace("_", "").isdigit():
                number = int(token) if len(token) < LONGEST_INTEGER else float(token)
            else:
                number = float(token.replace("_", ""))
        except ValueError:
            self.fail(f"{token!r} is not a number", start)
        if isinstance(number, int) and number >= values.LARGEST_INTEGER:
            return classical.LargeInteger(number) if number < 2**1000 else math.inf
        return number

    def _bitstring(self, start: int, token: str) -> int:
        bits = token[1:-1].replace("_", "")
        if not bits or set(bits) - {"0", "1"}:
            self.fail("a string of bits holds 0 and 1 only", start)
        if len(bits) > MAX_WIDTH:
            self.fail(f"a string of more than {MAX_WIDTH} bits", start)
        return classical.SizedInt(int(bits, 2), len(bits))

    def applied(self, start: int, function: Any, *arguments: Any) -> Any:
        """The function's value, its complaint as an error at ``start``."""
        self.chain += 1
        if self.chain > MAX_CHAIN and any(
            isinstance(argument, ParameterExpression) or classical.is_classical(argument)
            for argument in arguments
        ):
            self.fail(f"an expression has more than {MAX_CHAIN} operators", start)
        try:
            return function(*arguments)
        except WRONG_VALUE as error:
            self.fail(str(error) or "this value can't be computed", start)
