"""A lock on a file, between the processes of one machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None


@contextlib.contextmanager
def file_lock(path: Path, *, exclusive: bool) -> Generator[None]:
    """Holds a lock on a file that is there for the lock only; made if it is missing.

    Args:
        path: of the file.
        exclusive: as in `locked`.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        with locked(handle, exclusive=exclusive):
            yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def locked(handle: int, *, exclusive: bool) -> Generator[None]:
    """Holds a lock on an open file, which several may share, or one alone has.

    The operating system releases the lock of a process that ends. Without locks (Windows, some
    network file systems) nothing is waited for.

    Args:
        handle: of the file.
        exclusive: whether nobody else may hold the lock.
    """
    if fcntl is not None:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
    try:
        yield
    finally:
        # Not left to close(): a process that was forked meanwhile has the file open as well.
        if fcntl is not None:
            with contextlib.suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_UN)
