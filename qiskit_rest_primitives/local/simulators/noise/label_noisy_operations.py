"""A device's circuit -> the same with labels and instructions that carry its noise. Needs Aer.

Aer looks up noise by an instruction's label, if it has one, before its name. A user's label would
hide the noise, and to find the error of one qubit Aer would copy the errors of all qubits. So each
operation with noise has a label of its own: what it is, its qubits and, for idle qubits, how much.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qiskit.circuit import ControlFlowOp, Gate, Instruction

from qiskit_rest_primitives.local.simulators.devices.device_part import DevicePart, delay_seconds
from qiskit_rest_primitives.local.simulators.noise.idle_noise import Phase, Relaxation, noisy_events

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

IN_BLOCK = "in_block"
"""Label of a gate in a block of control flow: label of the gate with this before it."""
_COHERENT = "coherent"


def with_noise(circuit: QuantumCircuit, part: DevicePart, *, twirled: bool) -> QuantumCircuit:
    """Adds the noise of idle qubits and labels all operations that have noise.

    Args:
        circuit: to be run with the noise of a device; lengths of its delays are bound.
        part: the device's numbers.
        twirled: whether phases become random Z and ZZ, for the stabilizer method.
    """
    noisy = circuit.copy_empty_like()
    qubits = circuit.qubits
    labelled = _Labelled(part)
    for event in noisy_events(circuit, part):
        if isinstance(event, Relaxation):
            error = labelled.error(relaxation_label(event.qubit, event.seconds))
            noisy.append(error, [qubits[event.qubit]], copy=False)
        elif isinstance(event, Phase):
            places = [qubits[qubit] for qubit in event.qubits]
            noisy.append(labelled.phase(event, twirled), places, copy=False)
        else:
            operation = labelled.operation(event.instruction.operation, event.qubits)
            noisy.append(event.instruction.replace(operation=operation), copy=False)
    return noisy


def gate_label(name: str, qubits: Sequence[int]) -> str:
    """Label of a gate, whose error it has."""
    return " ".join([name, *map(str, qubits)])


def relaxation_label(qubit: int, seconds: float) -> str:
    """Label of the relaxation of a qubit; times are rounded to four digits."""
    return f"relaxation {qubit} {seconds:.4g}"


def phase_label(num_qubits: int, probability: float) -> str:
    """Label of a random Z or ZZ; probabilities are rounded to three digits."""
    return f"phase {num_qubits} {probability:.3g}"


class _Labelled:
    """Operations with labels, each made once."""

    def __init__(self, part: DevicePart):
        self._part = part
        self._made: dict[tuple[str, int], Any] = {}

    def error(self, label: str, num_qubits: int = 1) -> Any:
        """An error without a gate, in the form that Aer gives to channels in a circuit."""
        key = (label, num_qubits)
        if key not in self._made:
            self._made[key] = Instruction("qerror_loc", num_qubits, 0, [], label=label)
        return self._made[key]

    def phase(self, phase: Phase, twirled: bool) -> Any:
        """A rotation without noise of its own, or a random flip."""
        from qiskit.circuit.library import RZGate, RZZGate

        width = len(phase.qubits)
        if twirled:
            return self.error(phase_label(width, math.sin(phase.radians / 2) ** 2), width)
        return (RZGate if width == 1 else RZZGate)(phase.radians, label=_COHERENT)

    def operation(self, operation: Any, places: tuple[int, ...]) -> Any:
        """The operation with its label; blocks with labels inside."""
        if isinstance(operation, ControlFlowOp):
            return operation.replace_blocks(
                [self._block(block, places) for block in operation.blocks]
            )
        if not isinstance(operation, Gate):
            return operation
        return self._gate(operation, gate_label(operation.name, places))

    def _gate(self, gate: Gate, label: str) -> Any:
        if not gate.params and (made := self._made.get((label, gate.num_qubits))):
            return made
        labelled: Any = gate.to_mutable()
        labelled.label = label
        if not gate.params:
            self._made[label, gate.num_qubits] = labelled
        return labelled

    def _block(self, block: QuantumCircuit, outer: tuple[int, ...]) -> QuantumCircuit:
        numbers = dict(zip(block.qubits, outer, strict=True))
        labelled = block.copy_empty_like()
        for instruction in block.data:
            operation: Any = instruction.operation
            places = tuple(numbers[qubit] for qubit in instruction.qubits)
            if operation.name == "delay":
                seconds = delay_seconds(operation, self._part.dt)
                operation = self.error(relaxation_label(places[0], seconds))
            elif isinstance(operation, Gate):
                label = gate_label(operation.name, places)
                operation = self._gate(operation, f"{IN_BLOCK} {label}")
            else:
                operation = self.operation(operation, places)
            labelled.append(instruction.replace(operation=operation), copy=False)
        return labelled
