"""NumPy's npy files -> arrays, straight into their memory. In: bytes. Out: ndarray. No I/O.

Accepts what NumPy writes for arrays of plain numbers and text; never Python objects.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from qiskit_rest_primitives.errors import ProtocolError, ReplyTooLargeError

_MAX_HEADER = 4096  # bytes; numpy pads the header of an ordinary array to 128
# NumPy's own reader evaluates the header as Python, falls back to a tokenizer and warns; this is
# all that it writes for arrays without fields and objects.
_HEADER = re.compile(
    rb"\{'descr': '([<>|=]?[biufcSUMm][0-9]{1,9}(?:\[[0-9A-Za-z]{1,4}\])?)', "
    rb"'fortran_order': (True|False), "
    rb"'shape': \(((?:[0-9]{1,18}, ?){0,32}(?:[0-9]{1,18})?)\),? ?\} *\n?\Z"
)


class ArrayHeader(NamedTuple):
    """The array's properties in an npy header."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran_order: bool


def read_npy(
    pieces: Iterator[bytes],
    *,
    max_bytes: int,
    place: str,
    possible_bytes: int | None = None,
    expected: tuple[tuple[int, ...], np.dtype] | None = None,
) -> np.ndarray:
    """Reads an npy file, received in pieces, into a new array.

    Args:
        pieces: the file's bytes, in pieces of any size.
        max_bytes: refuse arrays larger than this, in bytes.
        place: position of the array, for the error message.
        possible_bytes: a larger array can't be right: the data do not expand to it, or it is not
            what was asked for.
        expected: shape and dtype that the header must have, checked before memory is allocated.

    Raises:
        ProtocolError: not an npy file, one of objects, or its length is wrong.
        ReplyTooLargeError: larger than ``max_bytes``.
    """
    start = bytearray()
    offset = 0
    while not offset:
        piece = next(pieces, None)
        if piece is None:
            raise ProtocolError(f"{place}: the data end within the npy header")
        start += piece
        offset = _header_length(start, place)
    header = _read_header(start[:offset], place)
    _check_header(header, expected, place)
    size = math.prod(header.shape) * header.dtype.itemsize
    if possible_bytes is not None and size > possible_bytes:
        raise ProtocolError(
            f"{place}: the npy header claims {size} bytes; at most {possible_bytes} are possible"
        )
    if size > max_bytes:
        raise ReplyTooLargeError(
            f"{place}: the npy header claims {size} bytes; at most {max_bytes} are read"
        )
    try:
        array = np.empty(header.shape, header.dtype, order="F" if header.fortran_order else "C")
    except (ValueError, MemoryError):
        raise ProtocolError(
            f"{place}: not enough memory for an array of shape {header.shape}"
        ) from None
    flat = (array.T if header.fortran_order else array).reshape(-1).view(np.uint8)
    # `flat` shares the memory of `array`: both orders are contiguous in their own direction.
    data = flat.data if flat.size else memoryview(bytearray())
    filled = 0
    piece = bytes(memoryview(start)[offset:])
    while piece is not None:
        if filled + len(piece) > len(data):
            raise ProtocolError(f"{place}: more data than the {len(data)} bytes of its npy header")
        data[filled : filled + len(piece)] = piece
        filled += len(piece)
        piece = next(pieces, None)
    if filled != len(data):
        raise ProtocolError(f"{place}: {filled} bytes of data for {len(data)} of its npy header")
    return array


def _header_length(start: bytearray, place: str) -> int:
    """Returns the length of the npy header including its magic, or 0 if more bytes are needed."""
    if not b"\x93NUMPY".startswith(start[:6]):
        raise ProtocolError(f"{place}: the data are not an npy file")
    if len(start) < 12:
        return 0
    size = 2 if start[6] == 1 else 4
    length = 8 + size + int.from_bytes(start[8 : 8 + size], "little")
    if start[6] not in (1, 2) or length > _MAX_HEADER:
        raise ProtocolError(f"{place}: an npy header of version {start[6]}, {length} bytes")
    return length if len(start) >= length else 0


def _read_header(data: bytearray, place: str) -> ArrayHeader:
    """Reads the npy header of a plain dtype, as every version of NumPy writes it."""
    match = _HEADER.search(data)
    if match is None:
        text = bytes(data[8:120]).decode("latin-1").strip()
        raise ProtocolError(f"{place}: not the npy header of numbers or text: {text!r}")
    descr, order, lengths = (part.decode("ascii") for part in match.groups())
    try:
        dtype = np.dtype(descr)
    except TypeError:
        raise ProtocolError(f"{place}: an npy file of unknown type {descr!r}") from None
    shape = tuple(int(length) for length in lengths.split(",") if length.strip())
    return ArrayHeader(shape, dtype, order == "True")


def _check_header(
    header: ArrayHeader, expected: tuple[tuple[int, ...], np.dtype] | None, place: str
) -> None:
    shape, dtype, _ = header
    if expected is not None and expected != (shape, dtype):
        raise ProtocolError(
            f"{place}: expected {expected[1]} of shape {expected[0]}, found {dtype} of {shape}"
        )
