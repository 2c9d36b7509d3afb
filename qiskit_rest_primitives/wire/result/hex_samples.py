"""Hex samples <-> packed bits. In: ``"0x3","0x0"`` as bytes. Out: uint8 rows. No I/O.

A million samples as Python strings cost more than everything else in decoding, so the text is read
where it lies: find the quotes, gather the characters before each closing quote into rows of equal
width, and turn eight characters at a time into nibbles within 64-bit words. Text that is not laid
out plainly (escapes, odd spacing, other values) takes the exact road through JSON instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

import numpy as np

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.values.arrays import Slice
from qiskit_rest_primitives.wire.values.excerpt import brief

_TEXT_PIECE = 1 << 18  # characters read at a time, so that the work arrays fit into the cache
_ROWS = 1 << 13  # samples written at a time
_MAX_BITS = 1 << 16  # wider registers are read one by one
_SPARE_BYTES = 1 << 25  # allowed for a few wide samples, however short their text
_MAX_RATIO = 32  # bytes per character above that: refuses a num_bits far wider than the text
_HEX = re.compile(r"0[xX][0-9a-fA-F]+\Z")
_OPENING = re.compile(rb'[ \t\r\n]*(?P<comma>,?)[ \t\r\n]*"0[xX]')
_ZERO = ord("0")


def _lanes(byte: int) -> np.uint64:
    """Repeats a byte in all eight bytes of a word."""
    return np.uint64(byte * 0x0101010101010101)


_ONE, _FOUR, _SEVEN, _EIGHT, _NINE = (np.uint64(n) for n in (1, 4, 7, 8, 9))


def bytes_per_sample(num_bits: int) -> int:
    """Bytes that hold one sample of a register."""
    return (num_bits + 7) // 8


def decode_hex_text(text: Slice, num_bits: int) -> np.ndarray | None:
    """Reads the inside of a JSON list of hex strings, if its layout is regular.

    Args:
        text: the text between the brackets: ``"0x1f","0x0"``; any case of letters, the same
            spacing all through.
        num_bits: width of the register.

    Returns:
        uint8 of shape ``(samples, ceil(num_bits / 8))``, most significant byte first; None if the
        layout is another one or a sample is too wide, for `decode_hex_list` to read or to refuse.
    """
    body, start, end = text
    while start < end and body[end - 1] in b" \t\r\n":
        end -= 1
    first = _OPENING.match(body, start, end)
    if first is None or first["comma"] or not 0 < num_bits <= _MAX_BITS:
        return None
    start = first.end()
    rows = np.empty((0, bytes_per_sample(num_bits)), np.uint8)
    done = 0
    while start < end:
        # A piece goes from the first digit of a sample to the closing quote of another one.
        comma = end if end - start <= _TEXT_PIECE else body.rfind(b",", start, start + _TEXT_PIECE)
        closing = body.rfind(b'"', start, max(start, comma))
        piece = _decode_piece(body, start, closing, rows.shape[1]) if closing > start else None
        if piece is None or (num_bits % 8 and (piece[:, 0] >> (num_bits % 8)).any()):
            return None
        if done + len(piece) > len(rows):
            # The first piece gives an estimate of the number; growing moves no memory.
            left = len(piece) * (end - closing) // (closing - start)
            most = _SPARE_BYTES + _MAX_RATIO * (end - start)
            if (done + len(piece) + left) * rows.shape[1] > 2 * most:
                return None
            rows.resize((done + len(piece) + left + left // 64, rows.shape[1]), refcheck=False)
        rows[done : done + len(piece)] = piece
        done += len(piece)
        start = closing + 1
        if start < end:
            opening = _OPENING.match(body, start, end)
            if opening is None or not opening["comma"]:
                return None
            start = opening.end()
            if start == end:
                return None
    rows.resize((done, rows.shape[1]), refcheck=False)
    return rows


def _decode_piece(
    body: bytes | bytearray, start: int, end: int, num_bytes: int
) -> np.ndarray | None:
    """Reads ``1f","0x0","0x7``: samples without the very first prefix and the very last quote."""
    width = -(-2 * num_bytes // 8) * 8  # characters gathered per sample: whole words
    text = np.empty(width + end - start + 8, np.uint8)
    text[:width] = _ZERO
    text[-8:] = _ZERO
    inner = text[width:-8]
    inner[:] = np.frombuffer(body, np.uint8, end - start, start)
    closing = _closing_quotes(body, start, end, text, width)
    if closing is None:
        return None
    closing, lead = closing
    digits = np.empty_like(closing)
    digits[0] = closing[0] - width
    np.subtract(closing[1:], closing[:-1], out=digits[1:])
    digits[1:] -= lead
    if digits.min() < 1 or digits.max() > 2 * num_bytes:
        return None
    if len(closing) * width > 2 * _MAX_RATIO * len(text):
        return None
    # Row by row, the `width` characters that end with the sample's last digit.
    windows = np.ndarray((len(text) - width + 1,), f"V{width}", text, 0, (1,))
    words = windows[closing - width].view("<u8").reshape(len(closing), width // 8)
    _blank(words, digits, num_bytes)
    nibbles = _nibbles(words)
    if nibbles is None:
        return None
    packed = nibbles << _FOUR
    nibbles >>= _EIGHT
    packed |= nibbles
    # Each pair of characters now has its byte in the lower half of 16 bits.
    return packed.view("<u2")[:, width // 2 - num_bytes :].astype(np.uint8)


def _closing_quotes(
    body: bytes | bytearray, start: int, end: int, text: np.ndarray, width: int
) -> tuple[np.ndarray, int] | None:
    """Finds the ends of the samples; None unless all separators are the same.

    Returns:
        Positions of the closing quotes, and the length of ``","0x``.
    """
    first = body.find(b'"', start, end)
    last = np.array([len(text) - 8])
    if first < 0:
        return last, 0
    between = _OPENING.match(body, first + 1, end)
    if between is None or not between["comma"] or between.end() - first > 8:
        return None
    lead = between.end() - first
    closing = np.flatnonzero(text[:-8] == body[between.end() - 1]) - (lead - 1)
    # Eight characters from each closing quote on, of which `lead` are the same everywhere.
    heads = np.ndarray((len(text) - 7,), "<u8", text, 0, (1,))[closing]
    same = int.from_bytes(body[first : between.end()], "little")
    if closing[0] <= 0 or ((heads & np.uint64((1 << 8 * lead) - 1)) != np.uint64(same)).any():
        return None
    # Below 32 only spacing may stand: `_nibbles` folds the case of letters by setting 32.
    controls = sum(byte < 32 for byte in body[first : between.end()]) * len(closing)
    if np.count_nonzero(text.view(np.int8) < 32) != controls:
        return None
    return np.concatenate([closing, last]), lead


def _blank(words: np.ndarray, digits: np.ndarray, num_bytes: int) -> None:
    """Replaces the characters before each sample's digits by zeros."""
    width = 8 * words.shape[1]
    zeros = _lanes(_ZERO)
    if width > 2 * num_bytes:
        keep = np.zeros(width, np.uint8)
        keep[-2 * num_bytes :] = 0xFF
        words ^= zeros
        words &= keep.view("<u8")
        words ^= zeros
    short = np.flatnonzero(digits < 2 * num_bytes)
    if len(short):
        columns = np.arange(width - 1, -1, -1)
        keep = np.where(columns < np.arange(2 * num_bytes)[:, None], np.uint8(0xFF), np.uint8(0))
        masks = keep.view(f"V{width}").reshape(-1)
        masked = words[short]
        masked ^= zeros
        masked &= masks[digits[short]].view("<u8").reshape(masked.shape)
        masked ^= zeros
        words[short] = masked


def _nibbles(words: np.ndarray) -> np.ndarray | None:
    """Converts eight hex characters per word to eight nibbles; None if one is not hex.

    For bytes c below 128, bit 7 of ``c + 128 - low`` is set if c >= low, and no sum carries into
    the next byte. Four such thresholds bound the digits and, with bit 5 set, the letters.
    """
    lower = words | _lanes(0x20)
    letter = lower + _lanes(0x80 - ord("a"))
    valid = lower + _lanes(0x80 - ord("0"))
    valid ^= lower + _lanes(0x80 - ord("9") - 1)
    valid ^= letter
    lower += _lanes(0x80 - ord("f") - 1)
    valid ^= lower
    high = _lanes(0x80)
    if np.bitwise_and.reduce(valid, axis=None) & high != high:
        return None
    letter >>= _SEVEN
    letter &= _lanes(1)
    letter *= _NINE
    letter += words & _lanes(0x0F)
    return letter


def decode_hex_list(samples: Sequence[object], num_bits: int, place: str) -> np.ndarray:
    """Reads parsed samples one by one; an error names the invalid one.

    Args:
        samples: hex strings with 0x before them.
        num_bits: width of the register.
        place: PUB and register, for the error message.

    Returns:
        uint8 of shape ``(samples, ceil(num_bits / 8))``, most significant byte first.

    Raises:
        ProtocolError: a sample is not hex or does not fit num_bits, or num_bits is absurd.
    """
    num_bytes = bytes_per_sample(num_bits)
    length = sum(len(sample) for sample in samples if isinstance(sample, str))
    if len(samples) * num_bytes > _SPARE_BYTES + _MAX_RATIO * length:
        raise ProtocolError(f"{place}: {len(samples)} samples can't have num_bits = {num_bits}")
    if all(isinstance(sample, str) for sample in samples):
        # A quote within a sample would make one sample more, and nothing makes fewer.
        text = ('"' + '","'.join(cast("Sequence[str]", samples)) + '"').encode("utf-8", "replace")
        quick = decode_hex_text(Slice(text, 0, len(text)), num_bits)
        if quick is not None and len(quick) == len(samples):
            return quick
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
    # Leading zeros are left out, but not the last digit.
    keep[:, 3:-3] = np.logical_or.accumulate(text[:, 3:-3] != _ZERO, axis=1)
    return text[keep][:-1].tobytes()
