"""One level of a circuit while it is written: the circuit itself, or the body of control flow.

In: a circuit or body, and the wire's names of its bits. Out: those names, and the position of an
instruction for error messages.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit.circuit import ParameterExpression
from qiskit.circuit.classical import expr

from qiskit_rest_primitives.circuits.expressions import Symbol
from qiskit_rest_primitives.errors import EncodeError

if TYPE_CHECKING:
    from qiskit.circuit import Clbit, QuantumCircuit, Qubit


@dataclass(frozen=True)
class Block:
    """A circuit or the body of a control-flow operation, with the wire's names of its bits.

    Attributes:
        circuit: the circuit or body.
        qubits: the wire's text of every qubit.
        clbits: wire register and index of every classical bit.
        loops: the names of the loop variables around it.
        depth: how many bodies enclose it.
        path: position of the body, for errors; "" for the circuit itself.
    """

    circuit: QuantumCircuit
    qubits: Mapping[Qubit, str]
    clbits: Mapping[Clbit, tuple[str, int]]
    loops: Mapping[Symbol, str]
    depth: int = 0
    path: str = ""

    def inner(self, body: QuantumCircuit, index: int, outer: Any, part: str = "body") -> Block:
        """Returns the block of a body or definition of this block's instruction ``index``."""
        return Block(
            body,
            {bit: self.qubits[outside] for bit, outside in _pairs(body.qubits, outer.qubits)},
            {bit: self.clbits[outside] for bit, outside in _pairs(body.clbits, outer.clbits)},
            self.loops,
            self.depth + 1,
            f" in the {part} of {self.where(index, outer)}",
        )

    def where(self, index: int, instruction: Any) -> str:
        """Describes the position of an instruction, for errors."""
        qubits = ", ".join(self.qubits[qubit] for qubit in instruction.qubits)
        on = f" on {qubits}" if qubits else ""
        return f"instruction {index} ({instruction.name!r}{on}){self.path}"


def _pairs(inside: Any, outside: Any) -> Any:
    return zip(inside, outside, strict=True)


def duration_text(operation: Any, where: str) -> str:
    """Returns the duration of a delay or box as an OpenQASM 3 literal.

    Args:
        operation: a delay or box, with ``duration`` and ``unit``.
        where: its position, for errors.

    Raises:
        EncodeError: the duration is not a constant, or not a finite number.
    """
    value, unit = operation.duration, operation.unit
    if isinstance(value, expr.Value):
        value, unit = value.value.value(), value.value.unit()
    if isinstance(value, (ParameterExpression, expr.Expr)):
        raise EncodeError(
            f"{where} has a duration that is not a constant ({value}); "
            f"assign a number to it before running"
        )
    if not math.isfinite(value) or value < 0:
        raise EncodeError(f"{where} has the duration {value}; it must be finite and not negative")
    # OpenQASM 3 has no picosecond.
    return f"{value / 1000}ns" if unit == "ps" else f"{value}{unit}"
