"""A circuit and values of its parameters -> the Clifford gates of each row. No simulation.

The gates of a qubit between two operations on more than it, such as CZ, measurements and noise,
are one *dressing*. Rows that differ by Paulis only have the same frames and other Paulis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from qiskit_rest_primitives.local.simulators.devices.device_part import DevicePart
from qiskit_rest_primitives.local.simulators.methods.angles import angles_of
from qiskit_rest_primitives.local.simulators.methods.clifford_group import (
    FIXED_GATES,
    fixed_gate,
    matrices,
    nearest,
    products,
    quarter_turns,
    rotations,
)
from qiskit_rest_primitives.local.simulators.noise.idle_noise import (
    Phase,
    Relaxation,
    noisy_events,
)

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

# Values of twirled sweeps come from decompositions of matrices. An angle that is this far from a
# multiple of pi/2 changes a probability by 1e-12.
_TOLERANCE = 1e-6
_TURNING = {"rx": "x", "rz": "z"}
_CONSTANT = 24
_VALUES_AT_ONCE = 1 << 22


@dataclass
class Dressing:
    """Gates of one qubit without anything between them.

    Attributes:
        qubit: its number.
        number: column in the numbers of `read_rows`.
        names: the gates that take time and have noise, all but rz.
        entries: of each gate: its number, or 24 plus the number of its angle.
    """

    qubit: int
    number: int
    names: list[str] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Coupling:
    """A gate of two qubits.

    Attributes:
        name: cz or rzz.
        qubits: their numbers.
        angle: number of the angle of rzz; None for cz.
    """

    name: str
    qubits: tuple[int, ...]
    angle: int | None = None


@dataclass(frozen=True)
class Reading:
    """A measurement into a bit, or a reset where `clbit` is None."""

    qubit: int
    clbit: int | None


Piece: TypeAlias = Dressing | Coupling | Reading | Relaxation | Phase


@dataclass
class DressedCircuit:
    """A circuit whose gates on one qubit are gathered.

    Attributes:
        pieces: in the order in which they act.
        angles: distinct angles: the axis ("x", "z" or, for rzz, "zz") and the value or expression.
        num_dressings: number of dressings.
        couplings: numbers of the angles of the rzz gates.
    """

    pieces: list[Piece] = field(default_factory=list)
    angles: list[tuple[str, Any]] = field(default_factory=list)
    num_dressings: int = 0
    couplings: list[int] = field(default_factory=list)


def dressed_circuit(circuit: QuantumCircuit, part: DevicePart) -> DressedCircuit | None:
    """Gathers the gates of a device's circuit; None if it has operations other than Clifford gates.

    Args:
        circuit: with or without parameters.
        part: the device's numbers.
    """
    found = DressedCircuit()
    clbits = {clbit: number for number, clbit in enumerate(circuit.clbits)}
    open_: dict[int, Dressing] = {}
    angles: dict[tuple[str, Any], int] = {}

    def angle(axis: str, value: Any) -> int:
        if (axis, value) not in angles:
            angles[axis, value] = len(found.angles)
            found.angles.append((axis, value))
        return angles[axis, value]

    def close(qubits: Sequence[int]) -> None:
        for qubit in qubits:
            if (dressing := open_.pop(qubit, None)) is not None:
                found.pieces.append(dressing)

    for event in noisy_events(circuit, part):
        if isinstance(event, (Relaxation, Phase)):
            close(event.qubits if isinstance(event, Phase) else [event.qubit])
            found.pieces.append(event)
            continue
        operation, qubits = event.instruction.operation, event.qubits
        name = operation.name
        if name in FIXED_GATES or name in _TURNING:
            [qubit] = qubits
            if qubit not in open_:
                open_[qubit] = Dressing(qubit, found.num_dressings)
                found.num_dressings += 1
            dressing = open_[qubit]
            if name in _TURNING:
                dressing.entries.append(_CONSTANT + angle(_TURNING[name], operation.params[0]))
            else:
                dressing.entries.append(fixed_gate(name))
            if name != "rz":
                dressing.names.append(name)
            continue
        close(qubits)
        if name == "cz":
            found.pieces.append(Coupling(name, qubits))
        elif name == "rzz":
            found.couplings.append(angle("zz", operation.params[0]))
            found.pieces.append(Coupling(name, qubits, found.couplings[-1]))
        elif name == "measure":
            found.pieces.append(Reading(qubits[0], clbits[event.instruction.clbits[0]]))
        elif name == "reset":
            found.pieces.append(Reading(qubits[0], None))
        else:
            return None
    # Gates after the last measurement of a qubit change no bit.
    return found


def read_rows(
    dressed: DressedCircuit, parameters: Sequence[Any], rows: np.ndarray
) -> np.ndarray | None:
    """The Clifford gates of each row; None if a dressing is none or the angle of a rzz is no turn.

    Args:
        dressed: the circuit.
        parameters: of the columns of `rows`.
        rows: values ``(points, parameters)``.

    Returns:
        uint8 ``(points, dressings + rzz gates)``: number of the Clifford gate of each dressing, and
        quarter turns of each rzz gate.
    """
    at_once = max(1, _VALUES_AT_ONCE // max(1, len(dressed.angles)))
    parts: list[np.ndarray] = []
    for first in range(0, len(rows), at_once):
        values = _values(dressed, parameters, rows[first : first + at_once])
        if not np.isfinite(values).all() or (part := _numbers(dressed, values)) is None:
            return None
        parts.append(part)
    return np.concatenate(parts)


def _numbers(dressed: DressedCircuit, values: np.ndarray) -> np.ndarray | None:
    """The rows of `read_rows`, from the angles ``(points, angles)``."""
    turns = np.rint(values / (math.pi / 2))
    uneven = np.any(np.abs(values - turns * (math.pi / 2)) > _TOLERANCE, axis=0)
    turns = (turns % 4).astype(np.uint8)
    if uneven[dressed.couplings].any():
        return None
    axes = np.array([axis for axis, _ in dressed.angles])
    elements = np.empty((len(turns), _CONSTANT + len(axes)), dtype=np.uint8)
    elements[:, :_CONSTANT] = np.arange(_CONSTANT)
    for axis in ("x", "z"):
        columns = np.flatnonzero(axes == axis)
        elements[:, _CONSTANT + columns] = quarter_turns(axis)[turns[:, columns]]
    dressings = [piece for piece in dressed.pieces if isinstance(piece, Dressing)]
    longest = max((len(dressing.entries) for dressing in dressings), default=0)
    table = np.zeros((dressed.num_dressings, longest), dtype=np.intp)
    for dressing in dressings:
        table[dressing.number, : len(dressing.entries)] = dressing.entries
    numbers = np.zeros((len(turns), dressed.num_dressings), dtype=np.uint8)
    for column in table.T:
        numbers = products()[elements[:, column], numbers]
    # Of the three rotations about Z of an identity only the sum is certain.
    uneven = np.concatenate([np.zeros(_CONSTANT, dtype=bool), uneven])
    for dressing in dressings:
        if uneven[dressing.entries].any():
            found = nearest(_product(dressing, dressed, values))
            if found is None:
                return None
            numbers[:, dressing.number] = found
    return np.concatenate([numbers, turns[:, dressed.couplings]], axis=1)


def _product(dressing: Dressing, dressed: DressedCircuit, values: np.ndarray) -> np.ndarray:
    """Unitaries ``(points, 2, 2)`` of a dressing."""
    product = np.eye(2, dtype=complex)[None]
    for entry in dressing.entries:
        if entry < _CONSTANT:
            product = matrices()[entry] @ product
        else:
            axis, _ = dressed.angles[entry - _CONSTANT]
            product = rotations(axis, values[:, entry - _CONSTANT]) @ product
    return product


def _values(dressed: DressedCircuit, parameters: Sequence[Any], rows: np.ndarray) -> np.ndarray:
    """Angles ``(points, angles)``."""
    place = {parameter: column for column, parameter in enumerate(parameters)}
    values = np.empty((len(rows), len(dressed.angles)))
    for column, (_, angle) in enumerate(dressed.angles):
        values[:, column] = angles_of(angle, place, rows)
    return values
