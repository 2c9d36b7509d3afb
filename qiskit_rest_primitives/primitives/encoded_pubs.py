"""One encoded PUB, whole or in pieces. In: circuit, values, shots. Out: JSON and SubmittedPub.

A piece is a run of the PUB's points in C order, or of one point's shots; pieces are PUBs of their
own, whose results `jobs.results.pieces` joins again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_rest_primitives.circuits import EncodedCircuit
from qiskit_rest_primitives.jobs.results.pieces import Piece
from qiskit_rest_primitives.jobs.results.submitted_pubs import SubmittedPub
from qiskit_rest_primitives.wire.executor.program import encode_circuit_item
from qiskit_rest_primitives.wire.limits import MAX_BODY_BYTES, MAX_EXECUTIONS
from qiskit_rest_primitives.wire.request.pubs import encode_estimator_pub, encode_sampler_pub

VALUE_BYTES: Final = 11
"""A float64 that does not compress, in base64."""
TERM_BYTES: Final = 30
"""A coefficient, quotes and commas around a Pauli string."""
PIECE_BYTES: Final = 2_000


@dataclass(frozen=True)
class EncodedSamplerPub:
    """An encoded sampler PUB; ``values`` has the shape ``(*shape, inputs)``.

    With ``for_executor``, values are sent as the item of a quantum program.
    """

    circuit: EncodedCircuit
    values: np.ndarray
    shots: int
    metadata: Mapping[str, Any] | None
    source: SamplerPub | None = None
    for_executor: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The PUB's shape."""
        return self.values.shape[:-1]

    def cost(self, points: int) -> tuple[int, int]:
        """Returns (executions, upper bound of the encoded bytes) for ``points`` points."""
        per_point = VALUE_BYTES * self.values.shape[-1]
        return points * self.shots, len(self.circuit.qasm) + PIECE_BYTES + points * per_point

    def whole(self) -> tuple[list[Any], SubmittedPub]:
        """The PUB as sent."""
        return self._encode(self.values, self.shots)

    def part(self, piece: Piece) -> tuple[list[Any], SubmittedPub]:
        """A piece as sent: a PUB of shape ``(points,)``."""
        rows = self.values.reshape(math.prod(self.shape), -1)
        return self._encode(rows[piece.start : piece.stop], piece.shots)

    def _encode(self, values: np.ndarray, shots: int) -> tuple[list[Any], SubmittedPub]:
        if self.for_executor:
            item = [self.circuit.qasm, encode_circuit_item(values), shots]
        else:
            item = encode_sampler_pub(self.circuit.qasm, values, shots)
        shape = values.shape[:-1]
        return item, SubmittedPub(shape, shots, None, self.circuit.description, self.metadata)

    def cut(self, pub: int) -> Iterator[Piece]:
        """Runs of points; the shots of one point if it alone is too much."""
        number = math.prod(self.shape)
        if self.shots > MAX_EXECUTIONS:
            for point in range(number):
                for first in range(0, self.shots, MAX_EXECUTIONS):
                    shots = min(MAX_EXECUTIONS, self.shots - first)
                    yield Piece(pub, point, point + 1, first, shots)
            return
        step = min(MAX_EXECUTIONS // self.shots, _points_that_fit(self))
        for start in range(0, max(number, 1), step):
            yield Piece(pub, start, min(start + step, number), 0, self.shots)


@dataclass(frozen=True)
class EncodedEstimatorPub:
    """An encoded estimator PUB; observables and values broadcast to its shape."""

    circuit: EncodedCircuit
    observables: Any
    observables_shape: tuple[int, ...]
    values: np.ndarray
    precision: float | None
    assumed_precision: float
    metadata: Mapping[str, Any] | None
    source: EstimatorPub | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The PUB's shape."""
        return np.broadcast_shapes(self.observables_shape, self.values.shape[:-1])

    def cost(self, points: int) -> tuple[int, int]:
        """Returns (0, as the service chooses, upper bound of the bytes) for ``points`` points."""
        terms = max((len(term) for term in self.flat_observables()), default=0)
        per_term = TERM_BYTES + self.circuit.description.num_qubits
        per_point = VALUE_BYTES * self.values.shape[-1] + terms * per_term
        return 0, len(self.circuit.qasm) + PIECE_BYTES + points * per_point

    def whole(self) -> tuple[list[Any], SubmittedPub]:
        """The PUB as sent."""
        return self._encode(self.observables, self.values, self.shape)

    def part(self, piece: Piece) -> tuple[list[Any], SubmittedPub]:
        """A piece as sent: a PUB of shape ``(points,)``."""
        number = math.prod(self.shape)
        which = np.arange(math.prod(self.observables_shape)).reshape(self.observables_shape)
        flat = self.flat_observables()
        picked = np.broadcast_to(which, self.shape).reshape(-1)[piece.start : piece.stop]
        inputs = self.values.shape[-1]
        rows = np.broadcast_to(self.values, (*self.shape, inputs)).reshape(number, inputs)
        observables = [flat[index] for index in picked]
        return self._encode(
            observables, rows[piece.start : piece.stop], (piece.stop - piece.start,)
        )

    def _encode(
        self, observables: Any, values: np.ndarray, shape: tuple[int, ...]
    ) -> tuple[list[Any], SubmittedPub]:
        item = encode_estimator_pub(self.circuit.qasm, observables, values, self.precision)
        description = self.circuit.description
        return item, SubmittedPub(shape, None, self.assumed_precision, description, self.metadata)

    def flat_observables(self) -> list[dict[str, float]]:
        """The observables in C order, {pauli: coefficient} each."""
        flat: list[Any] = [self.observables]
        for _ in self.observables_shape:
            flat = [item for items in flat for item in items]
        return flat

    def cut(self, pub: int) -> Iterator[Piece]:
        """Runs of points."""
        number = math.prod(self.shape)
        step = _points_that_fit(self)
        for start in range(0, max(number, 1), step):
            yield Piece(pub, start, min(start + step, number))


EncodedPub = EncodedSamplerPub | EncodedEstimatorPub


def _points_that_fit(pub: EncodedPub) -> int:
    fixed, one = pub.cost(0)[1], pub.cost(1)[1]
    return max(1, (MAX_BODY_BYTES - fixed) // max(1, one - fixed))


def whole_pieces(pubs: Sequence[EncodedPub]) -> list[Piece]:
    """Each PUB as one piece."""
    return [
        Piece(index, 0, math.prod(pub.shape), 0, getattr(pub, "shots", 0))
        for index, pub in enumerate(pubs)
    ]


def pack(pubs: Sequence[EncodedPub]) -> list[list[Piece]]:
    """Pieces of all PUBs, in order, in as few jobs as their limits allow.

    Args:
        pubs: the PUBs of a run.

    Returns:
        The pieces of each job.
    """
    jobs: list[list[Piece]] = []
    executions = size = 0
    for index, pub in enumerate(pubs):
        for piece in pub.cut(index):
            points = piece.stop - piece.start
            more, bytes_more = pub.cost(points)
            more = points * piece.shots
            full = executions + more > MAX_EXECUTIONS or size + bytes_more > MAX_BODY_BYTES
            if not jobs or full:
                jobs.append([])
                executions = size = 0
            jobs[-1].append(piece)
            executions += more
            size += bytes_more
    return jobs
