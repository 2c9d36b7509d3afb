"""Replaces, in a forked child, locks that another thread of the parent held, and futures.

Only the forking thread exists in the child. A lock that another thread held would stay locked there
for ever, and a future that another thread was to resolve would never be done.
"""

from __future__ import annotations

import os
import threading
import weakref
from types import TracebackType
from typing import Protocol


class Forkable(Protocol):
    """An object with locks or futures to replace in a child."""

    def after_fork(self) -> None:
        """Replaces what belonged to threads of the parent."""
        ...


_known: weakref.WeakSet[Forkable] = weakref.WeakSet()


def renew_after_fork(thing: Forkable) -> None:
    """Calls `after_fork` in each child, as long as the object exists."""
    _known.add(thing)


class Lock:
    """A `threading.RLock` that is unlocked in a forked child."""

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """A new lock: the thread that held the old one does not exist here."""
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()


def _renew() -> None:
    for thing in list(_known):
        thing.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
