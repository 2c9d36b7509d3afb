"""How values of unknown size and type are shown in error messages. No I/O."""

from __future__ import annotations

import re
from typing import cast

_LONGEST_MESSAGE = 400
_WORDS = {"None": "null", "True": "true", "False": "false"}


def brief(value: object) -> str:
    """Shows a JSON value in at most some 60 characters."""
    if isinstance(value, dict):
        value = cast("dict[object, object]", value)
        keys = ", ".join(repr(key)[:20] for key in list(value)[:3])
        return f"an object with {len(value)} keys ({keys})" if value else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(cast('list[object]', value))}"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:37] + "...")
    if isinstance(value, int) and value.bit_length() > 200:
        return f"a number of {value.bit_length()} bits"
    text = repr(value)[:60]
    return _WORDS.get(text, text)


def brief_message(error: Exception) -> str:
    """A decoder's message, in which names of members that are long are cut."""
    text = str(error)
    if len(text) <= _LONGEST_MESSAGE:
        return text
    return re.sub(r"`([^`]{60})[^`]*", r"`\1...", text)[:_LONGEST_MESSAGE]
