"""Bytes of an executor's result -> QuantumProgramResult, or the result of a sampler. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from itertools import groupby
from typing import Any

import msgspec
import numpy as np
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, SamplerPubResult

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.jobs.results.program_items import is_sampler_mark
from qiskit_rest_primitives.jobs.results.program_result import (
    ChunkPart,
    ChunkSpan,
    ItemMetadata,
    Metadata,
    QuantumProgramItemResult,
    QuantumProgramResult,
    SchedulerTiming,
    StretchValues,
)
from qiskit_rest_primitives.jobs.results.submitted_pubs import SubmittedPub
from qiskit_rest_primitives.wire.executor.passthrough import decode_passthrough
from qiskit_rest_primitives.wire.executor.result import (
    Chunk,
    ProgramResult,
    decode_program_result,
)
from qiskit_rest_primitives.wire.values.arrays import MAX_ARRAY_BYTES
from qiskit_rest_primitives.wire.values.execution_spans import (
    DataSlice,
    ExecutionSpan,
    ExecutionSpans,
)


def decode_program(
    body: bytes, items: Sequence[SubmittedPub] | None, max_bytes: int = MAX_ARRAY_BYTES
) -> QuantumProgramResult | PrimitiveResult[Any]:
    """Reads the result of an executor's job.

    Args:
        body: as received.
        items: what was submitted as each item, or None.
        max_bytes: limit of all arrays together.

    Returns:
        The result of a sampler if `SamplerV2` sent the program.

    Raises:
        ProtocolError: it is not the result of these items; the message has the item.
    """
    shapes = None if items is None else [item.shape for item in items]
    read = decode_program_result(body, shapes, max_bytes=max_bytes)
    known = [SubmittedPub(None)] * len(read.items) if items is None else items
    arrays = [
        _restored(item, submitted, number)
        for number, (item, submitted) in enumerate(zip(read.items, known, strict=True))
    ]
    passed = decode_passthrough(read.passthrough_data, compressed=read.compressed)
    if is_sampler_mark(passed):
        return _of_sampler(arrays, known, read.chunks)
    result = QuantumProgramResult(
        [
            QuantumProgramItemResult(item, _item_metadata(metadata, number))
            for number, (item, metadata) in enumerate(zip(arrays, read.metadata, strict=True))
        ],
        Metadata(_spans(read)),
        passed,
    )
    result._semantic_role = read.semantic_role  # pyright: ignore[reportPrivateUsage] - official name
    return result


def _restored(
    item: Mapping[str, np.ndarray | BitArray], submitted: SubmittedPub, number: int
) -> dict[str, np.ndarray]:
    """The arrays of an item, with the user's registers."""
    fields: dict[str, Any] = dict(item)
    if submitted.description is not None:
        try:
            fields = submitted.description.restore_registers(
                fields, submitted.shape or (), submitted.shots or 0
            )
        except ProtocolError as error:
            raise ProtocolError(f"item {number}: {error}") from None
    # A register without bits is not sent, and made as samples of a sampler.
    return {
        name: np.zeros((*array.shape, array.num_shots, 0), bool)
        if isinstance(array, BitArray)
        else array
        for name, array in fields.items()
    }


def _of_sampler(
    items: Sequence[Mapping[str, np.ndarray]],
    pubs: Sequence[SubmittedPub],
    chunks: Sequence[Chunk],
) -> PrimitiveResult[Any]:
    results = [_pub_result(item, pub) for item, pub in zip(items, pubs, strict=True)]
    metadata: dict[str, Any] = {"version": 2}
    if all(chunk.in_order for chunk in chunks):
        spans = ExecutionSpans(tuple(_execution_span(chunk, pubs) for chunk in chunks))
        metadata["execution"] = {"execution_spans": spans}
    return PrimitiveResult(results, metadata)


def _pub_result(item: Mapping[str, np.ndarray], pub: SubmittedPub) -> SamplerPubResult:
    fields = {
        name: BitArray.from_bool_array(array, order="little") if array.dtype == bool else array
        for name, array in item.items()
    }
    metadata = {"shots": pub.shots, "circuit_metadata": dict(pub.circuit_metadata or {})}
    return SamplerPubResult(DataBin(**fields, shape=pub.shape or ()), metadata=metadata)


def _execution_span(chunk: Chunk, pubs: Sequence[SubmittedPub]) -> ExecutionSpan:
    pub = pubs[chunk.item]
    points = (chunk.points.start, chunk.points.stop)
    data = DataSlice((*(pub.shape or ()), pub.shots or 0), points, (0, pub.shots or 0))
    start, stop = _moment(chunk.begun_at), _moment(chunk.ended_at)
    return ExecutionSpan("DoubleSliceSpan", start, stop, {chunk.item: data})


def _spans(read: ProgramResult) -> list[ChunkSpan]:
    together = groupby(read.chunks, lambda chunk: (chunk.begun_at, chunk.ended_at))
    return [
        ChunkSpan(
            _moment(begun_at),
            _moment(ended_at),
            [ChunkPart(chunk.item, len(chunk.points)) for chunk in chunks],
        )
        for (begun_at, ended_at), chunks in together
    ]


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


class _ItemMetadata(msgspec.Struct):
    scheduler_timing: SchedulerTiming | None = None
    stretch_values: list[StretchValues] | None = None


def _item_metadata(metadata: Mapping[str, Any], number: int) -> ItemMetadata:
    try:
        read = msgspec.convert(metadata, _ItemMetadata)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"item {number}: metadata: {error}") from None
    return ItemMetadata(read.scheduler_timing, read.stretch_values)
