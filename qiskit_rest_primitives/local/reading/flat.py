"""Plain lines at full speed: `rz(0.5) q[3];` by dictionary, everything else left to the parser.

The parser teaches: what a line, a gate's name, a list of operands or a symbolic angle means once,
it means until the end, because names can't be declared twice. A line that is made of known parts is
appended here; the first one that is not stops the loop, and the parser reads it.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, ParameterExpression, Qubit

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.reading.declarations import Operand
    from qiskit_rest_primitives.local.reading.gates import Definition, GateKind

# Characters split at a time: the pieces of one window are all that is alive beside the circuit.
WINDOW = 1 << 14
# Bounds what the dictionaries hold, whatever the text.
MAX_LEARNT = 20_000


class FlatLines:
    """What the parts of plain lines mean.

    Attributes:
        lines: instructions of Qiskit by their whole line.
        costly: the same for gates that the text defines, with the operations they stand for.
        heads: gates of Qiskit with a fixed number of angles, by name.
        operands: distinct qubits by the text that names them.
        values: symbolic angles by their text.
    """

    def __init__(self):
        self.lines: dict[str, CircuitInstruction] = {}
        self.costly: dict[str, tuple[CircuitInstruction, int]] = {}
        self.heads: dict[str, tuple[Any, int, int]] = {}
        self.operands: dict[str, tuple[Qubit, ...]] = {}
        self.values: dict[str, ParameterExpression] = {}

    def learn_gate(
        self, name: str, kind: GateKind | Definition, text: str, operands: list[Operand]
    ) -> None:
        """A plain call of a gate, with the text between its angles and the semicolon."""
        if kind.standard is not None:
            self.heads[name] = (kind.standard, kind.num_parameters, kind.num_qubits)
        if len(self.operands) < MAX_LEARNT:
            self.operands[text.strip()] = tuple(operand.bits[0] for operand in operands)

    def learn_value(self, text: str, value: ParameterExpression) -> None:
        """A symbolic angle."""
        if len(self.values) < MAX_LEARNT:
            self.values[text] = value

    def learn_line(self, text: str, circuit: QuantumCircuit, cost: int) -> None:
        """A line that has just become the circuit's last instruction."""
        if len(self.lines) + len(self.costly) < MAX_LEARNT:
            if cost == 1:
                self.lines[text] = circuit.data[-1]
            else:
                self.costly[text] = (circuit.data[-1], cost)

    def instruction(self, line: str) -> CircuitInstruction | None:
        """The instruction of a line made of known parts; None sends it to the parser."""
        opening = line.find("(")
        if opening < 0:
            name, _, rest = line.partition(" ")
            angles: list[Any] = []
        else:
            closing = line.rfind(")")
            name, rest = line[:opening], line[closing + 1 :]
            text = line[opening + 1 : closing]
            values = self.values
            try:
                value = values.get(text)
                if value is not None:
                    angles = [value]
                elif "," in text:
                    parts = [part.strip() for part in text.split(",")]
                    angles = [values[part] if part in values else float(part) for part in parts]
                else:
                    angles = [float(text)]
            except ValueError:
                return None
        head = self.heads.get(name)
        qubits = self.operands.get(rest.strip())
        if head is None or qubits is None:
            return None
        standard, num_angles, num_qubits = head
        if len(angles) != num_angles or len(qubits) != num_qubits:
            return None
        for angle in angles:
            if angle.__class__ is float and not isfinite(angle):
                return None
        return CircuitInstruction.from_standard(standard, qubits, angles)

    def read(self, text: str, position: int, circuit: QuantumCircuit) -> tuple[int, int]:
        """Appends the plain lines from ``position`` on.

        Returns:
            Where the first other line begins, and the operations that were appended.
        """
        known, costly, instruction_of = self.lines.get, self.costly.get, self.instruction
        append, operations = circuit._append, 0
        while True:
            end = text.rfind(";", position, position + WINDOW)
            if end < 0:
                return position, operations
            for piece in text[position:end].split(";"):
                line = piece.strip()
                instruction = known(line)
                if instruction is None:
                    instruction = instruction_of(line)
                    if instruction is None:
                        custom = costly(line)
                        if custom is None:
                            return position, operations
                        instruction = custom[0]
                        operations += custom[1] - 1
                    elif "(" not in line and len(self.lines) < MAX_LEARNT:
                        self.lines[line] = instruction
                append(instruction)
                operations += 1
                position += len(piece) + 1
