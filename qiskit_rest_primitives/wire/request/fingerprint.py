"""What a job request runs, as one number. In: body of POST /jobs. Out: hex digits. No I/O.

Two requests have the same fingerprint if the service would run the same: program, backend,
circuits, values, observables, shots, options. It does not depend on the order of keys, on how
arrays are compressed, or on what only names, watches or limits the job.
"""

from __future__ import annotations

import binascii
import hashlib
import re
import zlib
from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec

IGNORED: Final = frozenset({"tags", "session_id", "log_level", "cost"})
"""Members of the body that do not change what runs; ``cost`` is the longest time, in seconds."""

# The user's names and metadata travel in such a line.
_COMMENT_LINES: Final = re.compile(r"^[ \t]*//.*\n?", re.MULTILINE)
_COMPRESSED: Final = ("ndarray", "QuantumCircuit")
# The members of an array of the program executor.
_TENSOR: Final = {"data", "shape", "dtype"}


def fingerprint(body: bytes | Mapping[str, Any]) -> str:
    """Identifies what a job request runs.

    Args:
        body: of POST /jobs, encoded or decoded.

    Returns:
        64 hex digits (SHA-256).

    Raises:
        msgspec.DecodeError: the bytes are not JSON.
        TypeError: the JSON is not an object.

    >>> fingerprint(b'{"backend": "a", "tags": ["x"]}') == fingerprint({"backend": "a"})
    True
    """
    request = msgspec.json.decode(body) if isinstance(body, bytes) else body
    if not isinstance(request, Mapping):
        raise TypeError(f"the body of POST /jobs is an object, not {type(request).__name__}")
    members = cast("Mapping[str, Any]", request)
    kept = {name: _plain(value) for name, value in members.items() if name not in IGNORED}
    return hashlib.sha256(msgspec.json.encode(kept, order="sorted")).hexdigest()


def _plain(value: Any) -> Any:
    """A JSON value without comments in circuits, and with a digest for each compressed text."""
    if isinstance(value, str):
        return _COMMENT_LINES.sub("", value) if "//" in value else value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("list[Any]", value)]
    if not isinstance(value, Mapping):
        return value
    fields = cast("Mapping[str, Any]", value)
    content = fields.get("__value__")
    if fields.get("__type__") in _COMPRESSED and isinstance(content, str):
        return {**fields, "__value__": _digest(content)}
    if fields.keys() >= _TENSOR and isinstance(fields["data"], str):
        return {**fields, "data": _digest(fields["data"])}
    return {name: _plain(item) for name, item in fields.items()}


def _digest(text: str) -> str:
    """A digest of the bytes in base64(zlib(bytes)), or of the text if it is something else."""
    try:
        data = zlib.decompress(binascii.a2b_base64(text))
    except (binascii.Error, zlib.error, ValueError):
        data = text.encode()
    return hashlib.sha256(data).hexdigest()
