"""Execution spans as plain data; masks and sizes are compared with the official ones elsewhere."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from qiskit_rest_primitives.wire.values.execution_spans import (
    DataSlice,
    ExecutionSpan,
    ExecutionSpans,
    decode_data_slice,
    encode_data_slice,
)

BEGIN = datetime(2026, 8, 21, tzinfo=timezone.utc)


def span(start: int, stop: int, **pubs: DataSlice) -> ExecutionSpan:
    """Makes a span between two seconds; pubs are named p0, p1, ..."""
    slices = {int(name[1:]): part for name, part in pubs.items()}
    begin, end = (BEGIN + timedelta(seconds=second) for second in (start, stop))
    return ExecutionSpan("DoubleSliceSpan", begin, end, slices)


PART = DataSlice((2, 5), (0, 1), (1, 4))
SPANS = ExecutionSpans((span(3, 5, p1=PART), span(0, 2, p0=PART, p1=PART)))


def test_a_span_has_its_window_and_data() -> None:
    """Duration, PUBs, sizes and masks of one window."""
    one = SPANS[1]
    assert (one.duration, one.pub_idxs, one.size) == (2.0, [0, 1], 6)
    np.testing.assert_array_equal(one.mask(0), [[0, 1, 1, 1, 0], [0] * 5])
    assert one.contains_pub(1)
    assert not one.contains_pub([2, 3])
    assert one.filter_by_pub(0).pub_idxs == [0]
    assert one.filter_by_pub([1, 2]).pub_idxs == [1]
    with pytest.raises(KeyError, match="Pub 7 is not included"):
        one.mask(7)
    with pytest.raises(FrozenInstanceError):
        one.start = BEGIN


def test_spans_are_a_sequence() -> None:
    """Length, items, slices, lists of indices, order and filters."""
    assert len(SPANS) == 2
    assert list(SPANS) == [SPANS[0], SPANS[1]]
    assert list(SPANS[:1]) == [SPANS[0]]
    assert list(SPANS[[1, 0]]) == [SPANS[1], SPANS[0]]
    assert list(SPANS.sort()) == [SPANS[1], SPANS[0]]
    assert (SPANS.start, SPANS.stop, SPANS.duration) == (SPANS[1].start, SPANS[0].stop, 5.0)
    assert SPANS.pub_idxs == [0, 1]
    assert SPANS.filter_by_pub(0).pub_idxs == [0]


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("DoubleSliceSpan", [[2, 5], 0, 1, 1, 4]),
        ("TwirledSliceSpan", [[3, 2, 5], True, 0, 1, 1, 4]),
        ("TwirledSliceSpanV2", [[3, 2, 5], False, 0, 1, 1, 4, 11]),
        ("ExecutionSpan", [[2, 5], None, 7]),
    ],
)
def test_slices_are_unchanged(kind: str, parts: list) -> None:
    """Each kind of span is encoded as it was decoded."""
    assert encode_data_slice(decode_data_slice(kind, parts)) == parts


@pytest.mark.parametrize(
    ("kind", "parts", "words"),
    [
        ("ExecutionSpan", [3, 0, 1], "not a list of lengths"),
        ("ExecutionSpan", [[-1], 0, 1], "not a list of lengths"),
        ("ExecutionSpan", [[1], 0, "1"], "bounds are not integers"),
        ("ExecutionSpan", [[1], 0], "not enough values"),
        ("DoubleSliceSpan", [[], 0, 1, 0, 1], "no axis of shots"),
        ("TwirledSliceSpan", [[2, 2], 1, 0, 1, 0, 1], "names an axis of randomizations"),
        ("TwirledSliceSpan", [[2], True, 0, 1, 0, 1], "names an axis of randomizations"),
        ("TwirledSliceSpanV2", [[2, 2], True, 0, 1, 0, 1, "9"], "not a number of shots"),
    ],
)
def test_bad_slices_are_refused(kind: str, parts: list, words: str) -> None:
    """Each error has the reason; the decoder adds the position."""
    with pytest.raises(ValueError, match=words):
        decode_data_slice(kind, parts)
