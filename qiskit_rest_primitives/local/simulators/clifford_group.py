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


@cache
def quarter_turns(axis: str) -> np.ndarray:
    """uint8 ``(4,)``: numbers of the rotations about x or z by 0, 1, 2 and 3 times pi/2."""
    pauli = PAULIS[1 if axis == "x" else 3]
    angles = np.arange(4) * math.pi / 2
    return np.array(
        [number_of(math.cos(a / 2) * PAULIS[0] - 1j * math.sin(a / 2) * pauli) for a in angles],
        dtype=np.uint8,
    )
