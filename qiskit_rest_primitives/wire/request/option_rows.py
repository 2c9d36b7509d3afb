"""An option as a row of a table: value, default, unit, meaning. In: its docstring. Out: a row.

Default and unit are read from the option's docstring, as `option_docs.meanings` completes it.
"""

from __future__ import annotations

import re
from typing import Any, Final

from qiskit_rest_primitives.display.options_card import OptionRow

_DEFAULT: Final = re.compile(r"(?:Service's default|Default): (.*?)\.?$")
_UNITS: Final = (
    (re.compile(r"\bin seconds\b"), "s"),
    (re.compile(r"^Shots\b"), "shots"),
    (re.compile(r"^Number of random circuits"), "circuits"),
    (re.compile(r"^Largest number of different layers"), "layers"),
    (re.compile(r"^Depths, in pairs of layers"), "pairs of layers"),
)


def option_row(path: str, depth: int, docstring: str, *, is_set: bool, value: Any) -> OptionRow:
    """The row of an option that is not a group.

    >>> row = option_row("pause", 0, "A pause, in seconds. Default: 3.", is_set=False, value=None)
    >>> row.default, row.unit, row.meaning
    ('3', 's', 'A pause, in seconds.')
    """
    found = _DEFAULT.search(docstring)
    meaning = docstring[: found.start()].strip() if found else docstring
    default = found.group(1) if found else ""
    unit = next((unit for pattern, unit in _UNITS if pattern.search(docstring)), "")
    return OptionRow(path, depth, False, is_set, value, default, unit, meaning)
