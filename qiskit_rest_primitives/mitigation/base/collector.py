"""A pause of Python's cyclic garbage collector, for code that makes many objects and keeps them."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Generator[None, None, None]:
    """Pauses it: its passes over a growing circuit find nothing and take a quarter of the time."""
    was_running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_running:
            gc.enable()
