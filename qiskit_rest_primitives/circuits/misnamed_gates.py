"""Renames custom gates that share a name with one of Qiskit's.

Qiskit's passes compare names only: a custom gate called ``x`` is treated as an X. In: any circuit,
which is not changed. Out: a circuit without such gates, in definitions and bodies of control flow
too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qiskit.circuit import (
    AnnotatedOperation,
    ControlFlowOp,
    Gate,
    Instruction,
    QuantumCircuit,
)
from qiskit.circuit.library import IGate


class GateRenamer:
    """Renames the custom gates of one circuit.

    Args:
        has_misleading_name: whether Qiskit's passes would confuse an operation with another one.
    """

    def __init__(self, has_misleading_name: Callable[[Any], bool]):
        self._has_misleading_name = has_misleading_name
        # Keyed by id(); holding the operation keeps its id from being reused.
        self._done: dict[tuple[int, bool], tuple[Any, Any]] = {}

    def circuit(self, circuit: QuantumCircuit, *, annotated: bool = False) -> QuantumCircuit:
        """Returns the circuit with every such operation renamed; if there is none, the circuit.

        Args:
            circuit: a circuit, a body of control flow or a definition.
            annotated: whether it is the definition of an `AnnotatedOperation`'s base operation.
        """
        renamed: dict[int, Any] = {}
        for index, instruction in enumerate(circuit.data):
            if instruction.is_standard_gate() and not annotated:
                continue
            operation = self._operation(instruction.operation, annotated)
            if operation is not instruction.operation:
                renamed[index] = instruction.replace(operation=operation)
        if not renamed:
            return circuit
        copy = circuit.copy_empty_like()
        for index, instruction in enumerate(circuit.data):
            copy.append(renamed.get(index, instruction))
        return copy

    def _operation(self, operation: Any, annotated: bool) -> Any:
        key = (id(operation), annotated)
        if key not in self._done:
            self._done[key] = (operation, self._renamed(operation, annotated))
        return self._done[key][1]

    def _renamed(self, operation: Any, annotated: bool) -> Any:
        if isinstance(operation, ControlFlowOp):
            bodies: Any = operation.blocks
            renamed = [self.circuit(body) for body in bodies]
            if all(new is old for new, old in zip(renamed, bodies, strict=True)):
                return operation
            return operation.replace_blocks(renamed)
        if isinstance(operation, AnnotatedOperation):
            base = self._operation(operation.base_op, True)
            if base is operation.base_op:
                return operation
            return AnnotatedOperation(base, operation.modifiers)
        if annotated and isinstance(operation, IGate):
            # Qiskit can't synthesise the identity under a modifier: it has no definition.
            return _gate(operation, QuantumCircuit(1))
        if not self._has_misleading_name(operation):
            return operation
        definition = operation.definition
        if definition is not None:
            definition = self.circuit(definition, annotated=annotated)
        return _gate(operation, definition)


def _gate(operation: Any, definition: QuantumCircuit | None) -> Instruction:
    # Qiskit's names have no spaces, so this one is unique.
    name = f"custom {operation.name}"
    renamed = (
        Gate(name, operation.num_qubits, [])
        if isinstance(operation, Gate)
        else Instruction(name, operation.num_qubits, operation.num_clbits, [])
    )
    if definition is not None:
        renamed.definition = definition
    return renamed
