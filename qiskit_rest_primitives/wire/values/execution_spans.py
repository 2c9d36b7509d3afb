"""Execution spans: when each part of a result was measured. In: envelopes. Out: dataclasses.

The service reports, in ``result.metadata["execution"]["execution_spans"]``, time windows and the
slices of each PUB's data measured in them. The classes have the attributes and methods of the
official client's, as plain data.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeGuard, overload

import numpy as np


@dataclass(frozen=True)
class DataSlice:
    """The part of one PUB's data that a span covers.

    Attributes:
        shape: for plain spans the PUB's shape followed by its shots; for twirled spans with an axis
            of randomizations, first or next to last, and shots per randomization last.
        points: start and stop along the flattened axes but the last; for a span that is not sliced
            by shots, along all axes.
        shots: start and stop along the last axis, or None.
        at_front: for twirled spans, whether randomizations are the first axis; else None.
        pub_shots: for twirled spans, requested shots, which may be fewer than measured; else None.
    """

    shape: tuple[int, ...]
    points: tuple[int | None, int | None]
    shots: tuple[int | None, int | None] | None = None
    at_front: bool | None = None
    pub_shots: int | None = None

    @property
    def size(self) -> int:
        """How many shots the slice covers."""
        if self.shots is None:
            return len(range(math.prod(self.shape))[slice(*self.points)])
        points = len(range(math.prod(self.shape[:-1]))[slice(*self.points)])
        return points * len(range(self.shape[-1])[slice(*self.shots)])

    def mask(self) -> np.ndarray:
        """Marks the covered data: bool, of shape ``(*pub_shape, shots)``."""
        mask = np.zeros(self.shape, dtype=np.bool_)
        if self.shots is None:
            mask.reshape(-1)[slice(*self.points)] = True
            return mask
        rows = mask.reshape(math.prod(self.shape[:-1]), self.shape[-1])
        rows[slice(*self.points), slice(*self.shots)] = True
        if self.at_front is None:
            return mask
        if self.at_front:
            mask = np.moveaxis(mask, 0, -2)
        shape = mask.shape
        mask = mask.reshape(*shape[:-2], shape[-2] * shape[-1])
        return mask if self.pub_shots is None else mask[..., : self.pub_shots]


@dataclass(frozen=True)
class ExecutionSpan:
    """A window of time in which data were measured.

    Attributes:
        kind: the service's name of the span: DoubleSliceSpan, TwirledSliceSpanV2,
            TwirledSliceSpan or ExecutionSpan.
        start: start of the window.
        stop: end of the window.
        data_slices: PUB index to the part of its data measured in the window.

    >>> result = SamplerV2(backend).run([bell], shots=100).result()
    >>> [span] = result.metadata["execution"]["execution_spans"]
    >>> span.pub_idxs, span.size, span.mask(0).shape
    ([0], 100, (100,))
    """

    kind: str
    start: datetime
    stop: datetime
    data_slices: Mapping[int, DataSlice]

    def __lt__(self, other: ExecutionSpan) -> bool:
        return (self.start, self.stop) < (other.start, other.stop)

    @property
    def duration(self) -> float:
        """Length of the window, in seconds."""
        return (self.stop - self.start).total_seconds()

    @property
    def pub_idxs(self) -> list[int]:
        """Indices of the PUBs with data in the window."""
        return sorted(self.data_slices)

    @property
    def size(self) -> int:
        """Shots measured in the window, over all PUBs."""
        return sum(part.size for part in self.data_slices.values())

    def mask(self, pub_idx: int) -> np.ndarray:
        """Marks the data of a PUB measured in the window: bool, ``(*pub_shape, shots)``.

        Raises:
            KeyError: the PUB has no data in the window.
        """
        if pub_idx not in self.data_slices:
            raise KeyError(f"Pub {pub_idx} is not included in the span.")
        return self.data_slices[pub_idx].mask()

    def contains_pub(self, pub_idx: int | Iterable[int]) -> bool:
        """Returns whether any of the PUBs has data in the window."""
        wanted = {pub_idx} if isinstance(pub_idx, int) else set(pub_idx)
        return not wanted.isdisjoint(self.data_slices)

    def filter_by_pub(self, pub_idx: int | Iterable[int]) -> ExecutionSpan:
        """Returns the span with the slices of the given PUBs only."""
        wanted = {pub_idx} if isinstance(pub_idx, int) else set(pub_idx)
        return replace(
            self, data_slices={i: part for i, part in self.data_slices.items() if i in wanted}
        )


@dataclass(frozen=True)
class ExecutionSpans:
    """The spans of a job, as a sequence.

    Attributes:
        spans: the spans in the service's order.

    >>> result = SamplerV2(backend).run([bell, bell], shots=100).result()
    >>> spans = result.metadata["execution"]["execution_spans"]
    >>> spans.pub_idxs, spans.filter_by_pub(1).pub_idxs
    ([0, 1], [1])
    >>> spans.duration < 60
    True
    """

    spans: tuple[ExecutionSpan, ...]

    def __len__(self) -> int:
        return len(self.spans)

    def __iter__(self) -> Iterator[ExecutionSpan]:
        return iter(self.spans)

    @overload
    def __getitem__(self, index: int) -> ExecutionSpan: ...

    @overload
    def __getitem__(self, index: slice | list[int]) -> ExecutionSpans: ...

    def __getitem__(self, index: int | slice | list[int]) -> ExecutionSpan | ExecutionSpans:
        if isinstance(index, int):
            return self.spans[index]
        if isinstance(index, slice):
            return ExecutionSpans(self.spans[index])
        return ExecutionSpans(tuple(self.spans[i] for i in index))

    @property
    def pub_idxs(self) -> list[int]:
        """Indices of the PUBs with data in any of the windows."""
        return sorted({index for span in self.spans for index in span.data_slices})

    @property
    def start(self) -> datetime:
        """Start of the first window."""
        return min(span.start for span in self.spans)

    @property
    def stop(self) -> datetime:
        """End of the last window."""
        return max(span.stop for span in self.spans)

    @property
    def duration(self) -> float:
        """Time from the first start to the last stop, in seconds."""
        return (self.stop - self.start).total_seconds()

    def filter_by_pub(self, pub_idx: int | Iterable[int]) -> ExecutionSpans:
        """Returns the spans with the slices of the given PUBs only."""
        return ExecutionSpans(tuple(span.filter_by_pub(pub_idx) for span in self.spans))

    def sort(self) -> ExecutionSpans:
        """Returns the spans sorted by their start."""
        return ExecutionSpans(tuple(sorted(self.spans)))


def decode_data_slice(kind: str, parts: list[Any]) -> DataSlice:
    """Reads one entry of a span's ``data_slices``.

    Raises:
        ValueError, TypeError: the entry does not have the kind's form.
    """
    shape, *rest = parts
    if not isinstance(shape, list) or not all(_is_length(n) for n in shape) or len(shape) > 32:
        raise ValueError("the shape is not a list of lengths")
    size = tuple(shape)
    if kind == "ExecutionSpan":
        start, stop = rest
        return DataSlice(size, _bounds(start, stop))
    if not size:
        raise ValueError("the shape has no axis of shots")
    if kind == "DoubleSliceSpan":
        start, stop, first, last = rest
        return DataSlice(size, _bounds(start, stop), _bounds(first, last))
    pub_shots = rest.pop() if kind == "TwirledSliceSpanV2" else None
    at_front, start, stop, first, last = rest
    if not isinstance(at_front, bool) or len(size) < 2:
        raise ValueError("a twirled slice names an axis of randomizations")
    if pub_shots is not None and not _is_length(pub_shots):
        raise ValueError("pub_shots is not a number of shots")
    return DataSlice(size, _bounds(start, stop), _bounds(first, last), at_front, pub_shots)


def encode_data_slice(part: DataSlice) -> list[Any]:
    """Makes one entry of a span's ``data_slices``; inverse of `decode_data_slice`."""
    parts: list[Any] = [list(part.shape)]
    if part.at_front is not None:
        parts.append(part.at_front)
    parts += part.points
    if part.shots is not None:
        parts += part.shots
    if part.pub_shots is not None:
        parts.append(part.pub_shots)
    return parts


def _is_length(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 48


def _bounds(start: object, stop: object) -> tuple[int | None, int | None]:
    return _bound(start), _bound(stop)


def _bound(value: object) -> int | None:
    if value is None or _is_length(value):
        return value
    raise ValueError("a slice's bounds are not integers")
