"""Tokens -> values: angles, sizes, indices and conditions, by precedence climbing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from qiskit.circuit import ClassicalRegister, ParameterExpression, QuantumRegister, Qubit
from qiskit.circuit.classical import expr

from qiskit_rest_primitives.circuits.classical import BINARY
from qiskit_rest_primitives.local.qasm3 import classical, constants, evaluate
from qiskit_rest_primitives.local.qasm3.constants import MAX_WIDTH
from qiskit_rest_primitives.local.qasm3.qiskit_types import Angle
from qiskit_rest_primitives.local.qasm3.scope import Operand, Scope, SwitchTarget
from qiskit_rest_primitives.local.qasm3.tokens import Scanner

# Qiskit walks expressions recursively, in Python or in Rust: a longer chain can exhaust the stack.
MAX_CHAIN = 200

PRECEDENCE = dict(BINARY.values()) | {"%": 10}
CASTS = frozenset({"bool", "bit", "int", "uint", "float", "angle"})
WRONG_VALUE = (TypeError, ValueError, ArithmeticError)


class Expressions:
    """Reads an expression at the current token."""

    def __init__(self, scanner: Scanner, scope: Scope):
        self._scanner = scanner
        self._scope = scope
        # Operators in the expression so far, and whether an expression is being read.
        self._chain = 0
        self._within = False

    def expression(self) -> Any:
        """A value as :mod:`evaluate` describes it."""
        if self._within:
            # An index is part of the indexed value's tree.
            self._scanner.deeper()
            value = self._binary(1)
            self._scanner.depth -= 1
            return value
        self._within, self._chain = True, 0
        value = self._binary(1)
        self._within = False
        return value

    def angle(self) -> Angle:
        """A gate's argument: a finite float, or an expression of input parameters."""
        start = self._scanner.start
        value = self.expression()
        if isinstance(value, ParameterExpression) and not value.parameters:
            value = value.numeric()
        if isinstance(value, ParameterExpression):
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self._scanner.fail("an angle must be a number or an input parameter", start)
        number = float(value)
        if not math.isfinite(number):
            self._scanner.fail("an angle must be finite", start)
        return number

    def integer(self, what: str) -> int:
        """A constant integer."""
        start = self._scanner.start
        return self.whole(self.expression(), what, start)

    def whole(self, value: Any, what: str, position: int) -> int:
        """The value, which must be a constant integer."""
        if isinstance(value, bool) or not isinstance(value, int):
            self._scanner.fail(f"{what} must be a constant integer", position)
        return value

    def number(self, what: str) -> float:
        """A constant number."""
        start = self._scanner.start
        value = self.expression()
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self._scanner.fail(f"{what} must be a constant number", start)
        return value

    def size(self, what: str, limit: int, already: int) -> int | None:
        """``[n]`` if present, checked against the limit before anything is built."""
        if not self._scanner.accept("["):
            return None
        start = self._scanner.start
        size = self.integer(f"the size of a {what} register")
        if size < 0:
            self._scanner.fail("a size can't be negative", start)
        if size + already > limit:
            self._scanner.fail(f"more than {limit} {what}s are not supported", start)
        self._scanner.expect("]")
        return size

    def skip_width(self) -> None:
        """``[64]`` after a type: all are doubles here."""
        if self._scanner.accept("["):
            self.integer("a width")
            self._scanner.expect("]")

    def _binary(self, lowest: int) -> Any:
        left = self._unary()
        while self._scanner.kind == "symbol" and PRECEDENCE.get(self._scanner.token, 0) >= lowest:
            start, symbol = self._scanner.start, self._scanner.advance()
            right = self._binary(PRECEDENCE[symbol] + 1)
            left = self.applied(start, evaluate.binary, symbol, left, right)
        return left

    def _unary(self) -> Any:
        if self._scanner.kind == "symbol" and self._scanner.token in ("-", "!", "~", "+"):
            start, symbol = self._scanner.start, self._scanner.advance()
            self._scanner.deeper()
            operand = self._unary()
            self._scanner.depth -= 1
            if symbol == "+":
                return operand
            return self.applied(start, evaluate.unary, symbol, operand)
        base = self._primary()
        if self._scanner.token != "**":
            return base
        start = self._scanner.start
        self._scanner.advance()
        self._scanner.deeper()
        exponent = self._unary()
        self._scanner.depth -= 1
        return self.applied(start, evaluate.binary, "**", base, exponent)

    def _primary(self) -> Any:
        start, kind = self._scanner.start, self._scanner.kind
        if kind in ("number", "string"):
            return self.literal(self._scanner.advance(), start)
        if kind == "name":
            name = self._scanner.advance()
            if name in CASTS and self._scanner.token in ("(", "["):
                return self._cast(start, name)
            if name in evaluate.FUNCTIONS and self._scanner.token == "(":
                return self.applied(start, evaluate.call, name, self._arguments())
            return self.named_value(name, start)
        if self._scanner.token != "(":
            self._scanner.fail(f"expected a value, found {self._scanner.found()}")
        self._scanner.advance()
        self._scanner.deeper()
        value = self._binary(1)
        self._scanner.expect(")")
        self._scanner.depth -= 1
        return self.element(value)

    def element(self, value: Any) -> Any:
        """The value, or one of its bits if ``[index]`` follows."""
        start = self._scanner.start
        if not self._scanner.accept("["):
            return value
        index = self.expression()
        self._scanner.expect("]")
        return self.applied(start, classical.element, value, index)

    def _arguments(self) -> list[Any]:
        self._scanner.expect("(")
        self._scanner.deeper()
        arguments = [self._binary(1)]
        while self._scanner.accept(","):
            arguments.append(self._binary(1))
        self._scanner.expect(")")
        self._scanner.depth -= 1
        return arguments

    def _cast(self, start: int, name: str) -> Any:
        width = None
        if self._scanner.accept("["):
            width = self._binary(1)
            self._scanner.expect("]")
            if not isinstance(width, int) or not 0 < width <= MAX_WIDTH:
                self._scanner.fail(f"a width is an integer from 1 to {MAX_WIDTH}", start)
        arguments = self._arguments()
        if len(arguments) != 1:
            self._scanner.fail(f"{name}() converts one value", start)
        value = self.applied(start, evaluate.convert, name, width, arguments[0])
        return self.element(value)

    def literal(self, token: str, position: int) -> float:
        """The value of a number or of a string of bits."""
        try:
            return constants.literal(token)
        except ValueError as error:
            self._scanner.fail(str(error), position)

    def applied(self, start: int, function: Any, *arguments: Any) -> Any:
        """The function's value; reports its error at ``start``."""
        self._chain += 1
        if self._chain > MAX_CHAIN and any(
            isinstance(argument, ParameterExpression) or classical.is_classical(argument)
            for argument in arguments
        ):
            self._scanner.fail(f"an expression has more than {MAX_CHAIN} operators", start)
        try:
            return function(*arguments)
        except WRONG_VALUE as error:
            self._scanner.fail(str(error) or "this value can't be computed", start)

    def named_value(self, name: str, position: int) -> Any:
        """The value of a name in an expression; ``c[0]`` is a bit."""
        value = self._scope.lookup(name)
        if value is None:
            if name not in evaluate.CONSTANTS:
                self._scanner.fail(f"{name!r} is not defined", position)
            return evaluate.CONSTANTS[name]
        if isinstance(value, SwitchTarget):
            self._scanner.fail(f"{name!r} can only be the target of a switch", position)
        if isinstance(value, (Qubit, QuantumRegister)):
            self._scanner.fail(
                f"{name!r} is quantum; it has no value before it is measured", position
            )
        if isinstance(value, ClassicalRegister):
            return self._part(value, position)
        if self._scanner.token == "[" and isinstance(value, expr.Var):
            return self.element(value)
        return value

    def _part(self, register: ClassicalRegister, position: int) -> Any:
        """A register, one bit, some bits or a computed bit of it."""
        part: Any = register
        if self._scanner.token == "[":
            part = self.indexed(register, position, register)
            if isinstance(part, Operand):
                if part.single:
                    return part.bits[0]
                part = classical.Slice(register, part.bits)
        # Every block of Qiskit's that uses a register keeps a list of its bits.
        self._scope.spend(len(register), position)
        return part

    def indexed(
        self, bits: Sequence[Any], position: int, register: ClassicalRegister | None = None
    ) -> Any:
        """``[index]``, ``[first:last]``, ``[first:step:last]`` or ``[{...}]`` of a register.

        Returns:
            An `Operand`; an ``expr.Expr`` where ``register`` is given and the index is computed.
        """
        self._scanner.expect("[")
        if self._scanner.accept("{"):
            chosen = [self._index(bits)]
            while self._scanner.accept(",") and self._scanner.token != "}":
                chosen.append(self._index(bits))
            self._scanner.expect("}")
            self._scanner.expect("]")
            return Operand(chosen, False)
        if self._scanner.token != ":":
            start = self._scanner.start
            value = self.expression()
            if register is not None and classical.is_classical(value):
                self._scanner.expect("]")
                return self.applied(start, classical.element, register, value)
            first: int | None = self.whole(value, "an index", start)
            if self._scanner.accept("]"):
                return Operand([self._at(bits, first, start)], True)
        else:
            first = None
        ends = [first]
        while self._scanner.accept(":"):
            ends.append(None if self._scanner.token in ("]", ":") else self.integer("an index"))
        if len(ends) not in (2, 3):
            self._scanner.fail(f"expected ':' or ']', found {self._scanner.found()}")
        self._scanner.expect("]")
        step = ends[1] if len(ends) == 3 else 1
        if not step:
            self._scanner.fail("the step of a range can't be left out or 0", position)
        positions = evaluate.inclusive_range(
            (0 if step > 0 else len(bits) - 1) if ends[0] is None else self._from(bits, ends[0]),
            (len(bits) - 1 if step > 0 else 0) if ends[-1] is None else self._from(bits, ends[-1]),
            step,
        )
        return Operand([self._at(bits, index, position) for index in positions], False)

    def _from(self, bits: Sequence[Any], index: int) -> int:
        return index + len(bits) if index < 0 else index

    def _index(self, bits: Sequence[Any]) -> Any:
        start = self._scanner.start
        return self._at(bits, self.integer("an index"), start)

    def _at(self, bits: Sequence[Any], index: int, position: int) -> Any:
        if not -len(bits) <= index < len(bits):
            self._scanner.fail(f"index {index} is out of range; there are {len(bits)}", position)
        return bits[index]
