"""Hex samples <-> packed bits. In: ``"0x3","0x0"`` as bytes. Out: uint8 rows. No I/O.

A million samples as Python strings cost more than everything else in decoding, so the text is read
where it lies: find the quotes, gather the characters before each closing quote into rows of equal
width, and turn eight characters at a time into nibbles within 64-bit words. Text that is not laid
out plainly (escapes, odd spacing, other values) takes the exact road through JSON instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.arrays import Slice, brief

_TEXT_PIECE = 1 << 18  # characters read at a time: the work arrays stay within the cache
_ROWS = 1 << 13  # samples written at a time
_HEX = re.compile(r"0[xX][0-9a-fA-F]+\Z")
_QUOTE, _COMMA, _ZERO, _X = ord('"'), ord(","), ord("0"), ord("x")
_SPACES = tuple(b" \t\r\n")


def _lanes(byte: int) -> np.uint64:
    """Repeats a byte in all eight bytes of a word."""
    return np.uint64(byte * 0x0101010101010101)


_SEVEN = np.uint64(7)
_FOUR = np.uint64(4)
_EIGHT = np.uint64(8)


def bytes_per_sample(num_bits: int) -> int:
    """Bytes that hold one sample of a register."""
    return (num_bits + 7) // 8


def decode_hex_text(text: Slice, num_bits: int) -> np.ndarray | None:
    """Reads the inside of a JSON list of hex strings, if it is laid out plainly.

    Args:
        text: what stands between the brackets: ``"0x1f","0x0"``; any case of letters, the same
            spacing all through.
        num_bits: width of the register.

    Returns:
        uint8 of shape ``(samples, ceil(num_bits / 8))``, most significant byte first; None if the
        layout is another one or a sample is too wide, for `decode_hex_list` to read or to refuse.
    """
    body, start, end = text
    while start < end and body[start] in _SPACES:
        start += 1
    while start < end and body[end - 1] in _SPACES:
        end -= 1
    count, odd = divmod(body.count(b'"', start, end), 2)
    if odd or not count or body[start] != _QUOTE or body[end - 1] != _QUOTE:
        return None
    rows = np.empty((count, bytes_per_sample(num_bits)), np.uint8)
    done = 0
    while start < end:
        stop = end if end - start <= _TEXT_PIECE else body.rfind(b",", start, start + _TEXT_PIECE)
        if stop < start:
            return None
        last = body.rfind(b'"', start, stop) + 1
        read = _decode_piece(body, start, last, rows[done:])
        if not read:
            return None
        done += read
        start = last
        if start < end:
            opening = body.find(b'"', start, end)
            if opening < 0 or body[start:opening].strip(b" \t\r\n") != b",":
                return None
            start = opening
    if done != count or (num_bits % 8 and (rows[:, 0] >> (num_bits % 8)).any()):
        return None
    return rows


def _decode_piece(body: bytes, start: int, end: int, rows: np.ndarray) -> int:
    """Reads the samples from an opening quote up to the last closing one; returns how many."""
    num_bytes = rows.shape[1]
    width = max(8, -(-2 * num_bytes // 8) * 8)  # characters gathered per sample
    text = np.empty(width + end - start, np.uint8)
    text[:width] = _ZERO
    text[width:] = np.frombuffer(body, np.uint8, end - start, start)
    quotes = np.flatnonzero(text == _QUOTE)
    opening, closing = quotes[0::2], quotes[1::2]
    count = len(closing)
    if len(opening) != count or count > len(rows) or not _separated(text, opening, closing):
        return 0
    digits = closing - opening - 3
    most, least = int(digits.max()), int(digits.min())
    if least < 1 or most > 2 * num_bytes:
        return 0
    if (text[opening + 1] != _ZERO).any() or ((text[opening + 2] | 0x20) != _X).any():
        return 0
    windows = np.lib.stride_tricks.as_strided(
        text[: len(text) - width + 1].view(np.uint8), (len(text) - width + 1, width), (1, 1)
    )
    words = windows[closing - width].view("<u8")
    if least != width:
        _blank(words, digits, width)
    nibbles = _nibbles(words)
    if nibbles is None:
        return 0
    pairs = ((nibbles << _FOUR) | (nibbles >> _EIGHT)).view(np.uint8)
    rows[:count] = pairs[:, width - 2 * num_bytes :: 2]
    return count


def _separated(text: np.ndarray, opening: np.ndarray, closing: np.ndarray) -> bool:
    """Checks that a comma and spacing, always the same, stand between the samples."""
    if len(closing) == 1:
        return True
    after, before = closing[:-1], opening[1:]
    gap = int(before[0] - after[0])
    if gap > 8 or (before - after != gap).any():
        return False
    commas = 0
    for step in range(1, gap):
        between = text[after + step]
        first = int(between[0])
        if (between != first).any() or (first != _COMMA and first not in _SPACES):
            return False
        commas += first == _COMMA
    return commas == 1


def _blank(words: np.ndarray, digits: np.ndarray, width: int) -> None:
    """Replaces the characters before each sample's digits by zeros."""
    keep = np.zeros((width + 1, width), np.uint8)
    for length in range(width + 1):
        keep[length, width - length :] = 0xFF
    mask = keep.view("<u8")[digits]
    zeros = _lanes(_ZERO)
    words ^= zeros
    words &= mask
    words ^= zeros


def _nibbles(words: np.ndarray) -> np.ndarray | None:
    """Turns eight hex characters per word into eight nibbles; None if one is not hex.

    A byte c below 128 lies in [low, high] when bit 7 of ``(c + 128 - low) & ~(c + 127 - high)`` is
    set; no sum carries into the next byte.
    """
    high = _lanes(0x80)
    small = words & _lanes(0x7F)
    digit = (small + _lanes(0x80 - ord("0"))) & ~(small + _lanes(0x7F - ord("9")))
    lower = small | _lanes(0x20)
    letter = (lower + _lanes(0x80 - ord("a"))) & ~(lower + _lanes(0x7F - ord("f")))
    valid = (digit | letter) & ~words & high
    if (valid != high).any():
        return None
    return (words & _lanes(0x0F)) + ((letter & high) >> _SEVEN) * np.uint64(9)


def decode_hex_list(samples: Sequence[object], num_bits: int, place: str) -> np.ndarray:
    """Reads parsed samples one by one; says which one is wrong.

    Args:
        samples: hex strings with 0x before them.
        num_bits: width of the register.
        place: PUB and register, for the error message.

    Returns:
        uint8 of shape ``(samples, ceil(num_bits / 8))``, most significant byte first.

    Raises:
        ProtocolError: a sample is not hex or does not fit num_bits.
    """
    num_bytes = bytes_per_sample(num_bits)
    rows = bytearray()
    for index, sample in enumerate(samples):
        if not isinstance(sample, str) or _HEX.match(sample) is None:
            raise ProtocolError(
                f"{place}, sample {index}: expected hex such as '0x1f', found {brief(sample)}"
            )
        number = int(sample, 16)
        if number.bit_length() > num_bits:
            raise ProtocolError(
                f"{place}, sample {index}: {brief(sample)} is wider than num_bits = {num_bits}"
            )
        rows += number.to_bytes(num_bytes, "big")
    return np.frombuffer(rows, np.uint8).reshape(len(samples), num_bytes)


def encode_hex_text(rows: np.ndarray) -> list[bytes]:
    """Writes rows of packed bits as ``"0x1f","0x0"``, in pieces of some thousand samples.

    Args:
        rows: uint8 of shape ``(samples, num_bytes)``, most significant byte first.
    """
    return [
        (b"," if start else b"") + _encode_piece(rows[start : start + _ROWS])
        for start in range(0, len(rows), _ROWS)
    ]


def _encode_piece(rows: np.ndarray) -> bytes:
    count, num_bytes = rows.shape
    if not num_bytes:
        return b",".join([b'"0x0"'] * count)
    alphabet = np.frombuffer(b"0123456789abcdef", np.uint8)
    text = np.empty((count, 2 * num_bytes + 5), np.uint8)
    text[:, :3] = np.frombuffer(b'"0x', np.uint8)
    text[:, 3:-2:2] = alphabet[rows >> 4]
    text[:, 4:-2:2] = alphabet[rows & 15]
    text[:, -2:] = np.frombuffer(b'",', np.uint8)
    keep = np.ones(text.shape, np.bool_)
    # Leading zeros are left out, the last digit never.
    keep[:, 3:-3] = np.logical_or.accumulate(text[:, 3:-3] != _ZERO, axis=1)
    return text[keep][:-1].tobytes()
