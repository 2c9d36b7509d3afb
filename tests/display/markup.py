"""Reads a card as a browser does: its tables, its texts, and whether it is well formed."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "img", "hr", "input", "meta", "link"}
SECRET_FREE = ("script", "iframe", "img", "link", "object", "embed", "foreignobject")


@dataclass
class Table:
    """A table: caption, texts of its cells, and how many of them head a row or column."""

    caption: str = ""
    rows: list[list[str]] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)

    @property
    def facts(self) -> dict[str, str]:
        """The second cell of each row by the first."""
        return {row[0]: row[1] for row in self.rows if len(row) > 1}


class Card(HTMLParser):
    """A parsed card.

    Raises:
        AssertionError: an element is not closed where it should be, or does more than show.
    """

    def __init__(self, markup: str):
        super().__init__(convert_charrefs=True)
        self.tables: list[Table] = []
        self.labels: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(markup)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens an element."""
        given = dict(attrs)
        assert tag not in SECRET_FREE
        assert not [name for name in given if name.startswith("on")]
        assert "href" not in given
        assert "src" not in given
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self.tables.append(Table())
        elif tag == "tr":
            self.tables[-1].rows.append([])
        elif tag in ("td", "th"):
            self.tables[-1].rows[-1].append("")
            if tag == "th":
                self.tables[-1].scopes.append(str(given.get("scope")))
        if given.get("aria-label"):
            self.labels.append(str(given["aria-label"]))

    def handle_endtag(self, tag: str) -> None:
        """Closes an element."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text: of a caption, a cell, or anything else."""
        if "style" in self._open:
            return
        self.text += data
        if "title" in self._open or "table" not in self._open:
            return
        if "caption" in self._open:
            self.tables[-1].caption += data
        elif self.tables[-1].rows and self.tables[-1].rows[-1]:
            self.tables[-1].rows[-1][-1] += data

    def table(self, caption: str) -> Table:
        """The table whose caption begins so."""
        (found,) = [table for table in self.tables if table.caption.startswith(caption)]
        return found

    def check_readable(self) -> None:
        """Each table has a caption, and its cells are headed by cells with a scope."""
        for table in self.tables:
            assert table.caption
            assert table.scopes
            assert set(table.scopes) <= {"row", "col"}
