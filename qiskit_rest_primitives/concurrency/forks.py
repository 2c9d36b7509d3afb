"""What a forked child must not inherit: locks that a thread of its parent held, and its futures.

Only the thread that forks lives on in the child. A lock that another one held would stay closed for
ever there, and what another one was about to deliver would never come.
"""

from __future__ import annotations

import os
import threading
import weakref
from types import TracebackType
from typing import Protocol


class Forkable(Protocol):
    """Something that has to begin anew in a child."""

    def after_fork(self) -> None:
        """Lets go of what threads of the parent were doing."""
        ...


_known: weakref.WeakSet[Forkable] = weakref.WeakSet()


def renew_after_fork(thing: Forkable) -> None:
    """Has `after_fork` called in each child, as long as the thing lives."""
    _known.add(thing)


class Lock:
    """A `threading.RLock` that is open in a forked child."""

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Whoever held it is not here."""
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
