"""Lists of numbers of plain JSON results <-> float arrays, non-finite ones included. No I/O.

JSON has no NaN. Read are ``null``, the words that Python's json writes bare, and those words as
strings; written are the strings "NaN", "Infinity" and "-Infinity" (the JSON mapping of protobuf),
so that the body stays legal JSON.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, cast

import msgspec
import numpy as np

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.values.arrays import leaf_types
from qiskit_rest_primitives.wire.values.excerpt import brief

_NON_FINITE = {
    "nan": math.nan,
    "inf": math.inf,
    "infinity": math.inf,
    "-inf": -math.inf,
    "-infinity": -math.inf,
}


def decode_numbers(value: object, place: str) -> np.ndarray:
    """Reads a number or nested lists of numbers; non-finite ones in any spelling.

    Raises:
        ProtocolError: something else is among them, or the lists differ in length.
    """
    kinds, _ = leaf_types(value)
    try:
        if kinds <= {int, float}:
            return np.array(value, np.float64)
        return np.array(_spelled_out(value, place), np.float64)
    except (ValueError, TypeError, OverflowError):
        raise ProtocolError(f"{place}: the lists do not form an array") from None


def _spelled_out(value: object, place: str) -> object:
    if isinstance(value, list):
        return [_spelled_out(item, place) for item in cast("list[object]", value)]
    if value is None:
        return math.nan
    if isinstance(value, str) and value.lower() in _NON_FINITE:
        return _NON_FINITE[value.lower()]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ProtocolError(f"{place}: expected a number, found {brief(value)}")
    return value


def encode_numbers(array: np.ndarray) -> Iterator[bytes]:
    """Writes an array as a number or nested lists; inverse of `decode_numbers`."""
    values = array.tolist()
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        values = _named(values)
    yield msgspec.json.encode(values)


def _named(value: Any) -> Any:
    if isinstance(value, list):
        return [_named(item) for item in cast("list[object]", value)]
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
