"""The addresses of embedded services that run in this process, and end with it."""

from __future__ import annotations

_urls: set[str] = set()


def note_started(url: str) -> None:
    """Remembers that a service of this process listens there."""
    _urls.add(url)


def note_stopped(url: str) -> None:
    """Forgets it."""
    _urls.discard(url)


def runs_here(url: str) -> bool:
    """Whether a service of this process answers at that root of the API."""
    return url in _urls
