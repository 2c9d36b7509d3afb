"""Text from elsewhere -> text that can be printed: control characters are shown, not obeyed."""

from __future__ import annotations

import re
from typing import Final

# What a terminal obeys (C0 and C1, ESC and BEL among them), and what changes the order or the lines
# of what is read: marks of direction, and Unicode's own line ends. Tabs and line feeds stay.
_HIDDEN: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Text in which control characters are written as Python writes them.

    Args:
        text: of a service, a file or a user.

    >>> print(printable("red: \x1b[31m"))
    red: \x1b[31m
    """
    return _HIDDEN.sub(_written, text.replace("\r\n", "\n"))


def printable_json(text: str) -> str:
    r"""JSON in which they are written as JSON writes them: ``\u009b``."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _written(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1]
