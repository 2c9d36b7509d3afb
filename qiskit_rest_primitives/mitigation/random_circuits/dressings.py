"""Single-qubit gates as numbers: the angles of rz-sx-rz-sx-rz, changed by Pauli gates around it.

A dressing is ``rz(c) sx rz(b) sx rz(a)``, c first in time; its angles are stored as (c, b, a), as
samplomatic does. Pauli gates before or after it change the angles and not the circuit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

LETTERS = "IZXY"
"""Bases by number, as samplomatic counts them; I is measured as Z."""

# U(theta, phi, lambda) = rz(phi + pi) sx rz(theta + pi) sx rz(lambda) takes the eigenstates of the
# letter to those of Z.
_TO_Z = np.array(
    [
        [0.0, math.pi, math.pi],
        [0.0, math.pi, math.pi],
        [math.pi, 1.5 * math.pi, math.pi],
        [0.5 * math.pi, 1.5 * math.pi, math.pi],
    ]
)


def to_z(letters: np.ndarray) -> np.ndarray:
    """Angles of the dressing that makes a measurement of Z one of the letter.

    Args:
        letters: int, any shape, positions in `LETTERS`.

    Returns:
        float64 ``(*shape, 3)``.
    """
    return _TO_Z[letters]


def pauli(x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Angles of the dressing that is the Pauli gate ``X^x Z^z``.

    Args:
        x: bool, any shape.
        z: bool, the same shape.
    """
    return after(np.broadcast_to(_TO_Z[0], (*x.shape, 3)), x, z)


def before(angles: np.ndarray, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Angles of the dressing and ``X^x Z^z`` before it in time, up to a phase.

    Args:
        angles: float64 ``(*shape, 3)``.
        x: bool ``shape``.
        z: bool ``shape``.
    """
    c, b, a = np.moveaxis(angles, -1, 0)
    return _wrapped(np.where(x, math.pi - c, c) + math.pi * z, b + math.pi * x, a)


def after(angles: np.ndarray, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Angles of the dressing and ``X^x Z^z`` after it in time, up to a phase."""
    c, b, a = np.moveaxis(angles, -1, 0)
    return _wrapped(c, b + math.pi * x, np.where(x, math.pi - a, a) + math.pi * z)


def _wrapped(*angles: np.ndarray) -> np.ndarray:
    """Angles from -pi to pi, which every device takes; along a new last axis."""
    return np.remainder(np.stack(angles, axis=-1) + math.pi, 2 * math.pi) - math.pi


def dress(circuit: QuantumCircuit, qubit: Any, angles: Sequence[Any]) -> None:
    """Appends a dressing with the parameters (c, b, a)."""
    circuit.rz(angles[0], qubit)
    circuit.sx(qubit)
    circuit.rz(angles[1], qubit)
    circuit.sx(qubit)
    circuit.rz(angles[2], qubit)


def free_name(circuit: QuantumCircuit) -> str:
    """A name for new parameters that none of the circuit's own begins with."""
    name = "m"
    while any(parameter.name.startswith(name) for parameter in circuit.parameters):
        name += "_"
    return name


def in_order(circuit: QuantumCircuit, parameters: Sequence[Any], values: np.ndarray) -> np.ndarray:
    """Sorts the columns of values as ``circuit.parameters`` are sorted.

    Args:
        circuit: has exactly these parameters.
        parameters: one for each column.
        values: float64 ``(rows, parameters)``.
    """
    place = {parameter: column for column, parameter in enumerate(parameters)}
    return values[:, [place[parameter] for parameter in circuit.parameters]]
