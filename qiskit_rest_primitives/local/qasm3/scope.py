"""The state of a text that is being read: names, the open circuit, and the operations so far."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

from qiskit.circuit import (
    CircuitInstruction,
    ClassicalRegister,
    Clbit,
    Operation,
    QuantumCircuit,
    QuantumRegister,
    Qubit,
)

from qiskit_rest_primitives.circuits.names import KEYWORDS
from qiskit_rest_primitives.local.qasm3.fast_lines import FastLines
from qiskit_rest_primitives.local.qasm3.gates import Definition, GateKind
from qiskit_rest_primitives.local.qasm3.qiskit_types import InputParameter
from qiskit_rest_primitives.local.qasm3.tokens import Scanner

# Refused before anything is allocated: no simulator or device here is that wide.
MAX_QUBITS = 10_000
MAX_BITS = 100_000
# Most operations of a text, with gates, registers and loops expanded.
MAX_OPERATIONS = 2_000_000

PHYSICAL = re.compile(r'//[^\n]*|/\*(?:[\s\S]*?\*/|[\s\S]*)|"[^"\n]*"|\$([0-9]+)')


class Operand(NamedTuple):
    """Bits named by an operand; ``single`` distinguishes ``q[0]`` from a register of one."""

    bits: list[Any]
    single: bool


class SwitchTarget:
    """An ``int`` that Qiskit's exporter declares as the target of a switch."""

    def __init__(self):
        self.value: Any = None


class Scope:
    """Names and their meanings, and the circuit that statements add to.

    Attributes:
        circuit: receives the instructions; a gate's body while one is being defined.
        parameters: the inputs in the order of their declarations.
        names: meanings by name, one dictionary for each open block, innermost last.
        gates: gates by name.
        fast_lines: the parts of plain lines, which are read without the parser.
        cost: operations so far, gates and loops expanded.
        symbolic_phases: phases with input parameters so far.
        physical: whether the text names physical qubits.
        in_gate: whether a gate is being defined.
        definition_depth: definitions inside the one being read.
        blocks: open control-flow blocks; Qiskit's builder collects their instructions.
        loops: how many of them are loops.
    """

    def __init__(self, scanner: Scanner):
        self.circuit = QuantumCircuit()
        self.parameters: list[InputParameter] = []
        self.names: list[dict[str, Any]] = [{}]
        self.gates: dict[str, GateKind | Definition] = {}
        self.fast_lines = FastLines()
        self.cost = self.symbolic_phases = self.definition_depth = self.blocks = self.loops = 0
        self.physical = self.in_gate = False
        self._scanner = scanner
        self._loose_bits: list[Any] = []
        self._variable_counts: dict[str, int] = {}

    def spend(self, operations: int, position: int) -> None:
        """Counts operations against ``MAX_OPERATIONS``."""
        self.cost += operations
        if self.cost > MAX_OPERATIONS:
            self._scanner.fail(f"the circuit has more than {MAX_OPERATIONS} operations", position)

    def lookup(self, name: str) -> Any:
        """The meaning of a name, or None."""
        for names in reversed(self.names):
            if name in names:
                return names[name]
        return None

    def declare(self, name: str, value: Any, position: int) -> None:
        """Gives a name its meaning in the innermost block."""
        if name in KEYWORDS:
            self._scanner.fail(f"{name!r} is a keyword and can't be a name", position)
        if name.startswith("$"):
            self._scanner.fail("physical qubits are not declared", position)
        if name in self.names[-1]:
            self._scanner.fail(f"{name!r} is already declared", position)
        self.names[-1][name] = value

    def declare_qubits(self, name: str, size: int | None, position: int) -> None:
        """``qubit[size] name`` or ``qubit name``."""
        if self.physical:
            self._scanner.fail("declared qubits and physical qubits can't be mixed", position)
        if size is None:
            value: Any = Qubit()
            self.declare(name, value, position)
            if self.circuit.num_qubits + len(self._loose_bits) >= MAX_QUBITS:
                self._scanner.fail(f"more than {MAX_QUBITS} qubits are not supported", position)
            self._loose_bits.append(value)
            self.fast_lines.operands[name] = (value,)
        else:
            value = QuantumRegister(size, name)
            self._declare_register(name, value, position)
            self.fast_lines.add_qubits(name, list(value))

    def declare_bits(self, name: str, size: int | None, position: int) -> Operand:
        """``bit[size] name`` or ``bit name``."""
        if size is None:
            value: Any = Clbit()
            self.declare(name, value, position)
            if self.circuit.num_clbits + len(self._loose_bits) >= MAX_BITS:
                self._scanner.fail(f"more than {MAX_BITS} bits are not supported", position)
            self._loose_bits.append(value)
            self.fast_lines.bits[name] = value
            return Operand([value], True)
        value = ClassicalRegister(size, name)
        self._declare_register(name, value, position)
        bits = list(value)
        self.fast_lines.add_bits(name, bits)
        return Operand(bits, False)

    def _declare_register(self, name: str, register: Any, position: int) -> None:
        self.declare(name, register, position)
        self.add_loose_bits()
        self.circuit.add_register(register)

    def add_loose_bits(self) -> None:
        """Adds the single bits declared so far in one call, whose time grows with the circuit."""
        if self._loose_bits:
            self.circuit.add_bits(self._loose_bits)
            self._loose_bits = []

    def add_physical_qubits(self, num_qubits: int | None) -> None:
        """Adds ``num_qubits`` physical qubits, by default up to the highest one in the text."""
        highest = position = -1
        for match in PHYSICAL.finditer(self._scanner.text):
            index = match[1]
            if index and (value := int(index) if len(index) < 6 else MAX_QUBITS) > highest:
                highest, position = value, match.start()
        if highest < 0:
            return
        if highest >= MAX_QUBITS:
            self._scanner.fail(f"more than {MAX_QUBITS} qubits are not supported", position)
        width = highest + 1 if num_qubits is None else num_qubits
        if width <= highest:
            self._scanner.fail(f"${highest} is used, but the circuit has {width} qubits", position)
        register = QuantumRegister(width, "q")
        self.circuit.add_register(register)
        for index, qubit in enumerate(register):
            self.fast_lines.operands[f"${index}"] = (qubit,)
        self.physical = True

    def only_global(self, what: str) -> None:
        """Fails inside blocks."""
        if len(self.names) > 1 or self.blocks:
            self._scanner.fail(f"{what} can only be declared outside blocks")

    def unused_name(self, name: str) -> str:
        """A name for a variable of the circuit, which must be unique there.

        A text may repeat a name: in separate blocks, or to hide a variable of an outer block.
        """
        count = self._variable_counts.get(name, -1) + 1
        self._variable_counts[name] = count
        # No name of the text has a hyphen.
        return f"{name}-{count}" if count else name

    def append(self, operation: Operation, qubits: tuple[Any, ...], bits: tuple[Any, ...]) -> None:
        """Adds an instruction to the circuit or to the open control-flow block."""
        if self.blocks:
            self.circuit.append(operation, qubits, bits, copy=False)
        else:
            # Documented for callers that hold the only reference and have checked the operands.
            add: Any = self.circuit._append  # pyright: ignore[reportPrivateUsage] - see above
            add(CircuitInstruction(operation, qubits, bits))

    @contextmanager
    def block(self) -> Generator[dict[str, Any], None, None]:
        """A block of control flow, with names of its own."""
        self._scanner.deeper()
        self.blocks += 1
        self.names.append({})
        yield self.names[-1]
        self.names.pop()
        self.blocks -= 1
        self._scanner.depth -= 1

    @contextmanager
    def gate_body(self, body: QuantumCircuit, names: dict[str, Any]) -> Generator[None, None, None]:
        """The body of a gate's definition, with a circuit, names and costs of its own."""
        outside = (self.circuit, self.names, self.cost, self.symbolic_phases)
        self.circuit, self.names, self.cost, self.symbolic_phases = body, [names], 0, 0
        self.in_gate, self.definition_depth = True, 0
        yield
        self.in_gate = False
        self.circuit, self.names, self.cost, self.symbolic_phases = outside
