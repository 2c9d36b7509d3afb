"""The noise of a device's operations by its action on Pauli operators. NumPy only.

For twirled circuits a channel is what random Paulis before and after it make of the device's own:
of its action only the diagonal is kept, and so its fidelity.
"""

from __future__ import annotations

import math

import numpy as np

from qiskit_rest_primitives.local.simulators.base.transfer_matrices import SIGNS, of_rotation
from qiskit_rest_primitives.local.simulators.devices.device_part import DevicePart


def relaxation_left(part: DevicePart, qubit: int, seconds: float) -> np.ndarray:
    """What relaxation leaves of I, X, Y and Z of a qubit."""
    xy, z = part.relaxation(qubit, seconds)
    return np.array([1.0, xy, xy, z])


def relaxation_transfer(part: DevicePart, qubit: int, seconds: float) -> np.ndarray:
    """Relaxation of a qubit as a Pauli transfer matrix; see `transfer_matrices`."""
    matrix = np.diag(relaxation_left(part, qubit, seconds))
    matrix[3, 0] = 1 - matrix[3, 3]
    return matrix


def gate_transfer(part: DevicePart, name: str, qubits: tuple[int, ...]) -> np.ndarray:
    """The error of a gate or reset as a Pauli transfer matrix; see `transfer_matrices`.

    Over-rotation about X is in it; that about ZZ is in the phases of `idle_noise`.
    """
    seconds = part.seconds.get((name, qubits), 0.0)
    matrix = np.ones((1, 1))
    for qubit in qubits:
        matrix = np.kron(relaxation_transfer(part, qubit, seconds), matrix)
    matrix[:, 1:] *= 1 - part.depolarization(name, qubits)
    if len(qubits) == 1 and (angle := part.rotation.get((name, qubits))):
        matrix = of_rotation("rx", np.array([angle]))[0] @ matrix
    return matrix


def gate_left(part: DevicePart, name: str, qubits: tuple[int, ...]) -> np.ndarray:
    """What the error of a gate leaves of each Pauli operator, in the order of `probabilities`.

    Over-rotation about X is in it; that about ZZ is in the phases of `idle_noise`.
    """
    seconds = part.seconds.get((name, qubits), 0.0)
    left = np.ones(1)
    for qubit in qubits:
        left = np.kron(left, relaxation_left(part, qubit, seconds))
    left[1:] *= 1 - part.depolarization(name, qubits)
    if len(qubits) == 1:
        turned = math.cos(part.rotation.get((name, qubits), 0.0))
        left[2:] *= turned
    return left


def probabilities(left: np.ndarray) -> np.ndarray:
    """Probabilities of the Paulis of a channel, from what it leaves of each Pauli operator.

    Args:
        left: of I, X, Y, Z; or of II, IX, IY, IZ, XI, ... with the first qubit first.

    Returns:
        Of the same Paulis in the same order.
    """
    signs = SIGNS if len(left) == 4 else np.kron(SIGNS, SIGNS)
    return np.clip(signs @ left / len(left), 0.0, 1.0)
