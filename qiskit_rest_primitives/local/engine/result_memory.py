"""The memory that the results of running jobs take: large ones wait until there is room."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from qiskit_rest_primitives.local.engine.base.allowances import MAX_RESULT_BYTES

SMALL_BYTES: Final = 1 << 20
"""Results up to this size are not counted."""
MOST_BYTES: Final = 4 * MAX_RESULT_BYTES
"""Of all users together."""


@dataclass(eq=False)
class Room:
    """The memory for the result of one job.

    Attributes:
        user: whose job it is.
        size: in bytes.
        granted: done as soon as the job may fill it.
    """

    user: str
    size: int
    granted: Future[None] = field(default_factory=Future)


class ResultMemory:
    """The rooms of all jobs. The first of a user, and the first of all, never wait.

    Args:
        of_user: most bytes of the large results of one user, unless there is only one.
        of_all: most bytes of the large results of all users, unless there is only one.
    """

    def __init__(self, of_user: int = MAX_RESULT_BYTES, of_all: int = MOST_BYTES):
        self._of_user = of_user
        self._of_all = of_all
        self._lock = threading.Lock()
        self._rooms: list[Room] = []

    def take(self, user: str, size: int) -> Room:
        """A room, which may have to wait: behind the same user's, or for the limit of all."""
        room = Room(user, size)
        with self._lock:
            self._rooms.append(room)
            self._grant()
        return room

    def give_back(self, room: Room) -> None:
        """Nothing of the result is held any more, or will be."""
        with self._lock:
            self._rooms.remove(room)
            self._grant()

    def _grant(self) -> None:
        """Grants what fits, in the order of arrival; the lock is held."""
        held: Counter[str] = Counter()
        for room in self._rooms:
            if room.granted.done() and room.size > SMALL_BYTES:
                held[room.user] += room.size
        behind: set[str] = set()
        full = False
        for room in self._rooms:
            if room.granted.done():
                continue
            if room.size > SMALL_BYTES:
                of_user, of_all = held[room.user], held.total()
                if full or room.user in behind:
                    continue
                if of_user and of_user + room.size > self._of_user:
                    behind.add(room.user)
                    continue
                if of_all and of_all + room.size > self._of_all:
                    full = True
                    continue
                held[room.user] += room.size
            room.granted.set_result(None)
