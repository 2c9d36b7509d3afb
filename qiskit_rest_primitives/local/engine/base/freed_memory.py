"""Gives memory that large work has freed back to the system: glibc keeps it otherwise."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Final

WORTH_BYTES: Final = 32 << 20
"""Growth since the last time after which the memory is looked through, which takes a while."""
LARGE_BYTES: Final = 1 << 20
M_MMAP_THRESHOLD: Final = -3  # of malloc.h


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


def return_large_blocks() -> None:
    """Makes this process give each large block back when it is freed; for a program of our own.

    By itself, glibc takes the size of blocks that were freed as a sign to keep such blocks; what a
    thread keeps at the end of its heap, `FreedMemory` can't give back.
    """
    _call("mallopt", M_MMAP_THRESHOLD, LARGE_BYTES)


def _trim() -> None:
    _call("malloc_trim", 0)


def _call(name: str, *arguments: int) -> None:
    """Calls a function of glibc; other C libraries have no such function, and keep less."""
    with suppress(AttributeError, TypeError):  # the latter on Windows
        getattr(ctypes.CDLL(None), name)(*arguments)
