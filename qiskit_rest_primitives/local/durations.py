"""How long things took, as a histogram of seconds for each label. No I/O."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

BOUNDS_SECONDS: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3600.0)


class Durations:
    """Counts durations up to each bound; any thread may add one.

    Args:
        bounds: seconds, rising; what is longer than the last one is counted too.

    >>> times = Durations((1.0, 10.0))
    >>> times.add("fake_5q", 0.5)
    >>> times.add("fake_5q", 60.0)
    >>> times.read()
    {'fake_5q': ([1, 1, 2], 60.5)}
    """

    def __init__(self, bounds: Sequence[float] = BOUNDS_SECONDS):
        self.bounds = tuple(bounds)
        self._lock = threading.Lock()
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}

    def add(self, label: str, seconds: float) -> None:
        """Counts one duration; a negative one, after the clock was set back, as 0."""
        seconds = max(seconds, 0.0)
        with self._lock:
            counts = self._counts.setdefault(label, [0] * (len(self.bounds) + 1))
            counts[bisect_left(self.bounds, seconds)] += 1
            self._sums[label] = self._sums.get(label, 0.0) + seconds

    def read(self) -> dict[str, tuple[list[int], float]]:
        """Label -> how many durations were at most each bound, and all; and their sum."""
        with self._lock:
            found: dict[str, tuple[list[int], float]] = {}
            for label, counts in self._counts.items():
                cumulative = [sum(counts[: place + 1]) for place in range(len(counts))]
                found[label] = cumulative, self._sums[label]
            return found
