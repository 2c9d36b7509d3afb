"""Gate calls -> instructions: angles, operands, modifiers, broadcasting over registers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qiskit.circuit import CircuitInstruction, Operation, ParameterExpression

from qiskit_rest_primitives.local.qasm3 import gates
from qiskit_rest_primitives.local.qasm3.declarations import MAX_QUBITS, Declarations
from qiskit_rest_primitives.local.qasm3.gates import GateKind
from qiskit_rest_primitives.local.qasm3.tokens import Operand

# Phases with input parameters pile up in one expression.
MAX_SYMBOLIC_PHASES = 200

MODIFIERS = frozenset({"ctrl", "negctrl", "inv", "pow"})

Modifier = tuple[str, float]


class GateCalls(Declarations):
    """Reads calls of gates into the circuit.

    Attributes:
        blocks: how many control-flow blocks are open; Qiskit's builder collects them.
        loops: how many of them are loops.
        definition_depth: definitions inside the one being read.
    """

    def __init__(self, text: str, num_qubits: int | None = None):
        self.blocks = self.loops = 0
        self.definition_depth = 0
        self.symbolic_phases = 0
        super().__init__(text, num_qubits)

    def append(self, operation: Operation, qubits: tuple[Any, ...], bits: tuple[Any, ...]) -> None:
        """One instruction into the circuit or the open control-flow block."""
        if self.blocks:
            self.circuit.append(operation, qubits, bits, copy=False)
        else:
            # Documented for callers that hold the only reference and have checked the operands.
            add: Any = self.circuit._append  # pyright: ignore[reportPrivateUsage]
            add(CircuitInstruction(operation, qubits, bits))

    def read_modified(self) -> None:
        """``ctrl @ inv @ x a, b`` or ``gphase(a)``."""
        modifiers: list[Modifier] = []
        while self.token in MODIFIERS:
            start, modifier, argument = self.start, self.advance(), 1.0
            if self.accept("("):
                argument = self.number("a modifier's argument")
                if modifier not in ("pow", "inv") and (argument != int(argument) or argument < 1):
                    self.fail("the number of controls must be a positive integer", start)
                self.expect(")")
            elif modifier == "pow":
                self.fail("pow needs its exponent in parentheses")
            modifiers.append((modifier, argument))
            self.expect("@")
        if self.kind != "name":
            self.fail(f"expected a gate, found {self.found()}")
        if self.token == "gphase":
            self._read_phase(modifiers)
        else:
            self.read_gate(modifiers)

    def read_gate(self, modifiers: list[Modifier]) -> None:
        """``name(angles) operands``."""
        start = self.start
        name = self.advance()
        kind = self.gates.get(name) or self._library_gate(name, start)
        angles = self._angles() if self.token == "(" else []
        if len(angles) != kind.num_parameters:
            self.fail(f"{name!r} takes {kind.num_parameters} angles, not {len(angles)}", start)
        operands_start = self.previous_end
        operands = self._operands()
        controls = sum(int(count) for what, count in modifiers if what in ("ctrl", "negctrl"))
        if len(operands) != kind.num_qubits + controls:
            wanted = kind.num_qubits + controls
            self.fail(f"{name!r} acts on {wanted} qubits, not {len(operands)}", start)
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
        if self.in_gate:
            self.definition_depth = max(self.definition_depth, kind.depth)
        calls = self._apply(operation, operands, cost, start)
        if calls == 1 and not (modifiers or self.in_gate or self.blocks):
            self.flat.learn_gate(name, kind, self.text[operands_start : self.start], operands)
            if not angles:
                line = self.text[start : self.start].rstrip()
                self.flat.learn_line(line, self.circuit.data[-1], kind.cost)

    def _repetitions(self, modifiers: list[Modifier], position: int) -> int:
        """How often a gate is written for its integer powers, if it has no matrix."""
        repetitions = 1
        for what, argument in modifiers:
            if what == "pow" and abs(argument) > 1 and argument == int(argument):
                repetitions *= int(abs(argument))
        if repetitions > gates.MAX_REPETITIONS:
            self.fail(
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
            self.fail(f"{what} can't be applied to {gate.name!r}: {message}", position)

    def _library_gate(self, name: str, position: int) -> GateKind:
        """Gates that need no definition: ``U``, and the basis gates of devices, such as rzz."""
        kind = gates.library().get(name)
        if name in gates.STDGATES:
            self.fail(f'gate {name!r} is not defined; include "stdgates.inc"', position)
        if kind is None:
            self.fail(f"gate {name!r} is not defined", position)
        return kind

    def _read_phase(self, modifiers: list[Modifier]) -> None:
        start = self.start
        self.advance()
        angles = self._angles()
        if len(angles) != 1:
            self.fail("gphase takes one angle", start)
        angle, states = angles[0], []
        for what, argument in modifiers:
            if what in ("ctrl", "negctrl"):
                states += [what == "ctrl"] * min(int(argument), MAX_QUBITS)
            else:
                angle = angle * (argument if what == "pow" else -1)
        if isinstance(angle, ParameterExpression):
            self.symbolic_phases += 1
            if self.symbolic_phases > MAX_SYMBOLIC_PHASES:
                self.fail(f"more than {MAX_SYMBOLIC_PHASES} phases with parameters", start)
        if not states:
            if self.kind == "name":
                self._operands()
            # A phase of one branch is the phase of everything that happens in that run.
            if not self.blocks:
                self.circuit.global_phase += angle
            return
        if len(states) > gates.MAX_CONTROLS:
            self.fail(f"more than {gates.MAX_CONTROLS} controls", start)
        operands = self._operands()
        if len(operands) != len(states):
            self.fail(f"{len(states)} controls act on as many qubits, not {len(operands)}", start)
        self._apply(gates.controlled_phase(angle, states), operands, 1, start)

    def _angles(self) -> list[Any]:
        self.expect("(")
        angles: list[Any] = []
        while self.token != ")":
            start = self.start
            angle = self.angle()
            angles.append(angle)
            if isinstance(angle, ParameterExpression) and not (self.in_gate or self.blocks):
                self.flat.learn_value(self.text[start : self.start], angle)
            if not self.accept(","):
                break
        self.expect(")")
        return angles

    def _operands(self) -> list[Operand]:
        operands = [self.qubits()]
        while self.accept(","):
            operands.append(self.qubits())
        return operands

    def _apply(self, operation: Any, operands: list[Operand], cost: int, position: int) -> int:
        """The gate on its operands, once for each element of registers; returns how often."""
        calls = list(self._broadcast(operands, position))
        self.spend(cost * len(calls), position)
        symbolic = any(isinstance(angle, ParameterExpression) for angle in operation.params)
        for index, qubits in enumerate(calls):
            if gates.duplicates(qubits):
                self.fail("a gate can't act on the same qubit twice", position)
            # Binding writes into a gate: each call with symbolic angles needs one of its own.
            self.append(operation.copy() if index and symbolic else operation, qubits, ())
        return len(calls)

    def _broadcast(self, operands: list[Operand], position: int) -> Iterator[tuple[Any, ...]]:
        lengths = {len(operand.bits) for operand in operands if not operand.single}
        if not lengths:
            yield tuple(operand.bits[0] for operand in operands)
            return
        if len(lengths) > 1:
            self.fail(f"registers of {sorted(lengths)} qubits can't be paired", position)
        for index in range(lengths.pop()):
            yield tuple(operand.bits[0 if operand.single else index] for operand in operands)

    def _no_duplicates(self, qubits: list[Any], position: int) -> None:
        if gates.duplicates(tuple(qubits)):
            self.fail("the same qubit is named twice", position)
