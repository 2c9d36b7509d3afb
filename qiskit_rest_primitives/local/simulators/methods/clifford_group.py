"""The 24 Clifford gates of one qubit by number, up to a phase.

Number ``4 * frame + pauli`` is first the frame's gate, one of six, then a Pauli: I, X, Y, Z.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

PAULIS = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
FRAMES = ((), ("H",), ("S",), ("H", "S"), ("S", "H"), ("SQRT_X",))
"""Gates of each frame, first to last, by stim's names."""

FIXED_GATES = {
    "id": PAULIS[0],
    "sx": np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2,
    "x": PAULIS[1],
}
"""Gates of the devices without an angle."""
# Of unitaries that differ by some 1e-6 in their angles, as `clifford_sweep` allows.
_CLOSE = 1 - 1e-11
_GATES = {
    "H": np.array([[1, 1], [1, -1]]) / math.sqrt(2),
    "S": np.array([[1, 0], [0, 1j]]),
    "SQRT_X": FIXED_GATES["sx"],
}


@cache
def matrices() -> np.ndarray:
    """Unitaries ``(24, 2, 2)``."""
    found: list[np.ndarray] = []
    for frame in FRAMES:
        matrix = np.eye(2, dtype=complex)
        for name in frame:
            matrix = _GATES[name] @ matrix
        found += [pauli @ matrix for pauli in PAULIS]
    return np.array(found)


def number_of(matrix: np.ndarray) -> int:
    """The number of a Clifford gate."""
    overlaps = np.abs(np.einsum("nij,ij->n", matrices().conj(), matrix))
    return int(np.argmax(overlaps))


@cache
def products() -> np.ndarray:
    """uint8 ``(24, 24)``: number of the gate that is first the column's, then the row's."""
    every = matrices()
    return np.array([[number_of(b @ a) for a in every] for b in every], dtype=np.uint8)


@cache
def fixed_gate(name: str) -> int:
    """The number of one of `FIXED_GATES`."""
    return number_of(FIXED_GATES[name])


def nearest(unitaries: np.ndarray) -> np.ndarray | None:
    """The numbers of unitaries ``(..., 2, 2)``; None if one of them is no Clifford gate."""
    overlaps = np.abs(np.einsum("nij,...ij->...n", matrices().conj(), unitaries)) / 2
    return np.argmax(overlaps, axis=-1) if np.all(overlaps.max(axis=-1) > _CLOSE) else None


def rotations(axis: str, angles: np.ndarray) -> np.ndarray:
    """Unitaries ``(angles, 2, 2)`` of rotations about x or z."""
    half = np.asarray(angles)[:, None, None] / 2
    return np.cos(half) * PAULIS[0] - 1j * np.sin(half) * PAULIS[1 if axis == "x" else 3]


@cache
def quarter_turns(axis: str) -> np.ndarray:
    """uint8 ``(4,)``: numbers of the rotations about x or z by 0, 1, 2 and 3 times pi/2."""
    turns = rotations(axis, np.arange(4) * math.pi / 2)
    return np.array([number_of(turn) for turn in turns], dtype=np.uint8)
