"""Jobs that wait for their turn, in fair order. In: jobs of users. Out: whose job starts next."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


@dataclass(eq=False, slots=True)
class _Entry(Generic[T]):
    """A waiting job; ``number`` is the order of submission."""

    number: int
    job_id: str
    item: T
    backend: str
    user: str
    session: str | None
    first: bool


class FairQueue(Generic[T]):
    """The waiting jobs of all backends.

    Each user has a line on each backend, in the order of submission. Users take turns, and jobs of
    active sessions come before all others on their backend. Every call takes time that grows with
    the logarithm of the number of jobs, and with the number of users who wait. Not thread-safe.

    Args:
        rank: of a user: the user with the smallest one has the next turn.

    >>> queue = FairQueue[str](rank=lambda user: 0)
    >>> for number in range(3):
    ...     queue.push(f"a{number}", "large", backend="aer", user="ada")
    >>> queue.push("b0", "small", backend="aer", user="bob")
    >>> queue.place("b0"), queue.place("a2")
    (2, 4)
    """

    def __init__(self, rank: Callable[[str], Any]):
        self._rank = rank
        self._numbers = 0
        self._entries: dict[str, _Entry[T]] = {}
        # (backend, of active sessions) -> user -> jobs
        self._lines: dict[tuple[str, bool], dict[str, list[_Entry[T]]]] = {}
        self._sessions: dict[str, set[str]] = {}
        self._lengths: Counter[str] = Counter()
        self._jobs_of: Counter[str] = Counter()

    def push(
        self,
        job_id: str,
        item: T,
        *,
        backend: str,
        user: str,
        session: str | None = None,
        first: bool = False,
    ) -> None:
        """Adds a job at the end of its user's line.

        Args:
            job_id: of the job.
            item: what `pop` and `remove` return.
            backend: where it is to run.
            user: whose it is.
            session: to which it belongs, if that can become active.
            first: whether the session is active.
        """
        self._numbers += 1
        entry = _Entry(self._numbers, job_id, item, backend, user, session, first)
        self._entries[job_id] = entry
        self._lengths[backend] += 1
        self._jobs_of[user] += 1
        if session is not None and not first:
            self._sessions.setdefault(session, set()).add(job_id)
        self._insert(entry)

    def pop(self, may_start: Callable[[T], bool]) -> T | None:
        """Takes the job that is to start next; None if there is none that may start.

        Args:
            may_start: asked for the first job of a line.
        """
        heads = (line[0] for users in self._lines.values() for line in users.values())
        able = [entry for entry in heads if may_start(entry.item)]
        if not able:
            return None
        chosen = min(
            able, key=lambda entry: (not entry.first, self._rank(entry.user), entry.number)
        )
        return self.remove(chosen.job_id)

    def remove(self, job_id: str) -> T | None:
        """Takes a job out; None if it does not wait."""
        entry = self._entries.pop(job_id, None)
        if entry is None:
            return None
        self._take_from_line(entry)
        count_down(self._lengths, entry.backend)
        count_down(self._jobs_of, entry.user)
        if entry.session is not None and not entry.first:
            ids = self._sessions[entry.session]
            ids.remove(job_id)
            if not ids:
                del self._sessions[entry.session]
        return entry.item

    def activate(self, session: str) -> None:
        """Moves the jobs of a session, which is active now, before all others on its backend."""
        for job_id in self._sessions.pop(session, ()):
            entry = self._entries[job_id]
            self._take_from_line(entry)
            entry.first = True
            self._insert(entry)

    def place(self, job_id: str) -> int | None:
        """The place of a job on its backend, from 1, as far as the waiting jobs tell.

        Others may submit jobs that come before it.
        """
        entry = self._entries.get(job_id)
        if entry is None:
            return None
        users = self._lines[entry.backend, entry.first]
        rounds = _position(users[entry.user], entry)
        turn = (self._rank(entry.user), entry.number)
        place = rounds + 1
        for user, line in users.items():
            if user == entry.user:
                continue
            place += min(len(line), rounds)
            # Who is earlier in a round has one job more before it.
            place += len(line) > rounds and (self._rank(user), line[rounds].number) < turn
        if not entry.first:
            place += sum(map(len, self._lines.get((entry.backend, True), {}).values()))
        return place

    def length(self, backend: str | None = None) -> int:
        """How many jobs wait, on one backend or on all."""
        return len(self._entries) if backend is None else self._lengths[backend]

    def jobs_of(self, user: str) -> int:
        """How many jobs of a user wait."""
        return self._jobs_of[user]

    def __iter__(self) -> Iterator[T]:
        return (entry.item for entry in self._entries.values())

    def _insert(self, entry: _Entry[T]) -> None:
        users = self._lines.setdefault((entry.backend, entry.first), {})
        insort(users.setdefault(entry.user, []), entry, key=lambda other: other.number)

    def _take_from_line(self, entry: _Entry[T]) -> None:
        users = self._lines[entry.backend, entry.first]
        line = users[entry.user]
        del line[_position(line, entry)]
        if not line:
            del users[entry.user]
            if not users:
                del self._lines[entry.backend, entry.first]


def _position(line: list[_Entry[T]], entry: _Entry[T]) -> int:
    return bisect_left(line, entry.number, key=lambda other: other.number)


def count_down(counts: Counter[K], key: K) -> None:
    """Counts one less, and keeps no zeros."""
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
