"""Gates as Pauli transfer matrices, and the state of a sweep's rows under them. NumPy only.

A state is the vector of its expectation values of all Pauli operators; each gate and each channel
is a real matrix. A first axis numbers the rows; it has length one as long as all rows are equal.
Matrices of two qubits have the second qubit first, as in `qiskit.quantum_info.PTM`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

# OpenBLAS uses several threads for larger products, which slows down worker processes that share
# the processors, by twenty times.
_COLUMNS_AT_ONCE = 1024
SIGNS = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])
"""Row: an error; column: an operator; -1 where they anticommute. Order I, X, Y, Z."""
ROTATIONS = frozenset({"rx", "rz", "rzz"})
"""Gates of devices with an angle."""
FIXED_GATES = frozenset({"cz", "id", "sx", "x"})
"""Gates of devices without parameters."""


@lru_cache(maxsize=4)
def _harmonics(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The terms of a rotation without its angle, with its cosine and with its sine."""
    from qiskit.circuit.library import RXGate, RZGate, RZZGate

    gate: Any = {"rx": RXGate, "rz": RZGate, "rzz": RZZGate}[name]
    half, quarter = _of_unitary(gate(np.pi).to_matrix()), _of_unitary(gate(np.pi / 2).to_matrix())
    identity = np.eye(len(half))
    constant = np.rint(identity + half) / 2
    return constant, identity - constant, np.rint(quarter - constant)


def of_rotation(name: str, angles: np.ndarray) -> np.ndarray:
    """Matrices of rotations.

    Args:
        name: "rx", "rz" or "rzz".
        angles: rad, ``(rows,)``.

    Returns:
        ``(rows, 4, 4)``, or ``(rows, 16, 16)`` for "rzz".
    """
    constant, cosine, sine = _harmonics(name)
    angles = angles[:, None, None]
    return constant + np.cos(angles) * cosine + np.sin(angles) * sine


@lru_cache(maxsize=16)
def of_gate(name: str) -> np.ndarray:
    """The matrix ``(4**qubits, 4**qubits)`` of one of `FIXED_GATES`."""
    from qiskit.circuit.library import CZGate, IGate, SXGate, XGate

    gate: Any = {"cz": CZGate, "id": IGate, "sx": SXGate, "x": XGate}[name]
    return _of_unitary(gate().to_matrix())


def _of_unitary(matrix: Any) -> np.ndarray:
    from qiskit.quantum_info import PTM, Operator

    return np.real(PTM(Operator(matrix)).data)


RESET = np.array([[1.0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]])
"""Whatever the state of a qubit was, its Z becomes one."""


class TransferState:
    """The states of the rows of a sweep; all qubits begin in 0.

    Gates wait until a gate joins their qubits to others, and act then as one matrix.
    """

    def __init__(self, num_qubits: int):
        self._vectors = np.zeros((1, *(4,) * num_qubits))
        self._vectors[(slice(None), *(slice(None, None, 3),) * num_qubits)] = 1.0
        # The qubit of each axis.
        self._order = list(range(num_qubits))
        # One for each qubit, after those of the pairs.
        self._single: list[np.ndarray | None] = [None] * num_qubits
        self._partner: list[int | None] = [None] * num_qubits
        # By the lower and the higher qubit.
        self._pairs: dict[tuple[int, int], np.ndarray] = {}

    def turn(self, qubit: int, matrix: np.ndarray) -> None:
        """Applies ``(rows or 1, 4, 4)`` to a qubit."""
        before = self._single[qubit]
        self._single[qubit] = matrix if before is None else matrix @ before

    def join(self, qubits: tuple[int, int], matrix: np.ndarray) -> None:
        """Applies ``(rows or 1, 16, 16)`` to two qubits."""
        low, high = qubits
        if low > high:
            low, high = high, low
            matrix = matrix.reshape(-1, 4, 4, 4, 4).transpose(0, 2, 1, 4, 3).reshape(-1, 16, 16)
        if (low, high) not in self._pairs:
            self._close(low)
            self._close(high)
            self._partner[low], self._partner[high] = high, low
        for joint in (self._joint(low, high), self._pairs.get((low, high))):
            matrix = matrix if joint is None else _product(matrix, joint)
        self._pairs[low, high] = matrix

    def probabilities(self, effects: list[np.ndarray], row: int) -> np.ndarray:
        """Probabilities of the outcomes of a row; the lowest bit is that of the first qubit.

        Args:
            effects: of each qubit, ``(outcomes, 4)``: what an outcome makes of I, X, Y and Z.
            row: its number.
        """
        for qubit in self._order:
            self._close(qubit)
        vector = self._vectors[_place(self._vectors, row)]
        vector = vector.transpose(np.argsort(self._order)[::-1])
        for effect, single in zip(effects[::-1], self._single[::-1], strict=True):
            if single is not None:
                effect = effect @ single[_place(single, row)]
            # The first axis is measured, and its outcomes go to the end.
            vector = np.einsum("oi,i...->...o", effect, vector)
        chances = np.clip(vector.ravel(), 0.0, None)
        return chances / chances.sum()

    def _joint(self, low: int, high: int) -> np.ndarray | None:
        """Takes what waits for each of two qubits alone, as one matrix."""
        first, second = self._single[low], self._single[high]
        self._single[low] = self._single[high] = None
        if first is None and second is None:
            return None
        first = np.eye(4)[None] if first is None else first
        second = np.eye(4)[None] if second is None else second
        joint = second[:, :, None, :, None] * first[:, None, :, None, :]
        return joint.reshape(-1, 16, 16)

    def _close(self, qubit: int) -> None:
        """Applies what waits for a pair to the vectors."""
        partner = self._partner[qubit]
        if partner is None:
            return
        self._partner[qubit] = self._partner[partner] = None
        pair = (qubit, partner) if qubit < partner else (partner, qubit)
        matrix = self._pairs.pop(pair)
        front = [pair[1], pair[0]]
        order = front + [other for other in self._order if other not in front]
        axes = [0, *(1 + self._order.index(other) for other in order)]
        vectors = self._vectors.transpose(axes)
        self._order = order
        columns = vectors.reshape(len(vectors), 16, -1)
        applied = np.empty((max(len(matrix), len(vectors)), *columns.shape[1:]))
        for first in range(0, columns.shape[2], _COLUMNS_AT_ONCE):
            some = np.s_[:, :, first : first + _COLUMNS_AT_ONCE]
            np.matmul(matrix, columns[some], out=applied[some])
        self._vectors = applied.reshape(-1, *vectors.shape[1:])


def _product(then: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Matrix products of each row; one product of large matrices where `then` is the same."""
    if len(then) > 1 or len(first) == 1:
        return then @ first
    size = first.shape[-1]
    turned = first.transpose(1, 0, 2).reshape(size, -1)
    return (then[0] @ turned).reshape(size, -1, size).transpose(1, 0, 2)


def _place(rows: np.ndarray, row: int) -> int:
    """Where a row is in an array that has either all rows or one for all."""
    return row if len(rows) > 1 else 0
