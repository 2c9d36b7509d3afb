"""Control flow: if, while, for and box, through Qiskit's own builder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qiskit_rest_primitives.local.qasm3 import classical, evaluate, loops
from qiskit_rest_primitives.local.qasm3.expressions import Expressions
from qiskit_rest_primitives.local.qasm3.scope import Scope
from qiskit_rest_primitives.local.qasm3.tokens import Scanner

# Statements of loops whose variable is an index: each is read once for every value.
MAX_REPEATED = 20_000


class ControlFlow:
    """Reads control flow; ``read_statement`` reads any statement in a block."""

    def __init__(
        self,
        scanner: Scanner,
        scope: Scope,
        expressions: Expressions,
        read_duration: Callable[[], object],
        read_statement: Callable[[], None],
    ):
        self._scanner = scanner
        self._scope = scope
        self._expressions = expressions
        self._read_duration = read_duration
        self._read_statement = read_statement
        # Positions of the loops whose variable is an index; found at the first loop.
        self._indexing: frozenset[int] | None = None
        # The number of such loops that are open, and of statements read in them.
        self._repeating = self._repeated = 0

    def read_block(self) -> None:
        """``{ ... }`` or one statement, with names of its own."""
        with self._scope.block():
            self._read_body()

    def _read_body(self) -> None:
        """``{ ... }`` or one statement."""
        if not self._scanner.accept("{"):
            self._read_statement()
            return
        while not self._scanner.accept("}"):
            if self._scanner.kind == "end":
                self._scanner.fail("this block is never closed")
            self._read_statement()

    def _condition(self) -> Any:
        """``(condition)`` in Qiskit's form."""
        self._scanner.expect("(")
        start = self._scanner.start
        value = self._expressions.applied(
            start, classical.condition, self._expressions.expression()
        )
        self._scanner.expect(")")
        return value

    def read_if(self) -> None:
        """``if (condition) { } else { }``."""
        self._scanner.advance()
        self._scope.spend(1, self._scanner.start)
        with self._scope.circuit.if_test(self._condition()) as otherwise:
            self.read_block()
        if self._scanner.accept("else"):
            with otherwise:
                self.read_block()

    def read_while(self) -> None:
        """``while (condition) { }``."""
        self._scanner.advance()
        self._scope.spend(1, self._scanner.start)
        with self._scope.circuit.while_loop(self._condition()):
            self._scope.loops += 1
            self.read_block()
            self._scope.loops -= 1

    def read_for(self) -> None:
        """``for int i in [0:2:8] { }``, ``for int i in {1, 5} { }``; older texts leave out int."""
        start = self._scanner.start
        self._scanner.advance()
        if self._scanner.token in ("int", "uint"):
            self._scanner.advance()
            self._expressions.skip_width()
        name = self._scanner.expect_name("the loop's variable")
        self._scanner.expect("in")
        indices = self._indices()
        if start in self._indexing_loops():
            self._read_repeatedly(name, indices)
            return
        cost = self._scope.cost
        # Each loop needs a unique name: Qiskit refuses two parameters of one name.
        with self._scope.circuit.for_loop(indices) as parameter, self._scope.block() as names:
            names[name] = parameter
            self._scope.loops += 1
            self._read_body()
            self._scope.loops -= 1
        self._scope.spend((self._scope.cost - cost) * max(0, len(indices) - 1), start)

    def _indexing_loops(self) -> frozenset[int]:
        if self._indexing is None:
            self._indexing = loops.indexing_loops(self._scanner.text)
        return self._indexing

    def _read_repeatedly(self, name: str, indices: range | tuple[int, ...]) -> None:
        """Reads the body once for each value of the variable, which is a constant in it."""
        body = self._scanner.start
        if not indices:
            self._skip_body()
        outside, self._scope.loops = self._scope.loops, 0
        self._repeating += 1
        for index in indices:
            self.count_repeated(body)
            self._scanner.seek(body)
            with self._scope.block() as names:
                names[name] = index
                self._read_body()
        self._repeating -= 1
        self._scope.loops = outside

    def count_repeated(self, position: int) -> None:
        """Counts a statement in a loop whose body is read once for each value."""
        self._repeated += self._repeating > 0
        if self._repeated > MAX_REPEATED:
            self._scanner.fail(
                f"loops that use their variable as an index expand to more than {MAX_REPEATED}"
                f" statements",
                position,
            )

    def _skip_body(self) -> None:
        """Skips a body that never runs, up to its closing brace or semicolon."""
        depth = 0
        while self._scanner.kind != "end":
            token = self._scanner.advance()
            depth += (token == "{") - (token == "}")
            if not depth and (token == ";" or (token == "}" and self._scanner.token != "else")):
                return
        self._scanner.fail("this block is never closed")

    def _indices(self) -> range | tuple[int, ...]:
        start = self._scanner.start
        if self._scanner.accept("{"):
            if self._scanner.accept("}"):
                return ()
            chosen = [self._expressions.integer("a value of the loop")]
            while self._scanner.accept(",") and self._scanner.token != "}":
                chosen.append(self._expressions.integer("a value of the loop"))
            self._scanner.expect("}")
            return tuple(chosen)
        if not self._scanner.accept("["):
            self._scanner.fail(
                f"a loop goes over a range or a set of integers, not {self._scanner.found()}"
            )
        ends = [self._expressions.integer("a range")]
        while self._scanner.accept(":"):
            ends.append(self._expressions.integer("a range"))
        self._scanner.expect("]")
        if len(ends) not in (2, 3) or (len(ends) == 3 and ends[1] == 0):
            self._scanner.fail(
                "a range is [first:last] or [first:step:last] with a step that is not 0", start
            )
        return evaluate.inclusive_range(ends[0], ends[-1], ends[1] if len(ends) == 3 else 1)

    def read_box(self) -> None:
        """``box { }``, ``box[100ns] { }``: its statements, since no simulator here models time."""
        self._scanner.advance()
        if self._scanner.accept("["):
            self._read_duration()
            self._scanner.expect("]")
        self.read_block()

    def read_jump(self) -> None:
        """``break`` or ``continue``."""
        scanner, scope = self._scanner, self._scope
        if not scope.loops:
            scanner.fail(
                f"{scanner.token!r} is outside a loop, or in one whose variable is an index"
            )
        if scanner.advance() == "break":
            scope.circuit.break_loop()
        else:
            scope.circuit.continue_loop()
