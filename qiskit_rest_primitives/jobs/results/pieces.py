"""Results of pieces -> the result of the run, as if one job had returned it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult

from qiskit_rest_primitives.errors import ProtocolError


def join(
    jobs: Sequence[Sequence[Piece]],
    results: Sequence[PrimitiveResult[Any]],
    shapes: Sequence[tuple[int, ...]],
) -> PrimitiveResult[Any]:
    """Joins the results of all jobs.

    Args:
        jobs: the pieces of each job.
        results: the result of each job, one PUB result per piece.
        shapes: the shape of each PUB of the run.

    Returns:
        One PUB result per PUB; metadata of a PUB and of the run are those of their first part.

    Raises:
        ProtocolError: the parts of a PUB differ in their fields or axes.
    """
    parts: list[list[tuple[Piece, PubResult]]] = [[] for _ in shapes]
    for pieces, result in zip(jobs, results, strict=True):
        for piece, pub in zip(pieces, iter(result), strict=True):
            parts[piece.pub].append((piece, pub))
    joined = [_join_pub(index, parts[index], shape) for index, shape in enumerate(shapes)]
    return PrimitiveResult(joined, metadata=results[0].metadata if results else {})


def _join_pub(
    index: int, parts: list[tuple[Piece, PubResult]], shape: tuple[int, ...]
) -> PubResult:
    first = parts[0][1]
    names = list(first.data.keys())
    if any(list(pub.data.keys()) != names for _, pub in parts):
        raise ProtocolError(f"PUB {index}: its parts have different fields")
    fields = {name: _join_field([(p, pub.data[name]) for p, pub in parts], shape) for name in names}
    metadata = dict(first.metadata)
    if isinstance(first, SamplerPubResult):
        metadata["shots"] = sum(
            piece.shots for piece, _ in parts if piece.start == parts[0][0].start
        )
        return SamplerPubResult(DataBin(**fields, shape=shape), metadata=metadata)
    return PubResult(DataBin(**fields, shape=shape), metadata=metadata)


def _join_field(parts: list[tuple[Piece, Any]], shape: tuple[int, ...]) -> Any:
    if all(value is None for _, value in parts):
        return None  # such as ensemble_standard_error, which some services lack
    arrays = [
        np.asarray(value.array if isinstance(value, BitArray) else value) for _, value in parts
    ]
    if any(piece.first_shot for piece, _ in parts):
        points: list[list[np.ndarray]] = []
        for (piece, _), array in zip(parts, arrays, strict=True):
            if piece.first_shot == 0:
                points.append([])
            points[-1].append(array)
        arrays = [np.concatenate(same, axis=1) for same in points]
    flat = np.concatenate(arrays, axis=0)
    whole = flat.reshape((*shape, *flat.shape[1:]))
    if flat.shape[0] != math.prod(shape):
        raise ProtocolError(f"the parts have {flat.shape[0]} points for the shape {shape}")
    value = parts[0][1]
    return BitArray(whole, value.num_bits) if isinstance(value, BitArray) else whole


@dataclass(frozen=True)
class Piece:
    """Points ``start`` to ``stop`` of a PUB, with shots ``first_shot`` to ``first_shot + shots``.

    Attributes:
        pub: index of the PUB in the run.
        start: first point, C order over the PUB's shape.
        stop: one past the last point.
        first_shot: 0, unless one point's shots are cut.
        shots: shots per point; 0 for an estimator.
    """

    pub: int
    start: int
    stop: int
    first_shot: int = 0
    shots: int = 0
