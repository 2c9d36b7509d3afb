"""Chance for pauses: a source of its own, so that nobody's seeded `random` is disturbed."""

from __future__ import annotations

import random

_chance = random.Random()


def jitter() -> float:
    """A factor between 0.9 and 1.1."""
    return _chance.uniform(0.9, 1.1)
