"""The state of a dynamic circuit: one vector and one classical memory per branch. No circuits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from qiskit_rest_primitives.local.simulators.methods.classical import Memory

# A branch of lower probability is a rounding error: it can't occur.
_NOTHING = 1e-20
# With more branches of equal memory, finding linearly dependent ones costs too much.
_MERGED_AT_ONCE = 256
# Gates on more qubits are applied by a matrix product, not entry by entry.
_BY_ENTRY = 3


class TooManyBranchesError(Exception):
    """The branches do not fit in memory.

    Attributes:
        count: branches that would be needed.
    """

    def __init__(self, count: int):
        super().__init__(count)
        self.count = count


@dataclass
class Branches:
    """An ensemble of pure states, each with the classical memory that belongs to it.

    Attributes:
        vectors: complex128 ``(branches, 2**qubits)``. Without shots the squared norm of a vector is
            the probability of its branch; with shots every vector has norm 1.
        memory: of every branch.
        num_qubits: qubit 0 is the lowest bit of the index into a vector.
        limit: most amplitudes that fit in memory.
        shots: int ``(branches,)``, how many shots take each branch; None for exact values.
    """

    vectors: np.ndarray
    memory: Memory
    num_qubits: int
    limit: int
    shots: np.ndarray | None = None

    @staticmethod
    def start(num_qubits: int, num_clbits: int, limit: int, shots: int | None = None) -> Branches:
        """One branch: all qubits and bits are 0."""
        vectors = np.zeros((1, 2**num_qubits), dtype=complex)
        vectors[0, 0] = 1
        memory = Memory(np.zeros((num_clbits, 1), dtype=bool))
        return Branches(
            vectors, memory, num_qubits, limit, None if shots is None else np.array([shots])
        )

    @property
    def count(self) -> int:
        """Number of branches."""
        return len(self.vectors)

    def weight(self) -> float:
        """The probability, or the number of shots, of all branches together."""
        if self.shots is not None:
            return float(self.shots.sum())
        return float(_squared_norms(self.vectors).sum())

    def take(self, chosen: np.ndarray) -> Branches:
        """Some of the branches, given by a mask."""
        return self._with(
            self.vectors[chosen],
            self.memory.take(chosen),
            None if self.shots is None else self.shots[chosen],
        )

    @staticmethod
    def join(parts: Iterable[Branches]) -> Branches:
        """All branches of one or more ensembles, in their order."""
        given = list(parts)
        parts = [part for part in given if part.count] or given[:1]
        if len(parts) == 1:
            return parts[0]
        shots = [part.shots for part in parts if part.shots is not None]
        return parts[0]._with(
            np.concatenate([part.vectors for part in parts]),
            Memory.join([part.memory for part in parts]),
            np.concatenate(shots) if shots else None,
        )

    def apply(self, matrix: np.ndarray, qubits: Sequence[int]) -> None:
        """Multiplies every vector with a gate.

        Args:
            matrix: complex ``(2**k, 2**k)``; the first qubit is the lowest bit of its index.
            qubits: the `k` qubits, all different.
        """
        if len(qubits) > _BY_ENTRY:
            self._apply_as_matrix(matrix, qubits)
            return
        parts = [self._part(qubits, index) for index in range(2 ** len(qubits))]
        changed = {
            row: sum(entry * parts[column] for column, entry in enumerate(entries) if entry)
            for row, entries in enumerate(matrix)
            if not (entries[row] == 1 and np.count_nonzero(entries) == 1)
        }
        for row, values in changed.items():
            parts[row][...] = values

    def measure(self, qubit: int, rng: np.random.Generator | None) -> tuple[Branches, np.ndarray]:
        """Splits every branch by the outcome of a measurement.

        Args:
            qubit: which is measured, in the computational basis.
            rng: decides how the shots of a branch divide; not used for exact values.

        Returns:
            The branches that can occur, and for each of them its outcome as bool.

        Raises:
            TooManyBranchesError: they don't fit in memory.
        """
        zeros, ones = (
            _squared_norms(self._part([qubit], index)).reshape(self.count, -1).sum(axis=1)
            for index in (0, 1)
        )
        if self.shots is None:
            kept = np.stack([zeros > _NOTHING, ones > _NOTHING])
            divided = scale = None
        else:
            assert rng is not None
            chance = np.clip(ones / (zeros + ones), 0.0, 1.0)
            of_one = rng.binomial(self.shots, chance)
            divided = np.stack([self.shots - of_one, of_one])
            kept = divided > 0
            scale = np.stack([zeros, ones])
        outcomes, sources = np.nonzero(kept)
        if len(sources) * self.vectors.shape[1] > self.limit:
            raise TooManyBranchesError(len(sources))
        split = self._with(
            self.vectors[sources],
            self.memory.take(sources),
            None if divided is None else divided[kept],
        )
        outcome = outcomes.astype(bool)
        split._part([qubit], 0)[outcome[split._leading([qubit])]] = 0
        split._part([qubit], 1)[~outcome[split._leading([qubit])]] = 0
        if scale is not None:
            split.vectors /= np.sqrt(scale[kept])[:, np.newaxis]
        return split, outcome

    def flip(self, qubit: int, chosen: np.ndarray) -> None:
        """Applies X to a qubit in some of the branches, given by a mask."""
        zero, one = self._part([qubit], 0), self._part([qubit], 1)
        rows = chosen[self._leading([qubit])]
        zero[rows], one[rows] = one[rows], zero[rows].copy()

    def merged(self, groups: Iterable[Sequence[int]]) -> Branches:
        """Fewer branches with the same density matrices; for exact values only.

        Args:
            groups: indices of branches whose memories count as equal; each branch is in one group.
        """
        vectors: list[np.ndarray] = []
        origins: list[int] = []
        for group in groups:
            reduced = _reduced(self.vectors[list(group)])
            vectors.append(reduced)
            origins += [group[0]] * len(reduced)
        return self._with(np.concatenate(vectors), self.memory.take(np.array(origins)), None)

    def probabilities(self, branch: int, qubits: Sequence[int]) -> np.ndarray:
        """Probability of each outcome of a branch's qubits; the first is the lowest bit."""
        tensor = np.abs(self.vectors[branch].reshape((2,) * self.num_qubits)) ** 2
        axes = [self.num_qubits - 1 - qubit for qubit in reversed(qubits)]
        others = tuple(axis for axis in range(self.num_qubits) if axis not in axes)
        order = np.argsort(np.argsort(axes))
        marginal = tensor.sum(axis=others).transpose(order).ravel()
        return marginal / marginal.sum()

    def expectations(self, paulis: Iterable[str]) -> dict[str, float]:
        """Exact expectation values of Pauli strings over all branches."""
        assert self.shots is None
        index = np.arange(self.vectors.shape[1])
        overlaps: dict[int, np.ndarray] = {}
        values: dict[str, float] = {}
        for pauli in paulis:
            flips = int("0" + "".join("01"[letter in "XY"] for letter in pauli), 2)
            signs = int("0" + "".join("01"[letter in "ZY"] for letter in pauli), 2)
            if flips not in overlaps:
                overlap = np.zeros(len(index), dtype=complex)
                for vector in self.vectors:
                    overlap += vector[index ^ flips].conj() * vector
                overlaps[flips] = overlap
            odd = _odd(index & signs, self.num_qubits)
            overlap = overlaps[flips]
            total = overlap.sum() - 2 * overlap[odd].sum()
            values[pauli] = float(np.real(1j ** pauli.count("Y") * total))
        return values

    def _with(self, vectors: np.ndarray, memory: Memory, shots: np.ndarray | None) -> Branches:
        # `_part` needs a contiguous array: it returns views that are written to.
        vectors = np.ascontiguousarray(vectors)
        return Branches(vectors, memory, self.num_qubits, self.limit, shots)

    def _leading(self, qubits: Sequence[int]) -> np.ndarray:
        """The branch that each entry of the first axis of a part belongs to."""
        return np.repeat(np.arange(self.count), 2 ** (self.num_qubits - 1 - max(qubits)))

    def _part(self, qubits: Sequence[int], index: int) -> np.ndarray:
        """A view of the amplitudes whose `qubits` are the bits of `index`, the lowest first."""
        shape: list[int] = []
        chosen: list[int | slice] = []
        above = self.num_qubits
        for place in sorted(range(len(qubits)), key=lambda place: -qubits[place]):
            shape += [2 ** (above - 1 - qubits[place]), 2]
            chosen += [slice(None), (index >> place) & 1]
            above = qubits[place]
        if shape:
            shape[0] *= self.count
        else:
            chosen = [slice(None)]
        return self.vectors.reshape([*(shape or [self.count]), 2**above])[tuple(chosen)]

    def _apply_as_matrix(self, matrix: np.ndarray, qubits: Sequence[int]) -> None:
        tensor = self.vectors.reshape([self.count, *(2,) * self.num_qubits])
        axes = [self.num_qubits - qubit for qubit in reversed(qubits)]
        front = np.moveaxis(tensor, axes, range(len(axes)))
        product = (matrix @ front.reshape(len(matrix), -1)).reshape(front.shape)
        moved = np.moveaxis(product, range(len(axes)), axes)
        self.vectors = np.ascontiguousarray(moved).reshape(self.vectors.shape)


def _squared_norms(rows: np.ndarray) -> np.ndarray:
    real, imaginary = np.real(rows), np.imag(rows)
    return np.einsum("bi,bi->b", real, real) + np.einsum("bi,bi->b", imaginary, imaginary)


def _odd(numbers: np.ndarray, num_bits: int) -> np.ndarray:
    """Whether each number has an odd number of ones, as bool."""
    parity = numbers.copy()
    shift = 1
    while shift < num_bits:
        parity ^= parity >> shift
        shift *= 2
    return (parity & 1).astype(bool)


def _reduced(vectors: np.ndarray) -> np.ndarray:
    """Fewer vectors with the same sum of ``|v><v|``: a unitary mixture of them, without zeros."""
    count, dimension = vectors.shape
    if count == 1:
        return vectors
    if count > dimension:
        vectors = np.asarray(np.linalg.qr(vectors, mode="r"))
    if len(vectors) <= _MERGED_AT_ONCE:
        _, mixing = np.linalg.eigh(vectors.conj() @ vectors.T)
        vectors = mixing.T @ vectors
    kept = vectors[_squared_norms(vectors) > _NOTHING]
    return kept if len(kept) else vectors[:1]
