"""The card of options: every option with value, default, unit and meaning, as a tree of groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Protocol

from qiskit_rest_primitives.display.html import Html, card, code, element, folded, note, table

_HEADER: Final = ("option", "value", "default", "unit", "meaning")
_LONGEST_VALUE: Final = 120


class Row(Protocol):
    """An option, or a group that the rows after it, one deeper, belong to."""

    @property
    def name(self) -> str:
        """Its name within its group."""
        ...

    @property
    def path(self) -> str:
        """Its dotted name."""
        ...

    @property
    def depth(self) -> int:
        """In how many groups it is."""
        ...

    @property
    def is_group(self) -> bool:
        """Whether it is a group."""
        ...

    @property
    def is_set(self) -> bool:
        """Whether it, or an option in it, was set."""
        ...

    @property
    def value(self) -> Any:
        """What was set."""
        ...

    @property
    def default(self) -> str:
        """What applies if it is not set."""
        ...

    @property
    def unit(self) -> str:
        """Its unit."""
        ...

    @property
    def meaning(self) -> str:
        """What it does."""
        ...


def options_card(name: str, rows: Sequence[Row]) -> str:
    """A card of options; groups are folded unless something in them was set.

    Args:
        name: of their class.
        rows: of all options; those of a group follow it.
    """
    number = sum(row.is_set and not row.is_group for row in rows)
    said = f"{number} set. What is not set is not sent: the default applies."
    return card(name, *_level(name, rows), note(said))


def _level(caption: str, rows: Sequence[Row]) -> Iterator[Html]:
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


def _cells(row: Row) -> tuple[object, ...]:
    value: object = element("span", "not set", class_="weak")
    if row.is_set:
        text = repr(row.value)
        if len(text) > _LONGEST_VALUE:
            text = f"{text[:_LONGEST_VALUE]}..."
        value = element("span", code(text), class_="set")
    return row.name, value, row.default, row.unit, row.meaning
