"""Control flow: if, while, for, switch and box, through Qiskit's own builder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from qiskit.circuit import CASE_DEFAULT

from qiskit_rest_primitives.local.qasm3 import classical, loops
from qiskit_rest_primitives.local.qasm3.declarations import SwitchTarget, inclusive
from qiskit_rest_primitives.local.qasm3.statements import Statements

# Statements of loops whose variable is an index: each is read once for every value.
MAX_REPEATED = 20_000


class ControlFlow(Statements, ABC):
    """Reads blocks; the subclass knows all statements that may stand in them.

    Attributes:
        indexing: where the loops are whose variable is an index, once a loop was met.
        repeating: how many of them are open.
        repeated: statements that were read in them.
    """

    def __init__(self, text: str, num_qubits: int | None = None):
        self.indexing: frozenset[int] | None = None
        self.repeating = self.repeated = 0
        super().__init__(text, num_qubits)

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
        value = self.applied(start, classical.condition, self.expression())
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
        if start in self._indexing_loops():
            self._read_repeatedly(name, indices)
            return
        cost = self.cost
        # A name of its own for each loop: Qiskit refuses two parameters of one name.
        with self.circuit.for_loop(indices) as parameter, self.block() as scope:
            scope[name] = parameter
            self.loops += 1
            self.read_body()
            self.loops -= 1
        self.spend((self.cost - cost) * max(0, len(indices) - 1), start)

    def _indexing_loops(self) -> frozenset[int]:
        if self.indexing is None:
            self.indexing = loops.indexing_loops(self.text)
        return self.indexing

    def _read_repeatedly(self, name: str, indices: range | tuple[int, ...]) -> None:
        """The body of a loop once for every value, in which the variable is a constant."""
        body = self.start
        if not indices:
            self._skip_body()
        outside, self.loops = self.loops, 0
        self.repeating += 1
        for index in indices:
            self.count_repeated(body)
            self.seek(body)
            with self.block() as scope:
                scope[name] = index
                self.read_body()
        self.repeating -= 1
        self.loops = outside

    def count_repeated(self, position: int) -> None:
        """Counts a statement that is read once more for a value of a loop's variable."""
        self.repeated += self.repeating > 0
        if self.repeated > MAX_REPEATED:
            self.fail(
                f"loops that use their variable as an index stand for more than {MAX_REPEATED} "
                f"statements",
                position,
            )

    def _skip_body(self) -> None:
        """A body that is never run: to its closing brace, or its semicolon."""
        depth = 0
        while self.kind != "end":
            token = self.advance()
            depth += (token == "{") - (token == "}")
            if not depth and (token == ";" or (token == "}" and self.token != "else")):
                return
        self.fail("this block is never closed")

    def _indices(self) -> range | tuple[int, ...]:
        start = self.start
        if self.accept("{"):
            if self.accept("}"):
                return ()
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
        if not classical.is_classical(value):
            self.fail("a switch needs a bit or a register", start)
        signed = value if isinstance(value, classical.Signed) else None
        if isinstance(value, classical.Slice):
            value = value.value()
        elif signed:
            value = signed.pattern
        self.spend(1, start)
        self.expect("{")
        circuit: Any = self.circuit
        with circuit.switch(value) as case:
            while not self.accept("}"):
                labels = self._labels(signed)
                with case(*labels), self.block():
                    self.read_body()
                if self.token == "break" and self.colons:
                    self.advance()
                    self.expect(";")

    def _labels(self, signed: classical.Signed | None) -> list[Any]:
        labels: list[Any] = []
        self.colons = False
        while True:
            if self.accept("default"):
                labels.append(CASE_DEFAULT)
            else:
                self.expect("case")
                labels.append(self._label(signed))
                while self.accept(","):
                    labels.append(self._label(signed))
            if not self.accept(":"):
                return labels
            self.colons = True
            if self.token not in ("case", "default"):
                return labels

    def _label(self, signed: classical.Signed | None) -> int:
        start, label = self.start, self.integer("a case")
        pattern = signed.encoded(label) if signed else label
        if pattern is None or pattern < 0:
            self.fail(f"the switch never has the value {label}", start)
        return pattern

    def read_box(self) -> None:
        """``box { }``, ``box[100ns] { }``: its statements, as no simulator here keeps time."""
        self.advance()
        if self.accept("["):
            self.duration()
            self.expect("]")
        with self.block():
            self.read_body()
