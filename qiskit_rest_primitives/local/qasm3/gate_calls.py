"""Gate calls -> instructions: angles, operands, modifiers, broadcasting over registers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from qiskit.circuit import ParameterExpression

from qiskit_rest_primitives.local.qasm3 import gates
from qiskit_rest_primitives.local.qasm3.expressions import Expressions
from qiskit_rest_primitives.local.qasm3.gates import GateKind
from qiskit_rest_primitives.local.qasm3.operands import Operands
from qiskit_rest_primitives.local.qasm3.scope import MAX_QUBITS, Operand, Scope
from qiskit_rest_primitives.local.qasm3.tokens import Scanner

# Phases with input parameters are added up in one expression.
MAX_SYMBOLIC_PHASES = 200

MODIFIERS = frozenset({"ctrl", "negctrl", "inv", "pow"})

Modifier = tuple[str, float]


@dataclass(eq=False)
class GateCalls:
    """Reads calls of gates into the circuit."""

    _scanner: Scanner
    _scope: Scope
    _expressions: Expressions
    _operands: Operands

    def read_modified(self) -> None:
        """``ctrl @ inv @ x a, b`` or ``gphase(a)``."""
        modifiers: list[Modifier] = []
        while self._scanner.token in MODIFIERS:
            start, modifier, argument = self._scanner.start, self._scanner.advance(), 1.0
            if self._scanner.accept("("):
                argument = self._expressions.number("a modifier's argument")
                if modifier not in ("pow", "inv") and (argument != int(argument) or argument < 1):
                    self._scanner.fail("the number of controls must be a positive integer", start)
                self._scanner.expect(")")
            elif modifier == "pow":
                self._scanner.fail("pow needs its exponent in parentheses")
            modifiers.append((modifier, argument))
            self._scanner.expect("@")
        if self._scanner.kind != "name":
            self._scanner.fail(f"expected a gate, found {self._scanner.found()}")
        if self._scanner.token == "gphase":
            self._read_phase(modifiers)
        else:
            self.read_gate(modifiers)

    def read_gate(self, modifiers: list[Modifier]) -> None:
        """``name(angles) operands``."""
        start = self._scanner.start
        name = self._scanner.advance()
        kind = self._scope.gates.get(name) or self._library_gate(name, start)
        angles = self._angles() if self._scanner.token == "(" else []
        if len(angles) != kind.num_parameters:
            self._scanner.fail(
                f"{name!r} takes {kind.num_parameters} angles, not {len(angles)}", start
            )
        operands_start = self._scanner.previous_end
        operands = self._operands.several_qubits()
        controls = sum(int(count) for what, count in modifiers if what in ("ctrl", "negctrl"))
        if len(operands) != kind.num_qubits + controls:
            wanted = kind.num_qubits + controls
            self._scanner.fail(f"{name!r} acts on {wanted} qubits, not {len(operands)}", start)
        cost = kind.cost
        if modifiers:
            if kind.num_qubits + controls > gates.MAX_MATRIX_QUBITS or any(
                isinstance(angle, ParameterExpression) for angle in angles
            ):
                cost *= self._repetitions(modifiers, start)
            operation = kind.make(angles, exact=controls > 0)
            for what, argument in reversed(modifiers):
                operation = self._modified(operation, what, argument, start)
        else:
            operation = kind.make(angles)
        if self._scope.in_gate:
            self._scope.definition_depth = max(self._scope.definition_depth, kind.depth)
        calls = self._apply(operation, operands, cost, start)
        if calls == 1 and not (modifiers or self._scope.in_gate or self._scope.blocks):
            self._scope.fast_lines.add_gate(
                name,
                kind,
                self._scanner.text[operands_start : self._scanner.start],
                tuple(operand.bits[0] for operand in operands),
            )
            if not angles:
                line = self._scanner.text[start : self._scanner.start].rstrip()
                self._scope.fast_lines.add_line(line, self._scope.circuit.data[-1], kind.cost)

    def _repetitions(self, modifiers: list[Modifier], position: int) -> int:
        """How many times to write a gate without a matrix, for its integer powers."""
        repetitions = 1
        for what, argument in modifiers:
            if what == "pow" and abs(argument) > 1 and argument == int(argument):
                repetitions *= int(abs(argument))
        if repetitions > gates.MAX_REPETITIONS:
            self._scanner.fail(
                f"a power of more than {gates.MAX_REPETITIONS} of a gate with input parameters or "
                f"of more than {gates.MAX_MATRIX_QUBITS} qubits",
                position,
            )
        return repetitions

    def _modified(self, gate: Any, what: str, argument: float, position: int) -> Any:
        try:
            if what == "inv":
                return gate.inverse()
            if what == "pow":
                return gates.powered(gate, argument)
            return gates.controlled(gate, int(argument), what == "ctrl")
        except Exception as error:
            message = str(getattr(error, "message", error))
            self._scanner.fail(f"{what} can't be applied to {gate.name!r}: {message}", position)

    def _library_gate(self, name: str, position: int) -> GateKind:
        """Gates that need no definition: ``U``, and the basis gates of devices, such as rzz."""
        kind = gates.library().get(name)
        if name in gates.STDGATES:
            self._scanner.fail(f'gate {name!r} is not defined; include "stdgates.inc"', position)
        if kind is None:
            self._scanner.fail(f"gate {name!r} is not defined", position)
        return kind

    def _read_phase(self, modifiers: list[Modifier]) -> None:
        start = self._scanner.start
        self._scanner.advance()
        angles = self._angles()
        if len(angles) != 1:
            self._scanner.fail("gphase takes one angle", start)
        angle, states = angles[0], []
        for what, argument in modifiers:
            if what in ("ctrl", "negctrl"):
                states += [what == "ctrl"] * min(int(argument), MAX_QUBITS)
            else:
                angle = angle * (argument if what == "pow" else -1)
        if isinstance(angle, ParameterExpression):
            self._scope.symbolic_phases += 1
            if self._scope.symbolic_phases > MAX_SYMBOLIC_PHASES:
                self._scanner.fail(f"more than {MAX_SYMBOLIC_PHASES} phases with parameters", start)
        if not states:
            if self._scanner.kind == "name":
                self._operands.several_qubits()
            # In a branch, a phase is the global phase of the runs that take it.
            if not self._scope.blocks:
                self._scope.circuit.global_phase += angle
            return
        if len(states) > gates.MAX_CONTROLS:
            self._scanner.fail(f"more than {gates.MAX_CONTROLS} controls", start)
        operands = self._operands.several_qubits()
        if len(operands) != len(states):
            self._scanner.fail(
                f"{len(states)} controls act on as many qubits, not {len(operands)}", start
            )
        self._apply(gates.controlled_phase(angle, states), operands, 1, start)

    def _angles(self) -> list[Any]:
        self._scanner.expect("(")
        angles: list[Any] = []
        while self._scanner.token != ")":
            start = self._scanner.start
            angle = self._expressions.angle()
            angles.append(angle)
            if isinstance(angle, ParameterExpression) and not (
                self._scope.in_gate or self._scope.blocks
            ):
                self._scope.fast_lines.add_angle(
                    self._scanner.text[start : self._scanner.start], angle
                )
            if not self._scanner.accept(","):
                break
        self._scanner.expect(")")
        return angles

    def _apply(self, operation: Any, operands: list[Operand], cost: int, position: int) -> int:
        """Appends the gate, once for each element of registers; returns how often."""
        calls = list(self._broadcast(operands, position))
        self._scope.spend(cost * len(calls), position)
        symbolic = any(isinstance(angle, ParameterExpression) for angle in operation.params)
        for index, qubits in enumerate(calls):
            if gates.duplicates(qubits):
                self._scanner.fail("a gate can't act on the same qubit twice", position)
            # Binding changes the gate object, so each call with symbolic angles needs its own.
            self._scope.append(operation.copy() if index and symbolic else operation, qubits, ())
        return len(calls)

    def _broadcast(self, operands: list[Operand], position: int) -> Iterator[tuple[Any, ...]]:
        lengths = {len(operand.bits) for operand in operands if not operand.single}
        if not lengths:
            yield tuple(operand.bits[0] for operand in operands)
            return
        if len(lengths) > 1:
            self._scanner.fail(f"registers of {sorted(lengths)} qubits can't be paired", position)
        for index in range(lengths.pop()):
            yield tuple(operand.bits[0 if operand.single else index] for operand in operands)
