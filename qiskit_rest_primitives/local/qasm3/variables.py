"""Real-time variables: ``bool b;``, ``uint[8] u = 3;``, and assignments to them and to bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.classical import expr, types

from qiskit_rest_primitives.local.qasm3 import classical
from qiskit_rest_primitives.local.qasm3.expressions import Expressions
from qiskit_rest_primitives.local.qasm3.scope import MAX_BITS, Operand, Scope
from qiskit_rest_primitives.local.qasm3.tokens import Scanner

# Operations that take as much time and memory as one variable.
VARIABLE_COST = 10


@dataclass(eq=False)
class Variables:
    """Reads declarations of variables and assignments."""

    _scanner: Scanner
    _scope: Scope
    _expressions: Expressions
    _read_measurement: Callable[[Operand], None]

    def read_declaration(self) -> None:
        """``bool name;`` or ``uint[n] name;``, with or without a value."""
        start = self._scanner.start
        if self._scanner.advance() == "bool":
            kind: types.Type = types.Bool()
        else:
            width = self._expressions.size("bit of a uint", MAX_BITS, 0)
            if not width:
                self._scanner.fail("a uint variable needs its width: uint[n]", start)
            kind = types.Uint(width)
        name_start, name = self._scanner.start, self._scanner.expect_name("a name")
        variable = expr.Var.new(self._scope.unused_name(name), kind)
        self._scope.spend(VARIABLE_COST, start)
        circuit: Any = self._scope.circuit
        if self._scanner.accept("="):
            if self._scanner.token == "measure":
                self._scanner.fail("only bits take the outcome of a measurement")
            value = self._value(variable)
            circuit.add_var(variable, value)
        elif self._scope.blocks:
            # Inside control flow Qiskit requires an initial value; OpenQASM 3 does not.
            circuit.add_var(variable, expr.Value(0, kind))
        else:
            circuit.add_uninitialized_var(variable)
        self._scope.declare(name, variable, name_start)

    def read_assignment(self) -> None:
        """``c = measure q``, ``c[0] = b && c[1]``, ``u = u + 1``, ``u[2] = true``."""
        start = self._scanner.start
        name = self._scanner.advance()
        target = self._expressions.named_value(name, start)
        self._scanner.expect("=")
        if self._scanner.token == "measure":
            self._read_measurement(self._bits(target, start))
            return
        if isinstance(target, classical.Slice):
            self._scanner.fail("assign to a whole register or to one bit of it", start)
        place = expr.lift(target)
        value = self._value(place)
        self._scope.spend(1, start)
        circuit: Any = self._scope.circuit
        circuit.store(place, value)

    def _value(self, target: expr.Expr) -> Any:
        start, value = self._scanner.start, self._expressions.expression()
        return self._expressions.applied(start, classical.assigned, target, value)

    def _bits(self, target: Any, position: int) -> Operand:
        if isinstance(target, Clbit):
            return Operand([target], True)
        if isinstance(target, ClassicalRegister):
            return Operand(list(target), False)
        if isinstance(target, classical.Slice):
            return Operand(target.bits, False)
        raise self._scanner.error("only bits take the outcome of a measurement", position)
