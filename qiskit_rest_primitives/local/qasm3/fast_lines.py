"""Plain lines at full speed: `rz(0.5) q[3];` by dictionary, everything else left to the parser.

The parser adds each line, gate's name, list of operands and symbolic angle that it has read. Their
meanings stay the same until the end of the text, because names can't be declared twice. A line of
known parts is appended here; the first line with an unknown part stops the loop, and the parser
reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from qiskit.circuit import CircuitInstruction, Measure, QuantumCircuit

from qiskit_rest_primitives.local.qasm3.gates import Definition, GateKind
from qiskit_rest_primitives.local.qasm3.qiskit_types import Angle, Bit, Instruction

# Characters split at a time; only one window's pieces are in memory beside the circuit. The first
# window is small, because a line that is not plain discards the rest of its window.
FIRST_WINDOW = 1 << 8
WINDOW = 1 << 14
MAX_RESERVED = 1_000_000
# Most entries of each dictionary.
MAX_ENTRIES = 20_000


def reserve(circuit: QuantumCircuit, operations: int) -> None:
    """Makes room for the operations that are about to be appended.

    A list that grows by doubling takes up to three times its memory while it is copied.
    """
    data: Any = circuit._data  # pyright: ignore[reportPrivateUsage] - only saves memory
    if hasattr(data, "reserve"):
        data.reserve(min(operations, MAX_RESERVED))


class FastLines:
    """Plain lines and their parts, with their meanings.

    Attributes:
        lines: instructions of Qiskit by their whole line.
        costly: the same for gates that the text defines, with their number of operations.
        heads: gates of Qiskit with a fixed number of angles, by name.
        operands: distinct qubits by the text that names them.
        bits: bits by the text that names them.
        values: symbolic angles by their text.
    """

    def __init__(self):
        self.lines: dict[str, Instruction] = {}
        self.costly: dict[str, tuple[Instruction, int]] = {}
        self.heads: dict[str, tuple[Any, int, int]] = {}
        self.operands: dict[str, tuple[Bit, ...]] = {}
        self.bits: dict[str, Bit] = {}
        self.values: dict[str, Angle] = {}
        self.reserved = False

    def add_qubits(self, name: str, qubits: Sequence[Bit]) -> None:
        """A register: ``name[0]`` and so on."""
        for index, qubit in enumerate(qubits[: MAX_ENTRIES - len(self.operands)]):
            self.operands[f"{name}[{index}]"] = (qubit,)

    def add_bits(self, name: str, bits: Sequence[Bit]) -> None:
        """A register of bits."""
        for index, bit in enumerate(bits[: MAX_ENTRIES - len(self.bits)]):
            self.bits[f"{name}[{index}]"] = bit

    def add_gate(
        self, name: str, kind: GateKind | Definition, operands: str, qubits: tuple[Bit, ...]
    ) -> None:
        """A plain call of a gate; ``operands`` is the text between its angles and the semicolon."""
        if kind.standard is not None:
            self.heads[name] = (kind.standard, kind.num_parameters, kind.num_qubits)
        if len(self.operands) < MAX_ENTRIES:
            self.operands[operands.strip()] = qubits

    def add_angle(self, text: str, value: Angle) -> None:
        """A symbolic angle."""
        if len(self.values) < MAX_ENTRIES:
            self.values[text] = value

    def add_line(self, text: str, instruction: Instruction, cost: int) -> None:
        """A line without angles, its instruction, and the instruction's cost."""
        if cost > 1:
            if len(self.costly) < MAX_ENTRIES:
                self.costly[text] = (instruction, cost)
        elif len(self.lines) < MAX_ENTRIES:
            self.lines[text] = instruction

    def read(
        self, text: str, position: int, circuit: QuantumCircuit, check: Callable[[], None]
    ) -> tuple[int, int]:
        """Appends the plain lines from ``position`` on.

        Args:
            text: the whole text.
            position: where to begin.
            circuit: appended to.
            check: called now and then; raises to stop reading.

        Returns:
            Where the first other line begins, and the operations that were appended.
        """
        known, instruction_of = self.lines.get, self._instruction
        # Documented for callers that hold the only reference and have checked the operands.
        append: Any = circuit._append  # pyright: ignore[reportPrivateUsage] - see above
        start, operations, window = position, 0, FIRST_WINDOW
        while True:
            end = text.rfind(";", position, position + window)
            if end < 0:
                return position, operations
            for piece in text[position:end].split(";"):
                line = piece.strip()
                instruction = known(line)
                if instruction is None:
                    instruction = instruction_of(line)
                    if instruction is None:
                        if line not in self.costly:
                            return position, operations
                        instruction, cost = self.costly[line]
                        operations += cost - 1
                append(instruction)
                operations += 1
                position += len(piece) + 1
            check()
            if window < WINDOW:
                window *= 4
            elif not self.reserved:
                self.reserved = True
                share = (len(text) - position) / (position - start)
                reserve(circuit, int(1.05 * operations * share))

    def _instruction(self, line: str) -> Instruction:
        """The instruction of a line made of known parts; None sends it to the parser."""
        opening = line.find("(")
        if opening < 0:
            return self._without_angles(line)
        closing = line.rfind(")")
        head = self.heads.get(line[:opening])
        qubits = self._qubits(line[closing + 1 :].strip())
        angles = self._angles(line[opening + 1 : closing])
        if head is None or qubits is None or angles is None:
            return None
        standard, num_angles, num_qubits = head
        if len(angles) != num_angles or len(qubits) != num_qubits:
            return None
        return CircuitInstruction.from_standard(standard, qubits, angles)

    def _angles(self, text: str) -> list[Angle] | None:
        values = self.values
        if text in values:
            return [values[text]]
        try:
            if "," not in text:
                angle = float(text)
                return [angle] if isfinite(angle) else None
            parts = [part.strip() for part in text.split(",")]
            angles: list[Angle] = [
                values[part] if part in values else float(part) for part in parts
            ]
        except ValueError:
            return None
        return angles if all(isfinite(a) for a in angles if isinstance(a, float)) else None

    def _without_angles(self, line: str) -> Instruction:
        target, measured, rest = line.partition(" = measure ")
        if measured:
            qubits, bit = self.operands.get(rest), self.bits.get(target)
            if qubits is None or bit is None or len(qubits) != 1:
                return None
            instruction = CircuitInstruction(Measure(), qubits, (bit,))
        else:
            name, _, rest = line.partition(" ")
            head = self.heads.get(name)
            qubits = self._qubits(rest.strip())
            if head is None or qubits is None or head[1] or len(qubits) != head[2]:
                return None
            instruction = CircuitInstruction.from_standard(head[0], qubits, [])
        self.add_line(line, instruction, 1)
        return instruction

    def _qubits(self, text: str) -> tuple[Bit, ...] | None:
        qubits = self.operands.get(text)
        if qubits is None and "," in text:
            parts = [self.operands.get(part.strip()) for part in text.split(",")]
            if all(part is not None and len(part) == 1 for part in parts):
                qubits = tuple(part[0] for part in parts if part)
                if len(set(qubits)) != len(qubits):
                    return None
                if len(self.operands) < MAX_ENTRIES:
                    self.operands[text] = qubits
        return qubits
