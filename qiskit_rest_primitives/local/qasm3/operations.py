"""Measurements, resets, barriers and delays -> instructions."""

from __future__ import annotations

from dataclasses import dataclass

from qiskit.circuit import Barrier, Delay, Measure, Reset

from qiskit_rest_primitives.local.qasm3.expressions import Expressions
from qiskit_rest_primitives.local.qasm3.operands import Operands
from qiskit_rest_primitives.local.qasm3.scope import Operand, Scope
from qiskit_rest_primitives.local.qasm3.tokens import Scanner

UNITS = {"dt": "dt", "ns": "ns", "us": "us", "µs": "us", "μs": "us", "ms": "ms", "s": "s"}


@dataclass(eq=False)
class Operations:
    """Reads statements that are no calls of gates into the circuit."""

    _scanner: Scanner
    _scope: Scope
    _expressions: Expressions
    _operands: Operands

    def read_measurement(self, target: Operand | None = None) -> None:
        """``measure q``, into the target or after ``->``."""
        start = self._scanner.start
        self._scanner.expect("measure")
        measured = self._operands.qubits()
        if target is None:
            if not self._scanner.accept("->"):
                self._scanner.fail("a measurement needs bits for its outcome", start)
            target = self._operands.bits()
        if len(measured.bits) != len(target.bits):
            self._scanner.fail(
                f"{len(measured.bits)} qubits can't be measured into {len(target.bits)} bits", start
            )
        self._operands.check_distinct(measured.bits, start)
        self._scope.spend(len(measured.bits), start)
        for qubit, bit in zip(measured.bits, target.bits, strict=True):
            self._scope.append(Measure(), (qubit,), (bit,))

    def read_reset(self) -> None:
        """``reset q``."""
        start = self._scanner.start
        self._scanner.advance()
        operand = self._operands.qubits()
        self._scope.spend(len(operand.bits), start)
        for qubit in operand.bits:
            self._scope.append(Reset(), (qubit,), ())

    def read_barrier(self) -> None:
        """``barrier``, ``barrier q[0], r``."""
        start = self._scanner.start
        self._scanner.advance()
        qubits = self._operands.qubits_or_all()
        self._scope.spend(1, start)
        self._operands.check_distinct(qubits, start)
        self._scope.append(Barrier(len(qubits)), tuple(qubits), ())

    def read_delay(self) -> None:
        """``delay[100ns] q``; durations in dt are whole numbers."""
        start = self._scanner.start
        self._scanner.advance()
        self._scanner.expect("[")
        duration, unit = self.duration()
        self._scanner.expect("]")
        qubits = self._operands.qubits_or_all()
        self._scope.spend(len(qubits), start)
        for qubit in qubits:
            self._scope.append(Delay(duration, unit), (qubit,), ())

    def duration(self) -> tuple[float, str]:
        """A literal with its unit."""
        start = self._scanner.start
        if self._scanner.kind != "number":
            self._scanner.fail(f"expected a duration such as 100ns, found {self._scanner.found()}")
        token = self._scanner.advance()
        number = token.rstrip("dtnuµμms")
        unit = token[len(number) :]
        if not unit:
            unit = self._scanner.expect_name("a unit: dt, ns, us, ms or s")
        if unit not in UNITS:
            self._scanner.fail("a duration needs a unit: dt, ns, us, ms or s", start)
        value = self._expressions.literal(number, start)
        if unit == "dt":
            if value != int(value):
                self._scanner.fail("a duration in dt is a whole number", start)
            return int(value), unit
        return value, UNITS[unit]
