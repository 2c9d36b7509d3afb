"""The memory of a decoded JSON body, estimated from its bytes before decoding.

Three bytes of JSON can be an array, which takes about ninety bytes in Python.
"""

from __future__ import annotations

# Measured with CPython 3.10 to 3.13 and msgspec, with the place in the list around it.
_ARRAY, _OBJECT, _ITEM, _QUOTE = 88, 200, 32, 16
# Above this many strings, their contents are counted as if they were JSON.
_MOST_QUOTES = 4_000_000


def decoded_bytes(body: bytes, enough: int) -> int:
    """Estimates the bytes of memory that a JSON text takes when it is decoded.

    Args:
        body: the text.
        enough: above this, the estimate may be too high.

    Returns:
        The estimate without the texts of the strings, which are no longer than the body.
    """
    most = _weight(body, 0, len(body))
    if most <= enough or body.count(b'"') > _MOST_QUOTES:
        return most
    # Brackets may be part of strings, such as circuits.
    return _weight_between_strings(body, enough)


def _weight(body: bytes, start: int, end: int) -> int:
    return (
        _ARRAY * body.count(b"[", start, end)
        + _OBJECT * body.count(b"{", start, end)
        + _ITEM * body.count(b",", start, end)
        + _QUOTE * body.count(b'"', start, end)
    )


def _weight_between_strings(body: bytes, enough: int) -> int:
    # Without escaped backslashes, then without escaped quotes, each quote begins or ends a string.
    plain = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    weight = at = 0
    while at < len(plain) and weight <= enough:
        opening = plain.find(b'"', at)
        if opening < 0:
            return weight + _weight(plain, at, len(plain))
        closing = plain.find(b'"', opening + 1)
        weight += _weight(plain, at, opening) + 2 * _QUOTE
        at = closing + 1 if closing >= 0 else len(plain)
    return weight
