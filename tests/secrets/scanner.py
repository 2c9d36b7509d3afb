"""Searches texts, bytes and files for the marker; keeps the leaks and counts what it searched."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MARGIN = 70
"""Characters of the surroundings that a report shows on each side."""


@dataclass(frozen=True)
class Leak:
    """A secret that was found.

    Attributes:
        test: node id of the test that ran.
        where: its location, such as ``log record`` or ``file NAME``.
        excerpt: the surroundings, the marker itself left out.
    """

    test: str
    where: str
    excerpt: str


def needles_of(marker: str) -> tuple[bytes, ...]:
    """The marker and its Base64 at each of the three alignments, for JSON web tokens and Basic."""
    found = {marker.encode()}
    for before in range(3):
        text = b"\0" * before + marker.encode()
        # Characters that also encode neighbouring bytes are left out.
        first, last = -(-before * 8 // 6), len(text) * 8 // 6
        found |= {encode(text)[first:last] for encode in (base64.b64encode, _urlsafe)}
    return tuple(found)


def _urlsafe(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data)


class Scanner:
    """Searches for the marker.

    Args:
        marker: the text that must not appear.

    Attributes:
        test: node id of the test that runs.
        leaks: the leaks, each location once per test.
        figures: how much was searched.
    """

    def __init__(self, marker: str):
        self._needles = needles_of(marker)
        self._reported: set[tuple[str, str]] = set()
        self.test = "(before the first test)"
        self.leaks: list[Leak] = []
        self.figures: Counter[str] = Counter()

    def holds(self, data: bytes) -> bool:
        """Whether there is a secret in it."""
        return any(needle in data for needle in self._needles)

    def text(self, where: str, text: str) -> None:
        """Searches a text."""
        self.data(where, text.encode("utf-8", "backslashreplace"))

    def data(self, where: str, data: bytes) -> None:
        """Searches bytes."""
        found = [data.find(needle) for needle in self._needles]
        if max(found) < 0 or (self.test, where) in self._reported:
            return
        self._reported.add((self.test, where))
        at = min(place for place in found if place >= 0)
        excerpt = self.hidden(data[max(at - MARGIN, 0) : at + MARGIN])
        self.leaks.append(Leak(self.hidden(self.test.encode()), where, excerpt))

    def hidden(self, data: bytes) -> str:
        """The text with each marker replaced, so that a report does not leak it."""
        for needle in self._needles:
            data = data.replace(needle, b"<MARKER>")
        return data.decode("utf-8", "backslashreplace")

    def file(self, path: Path, shown: str) -> None:
        """Searches a file; a file that no longer exists is skipped."""
        try:
            data = path.read_bytes()
        except OSError:
            return
        self.figures["files"] += 1
        self.data(f"file {shown}", data)

    def report(self) -> dict[str, Any]:
        """The leaks and figures, for JSON."""
        return {"leaks": [asdict(leak) for leak in self.leaks], "figures": dict(self.figures)}


def shortcomings(figures: dict[str, int], least: dict[str, int]) -> list[str]:
    """The figures that are too small for a working check.

    Args:
        figures: how much was searched.
        least: the minimum of a run of the whole suite.
    """
    return [
        f"only {figures.get(name, 0)} {name}, expected at least {number}"
        for name, number in least.items()
        if figures.get(name, 0) < number
    ]
