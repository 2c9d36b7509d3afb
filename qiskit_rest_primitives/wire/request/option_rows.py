"""An option as a row of a table: value, default, unit, meaning. In: its docstring. Out: a row.

Default and unit are read from the option's docstring, as `option_docs.meanings` completes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

_DEFAULT: Final = re.compile(r"(?:Service's default|Default): (.*?)\.?$")
_UNITS: Final = (
    (re.compile(r"\bin seconds\b"), "s"),
    (re.compile(r"^Shots\b"), "shots"),
    (re.compile(r"^Number of random circuits"), "circuits"),
    (re.compile(r"^Largest number of different layers"), "layers"),
    (re.compile(r"^Depths, in pairs of layers"), "pairs of layers"),
)


@dataclass(frozen=True)
class OptionRow:
    """An option, or a group of options that the next rows belong to.

    Attributes:
        path: its dotted name within the options, such as ``resilience.zne.noise_factors``.
        depth: in how many groups it is.
        is_group: whether it is a group.
        is_set: whether somebody set it; of a group, whether something in it is set.
        value: what was set; None otherwise.
        default: what applies if it is not set; empty for a group.
        unit: of the number; empty if it has none.
        meaning: one sentence or more.
    """

    path: str
    depth: int
    is_group: bool
    is_set: bool
    value: Any = None
    default: str = ""
    unit: str = ""
    meaning: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


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
