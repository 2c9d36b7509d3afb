"""The card of options: every option with value, default, unit and meaning, as a tree of groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qiskit_rest_primitives.display.html import Html, card, code, element, folded, note, table

_HEADER: Final = ("option", "value", "default", "unit", "meaning")
_LONGEST_VALUE: Final = 120


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


def options_card(name: str, rows: Sequence[OptionRow]) -> str:
    """A card of options; groups are folded unless something in them was set.

    Args:
        name: of their class.
        rows: of all options; those of a group follow it.
    """
    number = sum(row.is_set and not row.is_group for row in rows)
    said = f"{number} set. What is not set is not sent: the default applies."
    return card(name, *_level(name, rows), note(said))


def _level(caption: str, rows: Sequence[OptionRow]) -> Iterator[Html]:
    """The options of one group, then the groups within it."""
    if not rows:
        return
    depth = rows[0].depth
    own = [_cells(row) for row in rows if row.depth == depth and not row.is_group]
    if own:
        yield table(caption, _HEADER, own)
    for index, row in enumerate(rows):
        if row.depth == depth and row.is_group:
            end = index + 1
            while end < len(rows) and rows[end].depth > depth:
                end += 1
            title = element("span", row.name, class_="set" if row.is_set else None)
            mark = " (set) " if row.is_set else " "
            summary = element("span", title, mark, element("span", row.meaning, class_="weak"))
            yield folded(summary, *_level(row.path, rows[index + 1 : end]), unfolded=row.is_set)


def _cells(row: OptionRow) -> tuple[object, ...]:
    value: object = element("span", "not set", class_="weak")
    if row.is_set:
        text = repr(row.value)
        if len(text) > _LONGEST_VALUE:
            text = f"{text[:_LONGEST_VALUE]}..."
        value = element("span", code(text), class_="set")
    return row.name, value, row.default, row.unit, row.meaning
