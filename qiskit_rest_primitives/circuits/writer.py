"""A flat circuit -> the statements of its OpenQASM 3 text, at about 2 us an operation.

In: QuantumCircuit of standard gates, measure, reset, barrier, delay, control flow, and custom gates
defined by these. Out: the body of the text and the gate definitions it needs. Without control flow
and custom gates it equals ``qasm3.dumps(circuit, disable_constants=True)``, byte for byte.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from qiskit.circuit import Barrier, Delay, Measure, ParameterExpression, Reset

from qiskit_rest_primitives.circuits import control_flow
from qiskit_rest_primitives.circuits.block import Block, duration_text
from qiskit_rest_primitives.circuits.expressions import constant
from qiskit_rest_primitives.circuits.flatten import is_custom, is_standard
from qiskit_rest_primitives.circuits.gates import spelling
from qiskit_rest_primitives.circuits.names import QUBITS
from qiskit_rest_primitives.circuits.variables import Variables
from qiskit_rest_primitives.errors import EncodeError

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit, Qubit

    from qiskit_rest_primitives.circuits.parameters import Inputs
    from qiskit_rest_primitives.circuits.registers import RegisterMap

# Lines are joined in chunks: one str per line would take four times the memory of the text.
_LINES_A_CHUNK = 4096
_ENCODER = msgspec.json.Encoder()
# Outside this range repr writes an exponent, which msgspec formats differently.
_LEAST, _MOST = 1e-4, 1e16


class NotFlatError(Exception):
    """An operation must be synthesised first."""


class Writer:
    """Writes the statements of one circuit.

    Attributes:
        inputs: collects the parameters and expressions.
        registers: the wire's classical registers.
        variables: the real-time variables.
        definitions: the gate definitions in order; a dict for its ordered keys.
    """

    def __init__(self, inputs: Inputs, registers: RegisterMap):
        self.inputs = inputs
        self.registers = registers
        self.variables = Variables()
        self.definitions: dict[str, None] = {}
        self._identifiers: dict[str, str] = {}
        self._context = control_flow.Context(self.statements, registers, self.variables)

    def body(self, circuit: QuantumCircuit) -> str:
        """Writes a whole circuit.

        Raises:
            NotFlatError: the circuit has to be flattened.
            EncodeError: a part of the circuit can't be sent.
        """
        qubits = {qubit: f"{QUBITS}[{index}]" for index, qubit in enumerate(circuit.qubits)}
        chunks: list[str] = []
        lines: list[str] = []
        for line in self.statements(Block(circuit, qubits, self.registers.place, {}), ""):
            lines.append(line)
            if len(lines) == _LINES_A_CHUNK:
                chunks.append("".join(lines))
                lines.clear()
        chunks.append("".join(lines))
        return "".join(chunks)

    def statements(self, block: Block, indent: str) -> Iterator[str]:
        """Yields the statements of a block, each with its line feed."""
        yield from self.variables.declarations(block, indent)
        operands: dict[tuple[Qubit, ...], str] = {}
        names = block.qubits
        identifiers = self._identifiers
        encode_float = _ENCODER.encode
        # A loop variable shadows an input of the same name.
        known = {} if block.loops else self.inputs.plain
        use = self.inputs.used.add
        for index, instruction in enumerate(block.circuit.data):
            if not instruction.is_standard_gate():
                yield from self._other(block, index, instruction, indent)
                continue
            gate = instruction.name
            qubits = instruction.qubits
            text = operands.get(qubits)
            if text is None:
                text = operands[qubits] = ", ".join([names[qubit] for qubit in qubits])
            identifier = identifiers.get(gate)
            if identifier is None:
                if not qubits:
                    continue  # a global phase: no result of a primitive depends on it
                identifier = self._define(instruction)
            params = instruction.params
            if not params:
                yield f"{indent}{identifier} {text};\n"
                continue
            angles: list[str] = []
            for angle in params:
                # In this range msgspec writes the same text as repr, in a quarter of the time.
                if type(angle) is float and (_LEAST <= angle < _MOST or -_MOST < angle <= -_LEAST):
                    angles.append(encode_float(angle).decode())
                else:
                    name = known.get(angle)
                    if name is not None:
                        use(name)
                    angles.append(name or self._angle(angle, block, index, instruction))
            angle_text = angles[0] if len(angles) == 1 else ", ".join(angles)
            yield f"{indent}{identifier}({angle_text}) {text};\n"

    def _define(self, instruction: Any) -> str:
        identifier, definitions = spelling(instruction.operation)
        self.definitions.update(dict.fromkeys(definitions))
        self._identifiers[instruction.name] = identifier
        return identifier

    def _angle(self, angle: Any, block: Block, index: int, instruction: Any) -> str:
        if isinstance(angle, ParameterExpression):
            if angle in block.loops:
                return block.loops[angle]
            where = partial(block.where, index, instruction)
            if angle in self.inputs.plain:
                return self.inputs.name(angle, where)
            number = constant(angle)
            if number is None and block.loops.keys().isdisjoint(angle.parameters):
                return self.inputs.name(angle, where)
            if number is None:
                return control_flow.loop_expression(angle, block.loops, self.inputs, where)
            angle = number
        value = complex(angle)
        if value.imag != 0 or not math.isfinite(value.real):
            raise EncodeError(
                f"{block.where(index, instruction)} has the angle {angle}; "
                f"angles must be finite real numbers"
            )
        return repr(value.real)

    def _other(self, block: Block, index: int, instruction: Any, indent: str) -> Iterator[str]:
        operation = instruction.operation
        qubits = [block.qubits[qubit] for qubit in instruction.qubits]
        if isinstance(operation, Measure):
            register, bit = block.clbits[instruction.clbits[0]]
            yield f"{indent}{register}[{bit}] = measure {qubits[0]};\n"
        elif isinstance(operation, Barrier):
            if qubits:
                yield f"{indent}barrier {', '.join(qubits)};\n"
        elif isinstance(operation, Reset):
            yield f"{indent}reset {qubits[0]};\n"
        elif isinstance(operation, Delay):
            duration = duration_text(operation, block.where(index, instruction))
            yield f"{indent}delay[{duration}] {qubits[0]};\n"
        elif isinstance(operation, control_flow.INSTRUCTIONS):
            yield from control_flow.statements(self._context, block, index, instruction, indent)
        elif is_standard(operation):
            angles = [self._angle(angle, block, index, instruction) for angle in operation.params]
            in_brackets = f"({', '.join(angles)})" if angles else ""
            yield f"{indent}{self._define(instruction)}{in_brackets} {', '.join(qubits)};\n"
        elif is_custom(operation):
            definition = block.inner(operation.definition, index, instruction, "definition")
            yield from self.statements(definition, indent)
        else:
            raise NotFlatError(block.where(index, instruction))
