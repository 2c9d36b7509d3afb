"""Operands of statements -> bits: ``q``, ``q[0:2]``, ``$0``, one or several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qiskit.circuit import ClassicalRegister, Clbit, QuantumRegister, Qubit

from qiskit_rest_primitives.local.qasm3 import gates
from qiskit_rest_primitives.local.qasm3.expressions import Expressions
from qiskit_rest_primitives.local.qasm3.scope import MAX_QUBITS, Operand, Scope
from qiskit_rest_primitives.local.qasm3.tokens import Scanner


@dataclass(eq=False)
class Operands:
    """Reads operands at the current token."""

    _scanner: Scanner
    _scope: Scope
    _expressions: Expressions

    def qubits(self) -> Operand:
        """A quantum operand: ``q``, ``q[0]``, ``q[0:2]``, ``q[{0, 2}]`` or ``$0``."""
        return self._operand(Qubit, "qubit")

    def bits(self) -> Operand:
        """A classical operand."""
        return self._operand(Clbit, "bit")

    def several_qubits(self) -> list[Operand]:
        """Quantum operands with commas between them."""
        operands = [self.qubits()]
        while self._scanner.accept(","):
            operands.append(self.qubits())
        return operands

    def qubits_or_all(self) -> list[Qubit]:
        """The qubits of several operands, or all qubits before a semicolon."""
        if self._scanner.token == ";":
            return list(self._scope.circuit.qubits)
        return [qubit for operand in self.several_qubits() for qubit in operand.bits]

    def check_distinct(self, qubits: list[Any], position: int) -> None:
        """Fails if a qubit is named twice."""
        if gates.duplicates(tuple(qubits)):
            self._scanner.fail("the same qubit is named twice", position)

    def _operand(self, kind: type, what: str) -> Operand:
        start = self._scanner.start
        name = self._scanner.expect_name(f"a {what}")
        if name.startswith("$"):
            return self._physical(name, start)
        value = self._scope.lookup(name)
        if value is None:
            self._scanner.fail(f"{name!r} is not defined", start)
        operand = Operand([value], True)
        if isinstance(value, (QuantumRegister, ClassicalRegister, list)):
            indexed = self._scanner.token == "["
            operand = (
                self._expressions.indexed(value, start) if indexed else Operand(list(value), False)
            )
        elif self._scanner.token == "[" and isinstance(value, (Qubit, Clbit)):
            self._scanner.fail(f"{name!r} is a single {what} and can't be indexed")
        if any(not isinstance(bit, kind) for bit in operand.bits):
            self._scanner.fail(f"{name!r} is not a {what}", start)
        return operand

    def _physical(self, name: str, position: int) -> Operand:
        if self._scope.in_gate:
            self._scanner.fail("a gate's body can't name physical qubits", position)
        index = int(name[1:6]) if len(name) < 7 else MAX_QUBITS
        if index >= self._scope.circuit.num_qubits:
            self._scanner.fail(
                f"{name[:40]} is beyond the {self._scope.circuit.num_qubits} qubits", position
            )
        return Operand([self._scope.circuit.qubits[index]], True)
