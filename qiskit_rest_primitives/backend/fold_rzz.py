"""How the transpiler brings an rzz angle into [0, π/2], where a device is calibrated for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit.dagcircuit import DAGCircuit


def teach_transpiler_rzz() -> None:
    """Registers `fold_rzz` with Qiskit's pass that wraps angles into a target's bounds."""
    # The path of Qiskit 2.2; later releases keep it beside WrapAngles.DEFAULT_REGISTRY.
    from qiskit.transpiler.passes.utils.wrap_angles import WRAP_ANGLE_REGISTRY

    WRAP_ANGLE_REGISTRY.add_wrapper("rzz", fold_rzz)


def fold_rzz(angles: Sequence[float], qubits: Sequence[Any] = ()) -> DAGCircuit:
    """The circuit of rzz(angle) from rzz in [0, π/2], rz and x, global phase included.

    Args:
        angles: the one angle, any number.
        qubits: where the pass found it; not used.
    """
    from qiskit.circuit import Qubit
    from qiskit.circuit.library import RZGate, RZZGate, XGate
    from qiskit.dagcircuit import DAGCircuit

    angle = float(angles[0])
    wrapped = math.remainder(angle, 2 * math.pi)
    dag = DAGCircuit()
    pair = (Qubit(), Qubit())
    dag.add_qubits(pair)
    # rzz(θ + 2π) = -rzz(θ)
    if round((angle - wrapped) / (2 * math.pi)) % 2:
        dag.global_phase += math.pi
    if abs(wrapped) > math.pi / 2:
        # rzz(±π) = exp(±iπ/2) rz(π) ⊗ rz(π)
        half_turn = math.copysign(math.pi, wrapped)
        dag.global_phase += half_turn / 2
        for qubit in pair:
            dag.apply_operation_back(RZGate(math.pi), (qubit,))
        wrapped -= half_turn
    if wrapped < 0:
        # rzz(-θ) = (x ⊗ 1) rzz(θ) (x ⊗ 1)
        dag.apply_operation_back(XGate(), pair[:1])
        dag.apply_operation_back(RZZGate(-wrapped), pair)
        dag.apply_operation_back(XGate(), pair[:1])
    elif wrapped > 0:
        dag.apply_operation_back(RZZGate(wrapped), pair)
    return dag
