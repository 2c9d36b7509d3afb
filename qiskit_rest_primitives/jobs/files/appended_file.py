"""A file that several processes append lines to, and that one of them replaces now and then.

It stays open between lines: opening two files for each line takes longer than all the rest, above
all beside busy threads, which get their turn at each call of the operating system.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from qiskit_rest_primitives.concurrency import file_lock
from qiskit_rest_primitives.jobs.files.durable_files import make_state_folder, open_own, write_whole

_FLAGS: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT


class AppendedFile:
    """A file, readable by its owner only. One thread at a time.

    Args:
        path: of the file; made at the first line, with its folder.
    """

    def __init__(self, path: Path):
        self._path = path
        self._handle: int | None = None
        self._closing: weakref.finalize | None = None

    def append(self, line: bytes) -> int:
        """Appends a line; returns the size of the file.

        Raises:
            OSError: it can't be written.
        """
        try:
            return self._append(line)
        except OSError:
            # The handle may be stale: another computer has replaced the file.
            self._close()
            return self._append(line)

    def _append(self, line: bytes) -> int:
        with self._locked(exclusive=False) as (handle, size):
            # One write with O_APPEND: lines of several processes are not interleaved.
            os.write(handle, line)
            return size + len(line)

    @contextmanager
    def alone(self) -> Generator[int]:
        """Keeps other processes from writing; the size of the file.

        Raises:
            OSError: it can't be opened.
        """
        with self._locked(exclusive=True) as (_, size):
            yield size

    def replace(self, content: bytes) -> None:
        """Replaces the file; while no other process writes, see `alone`.

        Raises:
            OSError: it can't be replaced.
        """
        if file_lock.fcntl is None:
            self._close()  # Windows replaces no file that is open
        write_whole(self._path, content)

    @contextmanager
    def _locked(self, *, exclusive: bool) -> Generator[tuple[int, int]]:
        """The handle and the size of the file, which nobody replaces meanwhile."""
        while True:
            handle = self._open() if self._handle is None else self._handle
            with file_lock.locked(handle, exclusive=exclusive):
                known = os.fstat(handle)
                if _is_file(self._path, known):
                    yield handle, known.st_size
                    break
            self._close()
        if file_lock.fcntl is None:
            self._close()  # another process may want to replace it

    def _open(self) -> int:
        make_state_folder(self._path.parent)
        handle = self._handle = open_own(self._path, _FLAGS)
        self._closing = weakref.finalize(self, os.close, handle)
        return handle

    def _close(self) -> None:
        if self._closing is not None:
            self._closing()
        self._handle = self._closing = None


def _is_file(path: Path, known: os.stat_result) -> bool:
    """Whether an open file is still the one with that path."""
    try:
        return os.path.samestat(known, os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False
