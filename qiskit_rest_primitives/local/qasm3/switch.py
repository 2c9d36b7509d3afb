"""``switch`` statements, through Qiskit's own builder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qiskit.circuit import CASE_DEFAULT

from qiskit_rest_primitives.local.qasm3 import classical
from qiskit_rest_primitives.local.qasm3.expressions import Expressions
from qiskit_rest_primitives.local.qasm3.scope import Scope, SwitchTarget
from qiskit_rest_primitives.local.qasm3.tokens import Scanner


@dataclass(eq=False)
class Switch:
    """Reads ``switch`` statements; ``read_block`` reads the body of a case."""

    _scanner: Scanner
    _scope: Scope
    _expressions: Expressions
    _read_block: Callable[[], None]

    def read_target(self) -> None:
        """``int name;`` or ``int name = c;``, as Qiskit's exporter declares a switch's target."""
        self._scanner.advance()
        self._expressions.skip_width()
        start, name = self._scanner.start, self._scanner.expect_name("a name")
        target = SwitchTarget()
        self._scope.declare(name, target, start)
        if self._scanner.accept("="):
            target.value = self._expressions.expression()

    def read_assignment(self, target: SwitchTarget) -> None:
        """``name = c;``: a switch on it must follow, where the name means ``c``."""
        start = self._scanner.start
        name = self._scanner.advance()
        self._scanner.expect("=")
        target.value = self._expressions.expression()
        self._scanner.expect(";")
        if self._scanner.token != "switch":
            self._scanner.fail(
                f"variables are not supported; {name!r} can only be the target of the next switch",
                start,
            )
        self.read_switch()

    def read_switch(self) -> None:
        """``switch (c) { case 0, 1 { } default { } }``, also with the older colons."""
        start = self._scanner.start
        self._scanner.advance()
        self._scanner.expect("(")
        named = self._scope.lookup(self._scanner.token) if self._scanner.kind == "name" else None
        if isinstance(named, SwitchTarget):
            self._scanner.advance()
            value, named.value = named.value, None
        else:
            value = self._expressions.expression()
        self._scanner.expect(")")
        if not classical.is_classical(value):
            self._scanner.fail("a switch needs a bit or a register", start)
        signed = value if isinstance(value, classical.Signed) else None
        if isinstance(value, classical.Slice):
            value = value.value()
        elif signed:
            value = signed.pattern
        self._scope.spend(1, start)
        self._scanner.expect("{")
        circuit: Any = self._scope.circuit
        with circuit.switch(value) as case:
            while not self._scanner.accept("}"):
                labels, colons = self._labels(signed)
                with case(*labels):
                    self._read_block()
                if self._scanner.token == "break" and colons:
                    self._scanner.advance()
                    self._scanner.expect(";")

    def _labels(self, signed: classical.Signed | None) -> tuple[list[Any], bool]:
        """The labels of a case, and whether colons end them."""
        labels: list[Any] = []
        colons = False
        while True:
            if self._scanner.accept("default"):
                labels.append(CASE_DEFAULT)
            else:
                self._scanner.expect("case")
                labels.append(self._label(signed))
                while self._scanner.accept(","):
                    labels.append(self._label(signed))
            if not self._scanner.accept(":"):
                return labels, colons
            colons = True
            if self._scanner.token not in ("case", "default"):
                return labels, colons

    def _label(self, signed: classical.Signed | None) -> int:
        start, label = self._scanner.start, self._expressions.integer("a case")
        pattern = signed.encoded(label) if signed else label
        if pattern is None or pattern < 0:
            self._scanner.fail(f"the switch never has the value {label}", start)
        return pattern
