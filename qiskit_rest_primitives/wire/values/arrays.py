"""NumPy arrays <-> the ``ndarray`` envelope. In: ndarray. Out: base64(zlib(npy)). No I/O.

The envelope is ``{"__type__": "ndarray", "__value__": <base64 of zlib of the npy file>}``. Both
directions work in pieces of some ten thousand bytes, so that the only large thing in memory beside
the text is the array itself.
"""

from __future__ import annotations

import binascii
import io
import zlib
from collections.abc import Iterator
from typing import NamedTuple, cast

import msgspec
import numpy as np

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.values.excerpt import brief
from qiskit_rest_primitives.wire.values.npy import read_npy

MAX_ARRAY_BYTES = 1 << 34
"""Default limit of one decoded array, in bytes; deflate can claim 1032 times its own size."""

_PIECE = 3 << 14  # bytes; a multiple of 3, so that base64 pieces join without padding
_TEXT_PIECE = 4 << 14  # characters; the same piece in base64
_MAX_RATIO = 1032  # deflate's best: 258 bytes out of 2 bits
_MAX_WORD = 64  # characters of a text within an array encoded as lists
# Twice as fast as binascii, which also ignores what is not base64.
decode_base64 = msgspec.json.Decoder(bytes).decode


class Slice(NamedTuple):
    """A part of a longer text, so that no copy of it is made.

    Attributes:
        text: the whole.
        start: first byte of the part.
        end: first byte after the part.
    """

    text: bytes | bytearray
    start: int
    end: int


def encode_array(array: np.ndarray) -> dict[str, object]:
    """Wraps an array of any shape and plain dtype in the ``ndarray`` envelope.

    Arrays of objects become nested lists, as in the official encoder.
    """
    if array.dtype.hasobject:
        return {"__type__": "ndarray", "__value__": array.tolist()}
    return {"__type__": "ndarray", "__value__": b"".join(iter_array_text(array)).decode("ascii")}


def iter_array_text(array: np.ndarray, *, header: bool = True) -> Iterator[bytes]:
    """Yields base64(zlib(npy)) of an array in pieces; no piece is larger than some 100 kB.

    Args:
        array: any shape, no Python objects.
        header: False leaves out the npy header, for data that are not an array.
    """
    array = np.asarray(array, order="C")
    start = io.BytesIO()
    if header:
        fields = np.lib.format.header_data_from_array_1_0(array) | {"fortran_order": False}
        np.lib.format.write_array_header_1_0(start, fields)
    data = array.reshape(-1).view(np.uint8) if array.size else np.empty(0, np.uint8)
    compressor = zlib.compressobj(_level(data))
    waiting = bytearray(compressor.compress(start.getvalue()))
    for at in range(0, data.size, _PIECE):
        waiting += compressor.compress(data[at : at + _PIECE].data)
        if whole := len(waiting) // 3 * 3:
            yield binascii.b2a_base64(memoryview(waiting)[:whole].tobytes(), newline=False)
            del waiting[:whole]
    waiting += compressor.flush()
    yield binascii.b2a_base64(waiting, newline=False)


def _level(data: np.ndarray) -> int:
    """Chooses zlib's level: fast, or no compression if a sample of the data does not shrink."""
    middle = data.size // 2
    sample = data[middle : middle + (1 << 14)].tobytes()
    return 0 if len(zlib.compress(sample, 1)) > 0.97 * len(sample) else 1


def decode_array(
    value: object, *, max_bytes: int = MAX_ARRAY_BYTES, place: str = "array"
) -> np.ndarray:
    """Unwraps an ``ndarray`` envelope.

    Args:
        value: the envelope; its ``__value__`` is text, or a number or nested list.
        max_bytes: refuse arrays larger than this, in bytes.
        place: position of the array, for the error message.

    Returns:
        The array, writable, with the dtype and shape of its npy header.

    Raises:
        ProtocolError: not such an envelope, or its text is not base64, zlib or npy, holds Python
            objects, is larger than max_bytes or differs in length from its header.
    """
    envelope = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    if envelope.get("__type__") != "ndarray" or "__value__" not in envelope:
        raise ProtocolError(f"{place}: expected an ndarray envelope, found {brief(value)}")
    content = envelope["__value__"]
    if isinstance(content, str):
        return decode_array_text(text_slice(content, place), max_bytes=max_bytes, place=place)
    return array_of_numbers(content, place)


def text_slice(text: str, place: str) -> Slice:
    """Makes a slice of base64 text that the JSON parser has already decoded to a string."""
    if not text.isascii() or "\\" in text:
        raise ProtocolError(f"{place}: the text is not base64")
    data = text.encode("ascii")
    return Slice(data, 0, len(data))


def array_of_numbers(content: object, place: str) -> np.ndarray:
    """Makes an array of a number, or of equally long (nested) lists of numbers or strings."""
    if not isinstance(content, (int, float, list)):
        raise ProtocolError(f"{place}: expected base64 text or numbers, found {brief(content)}")
    kinds, longest = leaf_types(content)
    if longest > _MAX_WORD:
        raise ProtocolError(f"{place}: expected numbers, found a text of {longest} characters")
    if not kinds <= {int, float, bool, str, type(None)}:
        raise ProtocolError(f"{place}: expected numbers, found {brief(content)}")
    try:
        return np.array(content)
    except (ValueError, TypeError, OverflowError):
        raise ProtocolError(f"{place}: the lists do not form an array") from None


def leaf_types(value: object) -> tuple[set[type], int]:
    """Finds the types within nested lists, and the length of the longest text among them.

    NumPy allocates the length of the longest text for every item, so it has to be limited first.
    """
    if not isinstance(value, list):
        return {type(value)}, len(value) if isinstance(value, str) else 0
    items = cast("list[object]", value)
    kinds = set(map(type, items))
    longest = max(len(item) for item in items if isinstance(item, str)) if str in kinds else 0
    if list in kinds:
        kinds.discard(list)
        for item in items:
            if isinstance(item, list):
                inner, length = leaf_types(cast("object", item))
                kinds |= inner
                longest = max(longest, length)
    return kinds, longest


def decode_array_text(
    text: Slice,
    *,
    max_bytes: int = MAX_ARRAY_BYTES,
    place: str = "array",
    possible_bytes: int | None = None,
    expected: tuple[tuple[int, ...], np.dtype] | None = None,
) -> np.ndarray:
    """Reads base64(zlib(npy)) text into a new array, in pieces.

    Args:
        text: the base64 text.
        max_bytes: refuse arrays larger than this, in bytes.
        place: position of the array, for the error message.
        possible_bytes: a larger array is not what was asked for; None if that is not known.
        expected: shape and dtype that the header must have, checked before memory is allocated.

    Returns:
        The array, with the shape, dtype and axis order of its header.

    Raises:
        ProtocolError: see `decode_array`.
    """
    possible = _MAX_RATIO * (text.end - text.start)
    if possible_bytes is not None:
        possible = min(possible, possible_bytes)
    return read_npy(
        _inflate(text, place),
        max_bytes=max_bytes,
        place=place,
        possible_bytes=possible,
        expected=expected,
    )


def inflate_text(text: Slice, *, max_bytes: int, place: str) -> bytes:
    """Reads base64(zlib(data)) text of at most max_bytes of data."""
    data = bytearray()
    for piece in _inflate(text, place):
        data += piece
        if len(data) > max_bytes:
            raise ProtocolError(f"{place}: expands to more than {max_bytes} bytes")
    return bytes(data)


def _inflate(text: Slice, place: str) -> Iterator[bytes]:
    """Yields the data of base64(zlib(data)) in pieces of bounded size."""
    body, start, end = text
    if -1 < body.find(b"=", start, end) < end - 2:
        raise ProtocolError(f"{place}: the text is not base64")
    inflater = zlib.decompressobj()
    for at in range(start, end, _TEXT_PIECE):
        try:
            piece = decode_base64(b'"%b"' % body[at : min(at + _TEXT_PIECE, end)])
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ProtocolError(f"{place}: the text is not base64") from None
        while piece:
            try:
                data = inflater.decompress(piece, _PIECE << 2)
            except zlib.error:
                raise ProtocolError(f"{place}: the text does not hold zlib data") from None
            if data:
                yield data
            piece = inflater.unconsumed_tail
    # A full last piece may leave output waiting inside zlib, with all input consumed.
    while not inflater.eof:
        data = inflater.decompress(b"", _PIECE << 2)
        if not data:
            raise ProtocolError(f"{place}: the zlib data end too soon")
        yield data
    if inflater.unused_data:
        raise ProtocolError(f"{place}: {len(inflater.unused_data)} bytes after the zlib data")
