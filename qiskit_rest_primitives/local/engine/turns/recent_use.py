"""How much each user has used lately, by which users take turns. In: seconds of work."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Final

HALF_LIFE_SECONDS: Final = 3600.0
"""After an hour, a second of work counts half."""


class RecentUse:
    """Seconds of work that users had, of which old ones count less.

    Args:
        clock: monotonic seconds.

    >>> use = RecentUse(clock=lambda: 0.0)
    >>> use.add("ada", 30.0)
    >>> use.of("ada"), use.weight("ada", {"ada", "bob"}), use.weight("bob", {"ada", "bob"})
    (30.0, 0.3333333333333333, 1.0)
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        # user -> seconds, and when they were right
        self._seconds: dict[str, tuple[float, float]] = {}

    def add(self, user: str, seconds: float) -> None:
        """Adds work that was done for a user."""
        self._seconds[user] = (self.of(user) + seconds, self._clock())

    def of(self, user: str) -> float:
        """Seconds that a user has used; each counts half as much an hour later."""
        seconds, at = self._seconds.get(user, (0.0, 0.0))
        return seconds * 0.5 ** ((self._clock() - at) / HALF_LIFE_SECONDS) if seconds else 0.0

    def weight(self, user: str, users: Collection[str]) -> float:
        """The part of a turn that a user gets beside others, above 0 and at most 1.

        Args:
            user: one of ``users``.
            users: those who have something to do.

        Returns:
            1 for a user who has used nothing, 1/2 for one who has used as much as the users have
            on average.
        """
        own = self.of(user)
        if not own:
            return 1.0
        return 1 / (1 + own * len(users) / sum(map(self.of, users)))
