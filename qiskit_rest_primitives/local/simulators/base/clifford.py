"""Gates of a device at multiples of π/2 -> gates of the stabilizer formalism. No simulation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qiskit.circuit import ControlFlowOp
from qiskit.circuit.library import get_standard_gate_name_mapping

from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.base.gate_sets import CLIFFORD_GATES

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

_TOLERANCE = 1e-9
_CURE = "Use aer_statevector or aer_matrix_product_state for other circuits."
_ROTATED = frozenset({"p", "rx", "ry", "rz", "rzz"})
# Aer's channels, errors and save instructions need no rewriting.
_NOT_GATES = frozenset(
    {"barrier", "measure", "qerror_loc", "quantum_channel", "reset", "save_expval"}
)
_ROTATIONS = {
    "rz": ((), ("s",), ("z",), ("sdg",)),
    "p": ((), ("s",), ("z",), ("sdg",)),
    "rx": ((), ("sx",), ("x",), ("sxdg",)),
    # sdg sx s = Rx turned to Ry, up to a phase
    "ry": ((), ("sdg", "sx", "s"), ("y",), ("sdg", "sxdg", "s")),
}
_GATES: dict[str, Callable[..., Any]] = {
    name: gate.base_class for name, gate in get_standard_gate_name_mapping().items()
}


def is_clifford(circuit: QuantumCircuit) -> bool:
    """Whether `as_clifford` can rewrite the circuit; its parameters have to be bound."""
    return all(
        all(is_clifford(block) for block in operation.blocks)
        if isinstance(operation, ControlFlowOp)
        else operation.name in _NOT_GATES
        or (
            _quarter_turns(operation.params[0]) is not None
            if operation.name in _ROTATED
            else operation.name in CLIFFORD_GATES
        )
        for operation in (instruction.operation for instruction in circuit.data)
    )


def as_clifford(circuit: QuantumCircuit) -> QuantumCircuit:
    """Rewrites rotations by multiples of π/2, up to a global phase.

    The last gate of a rotation is labelled with the rotation's name, the others with a name that no
    error has: Aer looks up noise by label, so each rotation gets its noise once.

    Raises:
        RefusedError: another gate, or a rotation by another angle.
    """
    rewritten = circuit.copy_empty_like()
    rewritten.global_phase = 0
    for instruction in circuit.data:
        operation, qubits = instruction.operation, list(instruction.qubits)
        if isinstance(operation, ControlFlowOp):
            blocks = [as_clifford(block) for block in operation.blocks]
            rewritten.append(operation.replace_blocks(blocks), qubits, instruction.clbits)
        elif operation.name in _ROTATED:
            _append_rotation(rewritten, operation, qubits)
        elif operation.name in CLIFFORD_GATES or operation.name in _NOT_GATES:
            rewritten.append(instruction)
        else:
            raise RefusedError(f"{operation.name} is not a Clifford gate", solution=_CURE)
    return rewritten


def _append_rotation(circuit: QuantumCircuit, gate: Any, qubits: list[Any]) -> None:
    turns = _quarter_turns(gate.params[0])
    if turns is None:
        raise RefusedError(f"{gate.name}({gate.params[0]}) is not a Clifford gate", solution=_CURE)
    names = _ROTATIONS["rz" if gate.name == "rzz" else gate.name][turns] or ("id",)
    if gate.name == "rzz":
        names = ("cx", *names, "cx")
    for place, name in enumerate(names):
        last = place == len(names) - 1
        step = _GATES[name](label=(gate.label or gate.name) if last else f"part of {gate.name}")
        circuit.append(step, qubits if step.num_qubits == len(qubits) else qubits[-1:])


def _quarter_turns(angle: Any) -> int | None:
    """The angle in units of π/2, modulo 4; None when it is not a multiple."""
    if not isinstance(angle, (int, float)) or not math.isfinite(angle):
        return None
    turns = round(angle / (math.pi / 2))
    return turns % 4 if abs(angle - turns * math.pi / 2) < _TOLERANCE else None
