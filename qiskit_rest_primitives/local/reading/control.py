"""Control flow: if, while, for, switch and box, through Qiskit's own builder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from qiskit.circuit import CASE_DEFAULT, ClassicalRegister, Clbit
from qiskit.circuit.classical import expr

from qiskit_rest_primitives.local.reading import values
from qiskit_rest_primitives.local.reading.declarations import SwitchTarget, inclusive
from qiskit_rest_primitives.local.reading.statements import Statements


class ControlFlow(Statements, ABC):
    """Reads blocks; the subclass knows all statements that may stand in them."""

    @abstractmethod
    def read_statement(self) -> None:
        """The statement at hand."""

    @contextmanager
    def block(self) -> Generator[dict[str, Any], None, None]:
        """A scope of names inside a builder's context."""
        self.deeper()
        self.blocks += 1
        self.scopes.append({})
        yield self.scopes[-1]
        self.scopes.pop()
        self.blocks -= 1
        self.depth -= 1

    def read_body(self) -> None:
        """``{ ... }`` or one statement."""
        if not self.accept("{"):
            self.read_statement()
            return
        while not self.accept("}"):
            if self.kind == "end":
                self.fail("this block is never closed")
            self.read_statement()

    def read_condition(self) -> Any:
        """``(condition)`` as Qiskit takes it."""
        self.expect("(")
        start = self.start
        value = self._applied(start, values.condition, self.expression())
        self.expect(")")
        return value

    def read_if(self) -> None:
        """``if (condition) { } else { }``."""
        self.advance()
        self.spend(1, self.start)
        with self.circuit.if_test(self.read_condition()) as otherwise, self.block():
            self.read_body()
        if self.accept("else"):
            with otherwise, self.block():
                self.read_body()

    def read_while(self) -> None:
        """``while (condition) { }``."""
        self.advance()
        self.spend(1, self.start)
        with self.circuit.while_loop(self.read_condition()), self.block():
            self.loops += 1
            self.read_body()
            self.loops -= 1

    def read_for(self) -> None:
        """``for int i in [0:2:8] { }``, ``for int i in {1, 5} { }``; older texts leave out int."""
        start = self.start
        self.advance()
        if self.token in ("int", "uint"):
            self.advance()
            self.skip_width()
        name = self.expect_name("the loop's variable")
        self.expect("in")
        indices = self._indices()
        cost = self.cost
        # A name of its own for each loop: Qiskit refuses two parameters of one name.
        with self.circuit.for_loop(indices) as parameter, self.block() as scope:
            scope[name] = parameter
            self.loops += 1
            self.read_body()
            self.loops -= 1
        self.spend((self.cost - cost) * max(0, len(indices) - 1), start)

    def _indices(self) -> range | tuple[int, ...]:
        start = self.start
        if self.accept("{"):
            chosen = [self.integer("a value of the loop")]
            while self.accept(",") and self.token != "}":
                chosen.append(self.integer("a value of the loop"))
            self.expect("}")
            return tuple(chosen)
        if not self.accept("["):
            self.fail(f"a loop goes over a range or a set of integers, not {self.found()}")
        ends = [self.integer("a range")]
        while self.accept(":"):
            ends.append(self.integer("a range"))
        self.expect("]")
        if len(ends) not in (2, 3) or (len(ends) == 3 and ends[1] == 0):
            self.fail("a range is [first:last] or [first:step:last], its step not 0", start)
        return inclusive(ends[0], ends[-1], ends[1] if len(ends) == 3 else 1)

    def read_switch_target(self) -> None:
        """``int name;`` or ``int name = c;``, as Qiskit's exporter declares what it switches on."""
        self.advance()
        self.skip_width()
        start, name = self.start, self.expect_name("a name")
        target = SwitchTarget()
        self.declare(name, target, start)
        if self.accept("="):
            target.value = self.expression()

    def assign_switch_target(self, target: SwitchTarget) -> None:
        """``name = c;``: only a switch on it may follow, so that it can stand for ``c``."""
        start = self.start
        name = self.advance()
        self.expect("=")
        target.value = self.expression()
        self.expect(";")
        if self.token != "switch":
            self.fail(f"variables are not supported; {name!r} can only be switched on next", start)
        self.read_switch()

    def read_switch(self) -> None:
        """``switch (c) { case 0, 1 { } default { } }``, also with the older colons."""
        start = self.start
        self.advance()
        self.expect("(")
        named = self.lookup(self.token) if self.kind == "name" else None
        if isinstance(named, SwitchTarget):
            self.advance()
            value, named.value = named.value, None
        else:
            value = self.expression()
        self.expect(")")
        if not isinstance(value, (Clbit, ClassicalRegister, expr.Expr)):
            self.fail("a switch needs a bit or a register", start)
        self.spend(1, start)
        self.expect("{")
        circuit: Any = self.circuit
        with circuit.switch(value) as case:
            while not self.accept("}"):
                labels = self._labels(isinstance(value, Clbit))
                with case(*labels), self.block():
                    self.read_body()
                if self.token == "break" and self.colons:
                    self.advance()
                    self.expect(";")

    def _labels(self, boolean: bool) -> list[Any]:
        labels: list[Any] = []
        self.colons = False
        while True:
            if self.accept("default"):
                labels.append(CASE_DEFAULT)
            else:
                self.expect("case")
                labels.append(self.integer("a case"))
                while self.accept(","):
                    labels.append(self.integer("a case"))
            if not self.accept(":"):
                return labels
            self.colons = True
            if self.token not in ("case", "default"):
                return labels

    def read_box(self) -> None:
        """``box { }``, ``box[100ns] { }``."""
        self.advance()
        self.spend(1, self.start)
        options: dict[str, Any] = {}
        if self.accept("["):
            options["duration"], options["unit"] = self.duration()
            self.expect("]")
        circuit: Any = self.circuit
        with circuit.box(**options), self.block():
            self.read_body()
