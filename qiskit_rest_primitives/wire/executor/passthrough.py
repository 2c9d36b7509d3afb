"""``passthrough_data`` of a quantum program <-> JSON. No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias, cast

import msgspec
import numpy as np

from qiskit_rest_primitives.errors import EncodeError, ProtocolError
from qiskit_rest_primitives.wire.executor.tensors import Tensor, decode_tensor, encode_tensor

DataTree: TypeAlias = (
    "list[DataTree] | dict[str, DataTree] | np.ndarray | str | float | int | bool | None"
)
"""Lists and dicts of arrays, texts, numbers, bools and None, nested."""

_PLACE = "passthrough_data"


def encode_passthrough(data: DataTree) -> Any:
    """Writes a tree as JSON-able values; arrays become tensors.

    Raises:
        EncodeError: a value that JSON does not have, with its place.
    """
    try:
        return _encode(data, _PLACE)
    except RecursionError:
        raise EncodeError(f"{_PLACE} is nested too deeply, or holds itself") from None


def _encode(value: Any, place: str) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise EncodeError(f"{place}: {value} has no place in JSON; pass it in an array")
        return value
    if isinstance(value, np.ndarray):
        try:
            return msgspec.to_builtins(encode_tensor(value))
        except ProtocolError as error:
            raise EncodeError(f"{place}: {error}") from None
    if isinstance(value, list | tuple):
        items = cast("list[Any]", value)
        return [_encode(item, f"{place}[{index}]") for index, item in enumerate(items)]
    if isinstance(value, Mapping):
        members = cast("Mapping[Any, Any]", value)
        for key in members:
            if not isinstance(key, str):
                raise EncodeError(f"{place}: keys must be strings, not {key!r}")
        if _tensor_in(dict(members)) is not None:
            raise EncodeError(f"{place}: a dict of this form is read as an array; rename a key")
        return {key: _encode(item, f"{place}.{key}") for key, item in members.items()}
    raise EncodeError(
        f"{place}: {type(value).__name__} has no place in JSON; pass lists, dicts, arrays, texts "
        "and numbers"
    )


def decode_passthrough(data: msgspec.Raw | bytes, *, compressed: bool = True) -> DataTree:
    """Reads a tree; its tensors become arrays.

    Args:
        data: JSON.
        compressed: whether tensors are compressed: True from schema v2.0 on.

    Raises:
        ProtocolError: a tensor that can't be read, with its place.
    """
    try:
        return _decode(msgspec.json.decode(data), _PLACE, compressed)
    except RecursionError:
        raise ProtocolError(f"{_PLACE} is nested too deeply") from None


def _decode(value: Any, place: str, compressed: bool) -> Any:
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [_decode(item, f"{place}[{index}]", compressed) for index, item in enumerate(items)]
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, Any]", value)
    tensor = _tensor_in(members)
    if tensor is not None:
        return decode_tensor(tensor, place, compressed=compressed)
    return {key: _decode(item, f"{place}.{key}", compressed) for key, item in members.items()}


def _tensor_in(members: Mapping[str, Any]) -> Tensor | None:
    """The tensor that a JSON object is, if it is one."""
    if set(members) != {"data", "shape", "dtype"}:
        return None
    try:
        return msgspec.convert(members, Tensor)
    except msgspec.ValidationError:
        return None
