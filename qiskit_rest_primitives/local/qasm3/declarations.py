"""Names: registers, bits, inputs, constants, aliases; and the operands that use them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from qiskit.circuit import (
    ClassicalRegister,
    Clbit,
    QuantumCircuit,
    QuantumRegister,
    Qubit,
)
from qiskit.circuit.classical import expr

from qiskit_rest_primitives.local.qasm3 import classical
from qiskit_rest_primitives.local.qasm3 import evaluate as values
from qiskit_rest_primitives.local.qasm3.expressions import Expressions
from qiskit_rest_primitives.local.qasm3.fast_lines import FlatLines
from qiskit_rest_primitives.local.qasm3.gates import Definition, GateKind
from qiskit_rest_primitives.local.qasm3.tokens import InputParameter, Operand

# Refused before anything is allocated: no simulator or device here is that wide.
MAX_QUBITS = 10_000
MAX_BITS = 100_000
# Operations a text may stand for once gates, registers and loops are expanded.
MAX_OPERATIONS = 2_000_000

# All of the language's, as its grammar lists them.
# fmt: off
KEYWORDS = frozenset({
    "OPENQASM", "include", "defcalgrammar", "def", "cal", "defcal", "gate", "extern", "box", "let",
    "break", "continue", "if", "else", "end", "return", "for", "while", "in", "switch", "case",
    "default", "pragma", "input", "output", "const", "readonly", "mutable", "qreg", "qubit", "creg",
    "bool", "bit", "int", "uint", "float", "angle", "complex", "array", "void", "duration",
    "stretch", "gphase", "inv", "pow", "ctrl", "negctrl", "durationof", "delay", "reset", "measure",
    "barrier", "true", "false", "im", "nop",
})
# fmt: on


PHYSICAL = re.compile(r'//[^\n]*|/\*(?:[\s\S]*?\*/|[\s\S]*)|"[^"\n]*"|\$([0-9]+)')


class SwitchTarget:
    """An ``int`` that Qiskit's exporter declares to switch on."""

    def __init__(self):
        self.value: Any = None


class Declarations(Expressions):
    """Reads declarations and operands, and keeps what names stand for.

    Attributes:
        circuit: what the statements go to; a gate's body while one is being defined.
        parameters: the inputs in the order of their declarations.
        scopes: what names stand for, innermost last.
        gates: gates by name.
        variable_names: how many variables there are of each name, less one.
        loose: single bits that the circuit does not have yet.
        flat: what plain lines have turned out to mean.
        cost: operations so far, gates and loops expanded.
    """

    def __init__(self, text: str, num_qubits: int | None = None):
        self.circuit = QuantumCircuit()
        self.parameters: list[InputParameter] = []
        self.scopes: list[dict[str, Any]] = [{}]
        self.gates: dict[str, GateKind | Definition] = {}
        self.variable_names: dict[str, int] = {}
        self.num_qubits = num_qubits
        self.physical = False
        self.in_gate = False
        self.cost = 0
        self.loose: list[Any] = []
        self.flat = FlatLines()
        super().__init__(text)
        if "$" in text:
            self._add_physical()

    def spend(self, operations: int, position: int) -> None:
        """Counts operations against ``MAX_OPERATIONS``."""
        self.cost += operations
        if self.cost > MAX_OPERATIONS:
            self.fail(f"the circuit has more than {MAX_OPERATIONS} operations", position)

    def lookup(self, name: str) -> Any:
        """What a name stands for, or None."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def declare(self, name: str, value: Any, position: int) -> None:
        """Gives a name its meaning in the innermost scope."""
        if name in KEYWORDS:
            self.fail(f"{name!r} is a keyword and can't be a name", position)
        if name.startswith("$"):
            self.fail("physical qubits are not declared", position)
        if name in self.scopes[-1]:
            self.fail(f"{name!r} is already declared", position)
        self.scopes[-1][name] = value

    def size(self, what: str, limit: int, already: int) -> int | None:
        """``[n]`` if it is there, checked against the limit before anything is built."""
        if not self.accept("["):
            return None
        start = self.start
        size = self.integer(f"the size of a {what} register")
        if size < 0:
            self.fail("a size can't be negative", start)
        if size + already > limit:
            self.fail(f"more than {limit} {what}s are not supported", start)
        self.expect("]")
        return size

    def declare_qubits(self, name: str, size: int | None, position: int) -> None:
        """``qubit[size] name`` or ``qubit name``."""
        if self.physical:
            self.fail("declared qubits and physical qubits can't be mixed", position)
        if size is None:
            value: Any = Qubit()
            self.declare(name, value, position)
            if self.circuit.num_qubits + len(self.loose) >= MAX_QUBITS:
                self.fail(f"more than {MAX_QUBITS} qubits are not supported", position)
            self.loose.append(value)
            self.flat.operands[name] = (value,)
        else:
            value = QuantumRegister(size, name)
            self.declare(name, value, position)
            self.add_loose()
            self.circuit.add_register(value)
            self.flat.learn_qubits(name, list(value))

    def declare_bits(self, name: str, size: int | None, position: int) -> Operand:
        """``bit[size] name`` or ``bit name``."""
        if size is None:
            value: Any = Clbit()
            self.declare(name, value, position)
            if self.circuit.num_clbits + len(self.loose) >= MAX_BITS:
                self.fail(f"more than {MAX_BITS} bits are not supported", position)
            self.loose.append(value)
            self.flat.bits[name] = value
            return Operand([value], True)
        value = ClassicalRegister(size, name)
        self.declare(name, value, position)
        self.add_loose()
        self.circuit.add_register(value)
        bits = list(value)
        self.flat.learn_bits(name, bits)
        return Operand(bits, False)

    def value_of_name(self, name: str, position: int) -> Any:
        """What a name stands for in an expression; ``c[0]`` is a bit."""
        value = self.lookup(name)
        if value is None:
            if name not in values.CONSTANTS:
                self.fail(f"{name!r} is not defined", position)
            return values.CONSTANTS[name]
        if isinstance(value, SwitchTarget):
            self.fail(f"{name!r} can only be switched on", position)
        if isinstance(value, (Qubit, QuantumRegister)):
            self.fail(f"{name!r} is quantum; it has no value before it is measured", position)
        if isinstance(value, ClassicalRegister):
            return self._part(value, position)
        if self.token == "[" and isinstance(value, expr.Var):
            return self.element(value)
        return value

    def _part(self, register: ClassicalRegister, position: int) -> Any:
        """A register, one bit, some bits or a computed bit of it."""
        part: Any = register
        if self.token == "[":
            part = self.indexed(register, position, register)
            if isinstance(part, Operand):
                if part.single:
                    return part.bits[0]
                part = classical.Slice(register, part.bits)
        # Every block of Qiskit's that uses a register keeps a list of its bits.
        self.spend(len(register), position)
        return part

    def unused_name(self, name: str) -> str:
        """The name for a variable of the circuit, which can't have two of one name.

        The text can: in blocks apart, and where an inner block hides an outer variable.
        """
        count = self.variable_names.get(name, -1) + 1
        self.variable_names[name] = count
        # No name of the text has a hyphen.
        return f"{name}-{count}" if count else name

    def add_loose(self) -> None:
        """Gives the circuit the single bits declared since, at once: each time takes all others."""
        if self.loose:
            self.circuit.add_bits(self.loose)
            self.loose = []

    def qubits(self) -> Operand:
        """A quantum operand: ``q``, ``q[0]``, ``q[0:2]``, ``q[{0, 2}]`` or ``$0``."""
        return self._operand(Qubit, "qubit")

    def bits(self) -> Operand:
        """A classical operand."""
        return self._operand(Clbit, "bit")

    def _operand(self, kind: type, what: str) -> Operand:
        start = self.start
        name = self.expect_name(f"a {what}")
        if name.startswith("$"):
            return self._physical(name, start)
        value = self.lookup(name)
        if value is None:
            self.fail(f"{name!r} is not defined", start)
        operand = Operand([value], True)
        if isinstance(value, (QuantumRegister, ClassicalRegister, list)):
            indexed = self.token == "["
            operand = self.indexed(value, start) if indexed else Operand(list(value), False)
        elif self.token == "[" and isinstance(value, (Qubit, Clbit)):
            self.fail(f"{name!r} is a single {what} and can't be indexed")
        if any(not isinstance(bit, kind) for bit in operand.bits):
            self.fail(f"{name!r} is not a {what}", start)
        return operand

    def indexed(
        self, bits: Sequence[Any], position: int, register: ClassicalRegister | None = None
    ) -> Any:
        """``[index]``, ``[first:last]``, ``[first:step:last]`` or ``[{...}]`` of a register.

        Returns:
            An `Operand`; an ``expr.Expr`` where ``register`` is given and the index is computed.
        """
        self.expect("[")
        if self.accept("{"):
            chosen = [self._index(bits)]
            while self.accept(",") and self.token != "}":
                chosen.append(self._index(bits))
            self.expect("}")
            self.expect("]")
            return Operand(chosen, False)
        if self.token != ":":
            start = self.start
            value = self.expression()
            if register is not None and classical.is_classical(value):
                self.expect("]")
                return self.applied(start, classical.element, register, value)
            first: int | None = self.whole(value, "an index", start)
            if self.accept("]"):
                return Operand([self._at(bits, first, start)], True)
        else:
            first = None
        ends = [first]
        while self.accept(":"):
            ends.append(None if self.token in ("]", ":") else self.integer("an index"))
        if len(ends) not in (2, 3):
            self.fail(f"expected ':' or ']', found {self.found()}")
        self.expect("]")
        step = ends[1] if len(ends) == 3 else 1
        if not step:
            self.fail("the step of a range can't be left out or 0", position)
        positions = inclusive(
            (0 if step > 0 else len(bits) - 1) if ends[0] is None else self._from(bits, ends[0]),
            (len(bits) - 1 if step > 0 else 0) if ends[-1] is None else self._from(bits, ends[-1]),
            step,
        )
        return Operand([self._at(bits, index, position) for index in positions], False)

    def _from(self, bits: Sequence[Any], index: int) -> int:
        return index + len(bits) if index < 0 else index

    def _index(self, bits: Sequence[Any]) -> Any:
        start = self.start
        return self._at(bits, self.integer("an index"), start)

    def _at(self, bits: Sequence[Any], index: int, position: int) -> Any:
        if not -len(bits) <= index < len(bits):
            self.fail(f"index {index} is out of range; there are {len(bits)}", position)
        return bits[index]

    def _physical(self, name: str, position: int) -> Operand:
        if self.in_gate:
            self.fail("a gate's body can't name physical qubits", position)
        index = int(name[1:6]) if len(name) < 7 else MAX_QUBITS
        if index >= self.circuit.num_qubits:
            self.fail(f"{name[:40]} is beyond the {self.circuit.num_qubits} qubits", position)
        return Operand([self.circuit.qubits[index]], True)

    def _add_physical(self) -> None:
        """All physical qubits at once: the highest one named, or as many as the caller said."""
        highest = position = -1
        for match in PHYSICAL.finditer(self.text):
            index = match[1]
            if index and (value := int(index) if len(index) < 6 else MAX_QUBITS) > highest:
                highest, position = value, match.start()
        if highest < 0:
            return
        if highest >= MAX_QUBITS:
            self.fail(f"more than {MAX_QUBITS} qubits are not supported", position)
        width = highest + 1 if self.num_qubits is None else self.num_qubits
        if width <= highest:
            self.fail(f"${highest} is used, but the circuit has {width} qubits", position)
        register = QuantumRegister(width, "q")
        self.circuit.add_register(register)
        for index, qubit in enumerate(register):
            self.flat.operands[f"${index}"] = (qubit,)
        self.physical = True


def inclusive(first: int, last: int, step: int) -> range:
    """A range of OpenQASM 3, whose last value belongs to it."""
    return range(first, last + (1 if step > 0 else -1), step)
