"""Gives memory that large work has freed back to the system: glibc keeps it otherwise."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from typing import Final

WORTH_BYTES: Final = 32 << 20
"""Growth since the last time after which the memory is looked through, which takes a while."""


def resident_bytes(process: int | str = "self") -> int:
    """Bytes of memory that a process has, on Linux; 0 elsewhere, or after it ended."""
    try:
        with open(f"/proc/{process}/statm", "rb") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


class FreedMemory:
    """The memory of this process that is free, but that the C library has not given back.

    Args:
        resident: bytes that this process has.
        trim: gives back what is free.
    """

    def __init__(
        self,
        resident: Callable[[], int] = resident_bytes,
        trim: Callable[[], object] | None = None,
    ):
        self._resident = resident
        self._trim = trim or _trim
        self._least = resident()

    def give_back(self) -> None:
        """Call it after each piece of work: it does nothing unless the process has grown much."""
        now = self._resident()
        if now > self._least + WORTH_BYTES:
            self._trim()
            self._least = self._resident()
        else:
            self._least = min(self._least, now)


def _trim() -> None:
    if sys.platform == "linux":
        # Other C libraries than glibc have no such function, and keep less.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
