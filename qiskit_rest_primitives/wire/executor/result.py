"""Results of the program ``executor`` <-> JSON. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import msgspec
import numpy as np
from qiskit.primitives.containers import BitArray

from qiskit_rest_primitives.errors import ProtocolError, ReplyTooLargeError
from qiskit_rest_primitives.wire.executor.program import VERSIONS
from qiskit_rest_primitives.wire.executor.tensors import (
    Tensor,
    claimed_bytes,
    decode_tensor,
    encode_tensor,
)
from qiskit_rest_primitives.wire.values.arrays import MAX_ARRAY_BYTES
from qiskit_rest_primitives.wire.values.excerpt import brief, brief_message


@dataclass(frozen=True)
class Chunk:
    """Points of one item that ran at once.

    Attributes:
        item: number of the item in its program.
        permutation: of the axes of the item's shape, before the points are counted in C order.
        points: the numbers of the points.
        begun_at: seconds since the epoch, UTC.
        ended_at: seconds since the epoch, UTC.
    """

    item: int
    permutation: tuple[int, ...]
    points: range
    begun_at: float
    ended_at: float

    @property
    def in_order(self) -> bool:
        """Whether they are adjacent points in C order over the item's own shape."""
        return self.points.step == 1 and list(self.permutation) == sorted(self.permutation)


@dataclass(frozen=True)
class ProgramResult:
    """The result of a quantum program.

    Attributes:
        items: for each item: name -> samples of a register, or another array.
        metadata: for each item.
        chunks: when what ran.
        passthrough_data: JSON of the program, unchanged.
        semantic_role: of the program, unchanged.
        compressed: whether tensors in ``passthrough_data`` are compressed.
    """

    items: Sequence[Mapping[str, np.ndarray | BitArray]]
    metadata: Sequence[Mapping[str, Any]]
    chunks: Sequence[Chunk] = ()
    passthrough_data: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"null"))
    semantic_role: str | None = None
    compressed: bool = True


class _Item(msgspec.Struct):
    results: dict[str, Tensor]
    metadata: dict[str, Any]


class _Part(msgspec.Struct):
    idx_item: int
    size: int
    permutation: list[int]
    element_range: tuple[int, int, int]


class _Span(msgspec.Struct):
    start: datetime
    stop: datetime
    parts: list[_Part]


class _Metadata(msgspec.Struct):
    chunk_timing: list[_Span]


class _Result(msgspec.Struct, kw_only=True):
    schema_version: str
    data: list[_Item]
    metadata: _Metadata
    passthrough_data: msgspec.Raw = msgspec.Raw(b"null")
    semantic_role: str | None = None


def encode_program_result(
    result: ProgramResult, schema_version: str, check: Callable[[], None] = lambda: None
) -> bytes:
    """Writes a result in the schema version of its program.

    Args:
        result: of the program.
        schema_version: of the program.
        check: called again and again while large arrays are encoded; it may raise.
    """
    compressed = schema_version != "v1.1"
    items = [
        _Item(
            {
                name: encode_tensor(array, compressed=compressed, check=check)
                for name, array in item.items()
            },
            {"scheduler_timing": None, "stretch_values": None, **metadata},
        )
        for item, metadata in zip(result.items, result.metadata, strict=True)
    ]
    spans = [
        _Span(
            datetime.fromtimestamp(chunk.begun_at, timezone.utc),
            datetime.fromtimestamp(chunk.ended_at, timezone.utc),
            [
                _Part(
                    chunk.item,
                    len(chunk.points),
                    list(chunk.permutation),
                    (chunk.points.start, chunk.points.stop, chunk.points.step),
                )
            ],
        )
        for chunk in result.chunks
    ]
    return msgspec.json.encode(
        _Result(
            schema_version=schema_version,
            data=items,
            metadata=_Metadata(spans),
            passthrough_data=result.passthrough_data,
            semantic_role=result.semantic_role,
        )
    )


def decode_program_result(
    body: bytes,
    shapes: Sequence[tuple[int, ...] | None] | None = None,
    *,
    max_bytes: int = MAX_ARRAY_BYTES,
) -> ProgramResult:
    """Reads a result; samples are bool arrays ``(*shape, shots, bits)``.

    A span with parts of several items becomes a chunk for each of them.

    Args:
        body: as received.
        shapes: of the items of the program, where they are known: arrays begin with them.
        max_bytes: limit of all arrays together, in bytes.

    Raises:
        ProtocolError: it is not the result of a quantum program, or of an unknown version; the
            message has the item and the place.
        ReplyTooLargeError: the arrays are larger than ``max_bytes``.
    """
    try:
        read = msgspec.json.decode(body, type=_Result)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(
            f"not the result of a quantum program: {brief_message(error)}"
        ) from None
    if read.schema_version not in VERSIONS:
        raise ProtocolError(
            f"a result of schema version {brief(read.schema_version)}; only "
            f"{' and '.join(VERSIONS)} are read"
        )
    compressed = read.schema_version != "v1.1"
    if shapes is not None and len(shapes) != len(read.data):
        raise ProtocolError(f"the result has {len(read.data)} items, the program {len(shapes)}")
    _check_sizes(read.data, shapes, max_bytes)
    items = [
        {
            name: decode_tensor(tensor, f"item {number}: {name}", compressed=compressed)
            for name, tensor in item.results.items()
        }
        for number, item in enumerate(read.data)
    ]
    chunks = [
        _chunk(span, part, place, len(items))
        for place, span in enumerate(read.metadata.chunk_timing)
        for part in span.parts
    ]
    metadata = [item.metadata for item in read.data]
    return ProgramResult(
        items, metadata, chunks, read.passthrough_data, read.semantic_role, compressed
    )


def _check_sizes(
    items: Sequence[_Item], shapes: Sequence[tuple[int, ...] | None] | None, max_bytes: int
) -> None:
    """Checks what tensors claim, before any of them is read."""
    total = 0
    for number, item in enumerate(items):
        shape = None if shapes is None else shapes[number]
        for name, tensor in item.results.items():
            total += claimed_bytes(tensor)
            if shape is not None and tuple(tensor.shape[: len(shape)]) != shape:
                raise ProtocolError(
                    f"item {number}, {brief(name)}: shape {tuple(tensor.shape)}, but the item has "
                    f"{shape}"
                )
    if total > max_bytes:
        raise ReplyTooLargeError(
            f"the arrays of the result claim {total} bytes; at most {max_bytes} are read"
        )


def _chunk(span: _Span, part: _Part, place: int, num_items: int) -> Chunk:
    start, stop, step = part.element_range
    if (
        not 0 <= part.idx_item < num_items
        or not 0 <= start <= stop
        or step < 1
        or len(range(start, stop, step)) != part.size
        or sorted(part.permutation) != list(range(len(part.permutation)))
    ):
        raise ProtocolError(f"chunk_timing[{place}]: no such points of an item: {part}")
    return Chunk(
        part.idx_item,
        tuple(part.permutation),
        range(start, stop, step),
        span.start.timestamp(),
        span.stop.timestamp(),
    )
