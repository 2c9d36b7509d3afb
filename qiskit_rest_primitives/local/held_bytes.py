"""The bytes of large bodies that the service holds for each user, and the limit of them."""

from __future__ import annotations

from collections import Counter

from qiskit_rest_primitives.local.problems import TOO_MANY_REQUESTS, ProblemError


class HeldBytes:
    """What is held for the users of one service. For the thread of the event loop."""

    def __init__(self) -> None:
        self._of_user: Counter[str] = Counter()

    def share(self, user: str, limit: int | None) -> Share:
        """The part of one request.

        Args:
            user: whose request it is.
            limit: most bytes of all requests of that user at once; None for any number.
        """
        return Share(self._of_user, user, limit)


class Share:
    """What is held for one request: its body, or the body of its reply, until that is sent."""

    def __init__(self, of_user: Counter[str], user: str, limit: int | None):
        self._of_user = of_user
        self._user = user
        self._limit = limit
        self._size = 0

    def add(self, count: int) -> None:
        """Counts bytes before they are held; those of a user's only large request always fit.

        Raises:
            ProblemError: 429, the user has too many at once.
        """
        others = self._of_user[self._user] - self._size
        if self._limit is not None and others and others + self._size + count > self._limit:
            raise ProblemError(
                429,
                f"Your requests and replies in transfer take {others / 1e6:,.1f} MB, and this one "
                f"{(self._size + count) / 1e6:,.1f} MB: the limit is {self._limit / 1e6:,.1f} MB.",
                code=TOO_MANY_REQUESTS,
                solution="Send large requests one after another. The service's administrator can "
                "raise the limit.",
                headers={"Retry-After": "2"},
            )
        self._size += count
        self._of_user[self._user] += count

    def release(self) -> None:
        """Nothing of the request is held any more."""
        self._of_user[self._user] -= self._size
        self._size = 0
        if not self._of_user[self._user]:
            del self._of_user[self._user]
