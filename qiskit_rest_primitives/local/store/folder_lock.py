"""One service a folder: a lock that ends with the process, however it ends."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from qiskit_rest_primitives.local.folders import open_own


class FolderInUseError(ValueError):
    """Another service uses the folder."""


class FolderLock:
    """Holds a folder until :meth:`release`.

    It is the lock of an empty SQLite file: on every system it ends when its process does, a forked
    child does not inherit it, and it holds between services of one process as well.

    Args:
        folder: of the store.

    Raises:
        FolderInUseError: another service holds it.
    """

    def __init__(self, folder: Path):
        path = folder / "service.lock"
        open_own(path, os.O_RDWR | os.O_CREAT).close()
        self._file = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            self._file.execute("PRAGMA journal_mode = OFF")  # nothing is written
            self._file.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._file.close()
            raise FolderInUseError(
                f"{folder} is in use by another service ({error}); stop that one first, or choose"
                " another folder"
            ) from None

    def release(self) -> None:
        """Lets another service have the folder."""
        self._file.close()
