"""Constants: literals -> numbers, integers of a known width, and arithmetic that wraps around."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

# Larger integers become floats, so that 9**9**9**9 is cheap; the language has 64 bits.
LARGEST_INTEGER = 2**63
# Bits of a number, at most. Longer decimal literals are floats, or infinite.
MAX_WIDTH = 1000
LONGEST_INTEGER = 310
# No width is greater, so a greater shift gives 0.
MAX_SHIFT = 100_000

BITWISE = frozenset({"&", "|", "^"})
WRAPPING: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.floordiv,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": lambda left, right: left << right if right < left.bit_length() + MAX_SHIFT else 0,
    ">>": operator.rshift,
}


class SizedInt(int):
    """A constant of known width: ``uint[4](9)``, ``"0110"``. Wraps around beyond it."""

    width: int

    def __new__(cls, value: int, width: int) -> SizedInt:
        """The value as an unsigned integer of ``width`` bits."""
        sized = super().__new__(cls, value & ((1 << width) - 1))
        sized.width = width
        return sized


class LargeInteger(float):
    """An integer literal beyond 64 bits: a float in arithmetic, exact for wide registers."""

    exact: int

    def __new__(cls, exact: int) -> LargeInteger:
        """The literal ``exact``; raises OverflowError beyond the floats."""
        large = super().__new__(cls, float(exact))
        large.exact = exact
        return large


def sized(symbol: str, left: Any, right: Any) -> SizedInt | None:
    """``left symbol right`` of two constants, or None if its width is not known."""
    if symbol not in WRAPPING or not isinstance(left, int) or not isinstance(right, int):
        return None
    widths = [value.width for value in (left, right) if isinstance(value, SizedInt)]
    if symbol in ("<<", ">>"):
        if not isinstance(left, SizedInt) or right < 0:
            return None
        widths = [left.width]
    elif len(widths) < 2 and (not widths or symbol not in BITWISE or min(left, right) < 0):
        return None
    elif symbol in BITWISE:
        widths += [int(left).bit_length(), int(right).bit_length()]
    return SizedInt(WRAPPING[symbol](int(left), int(right)), max(widths))


def literal(token: str) -> float:
    """The value of a number, or of a string of bits in quotes.

    Raises:
        ValueError: the token is neither.
    """
    if token[0] in "\"'":
        return _bit_string(token[1:-1].replace("_", ""))
    try:
        if token[:2].lower() in ("0x", "0o", "0b"):
            number = int(token, 0)
        elif token.replace("_", "").isdigit():
            number = int(token) if len(token) < LONGEST_INTEGER else float(token)
        else:
            number = float(token.replace("_", ""))
    except ValueError:
        raise ValueError(f"{token!r} is not a number") from None
    if isinstance(number, int) and number >= LARGEST_INTEGER:
        return LargeInteger(number) if number < 1 << MAX_WIDTH else math.inf
    return number


def _bit_string(bits: str) -> SizedInt:
    if not bits or set(bits) - {"0", "1"}:
        raise ValueError("a string of bits may contain only 0 and 1")
    if len(bits) > MAX_WIDTH:
        raise ValueError(f"a string of bits may have at most {MAX_WIDTH} bits")
    return SizedInt(int(bits, 2), len(bits))
