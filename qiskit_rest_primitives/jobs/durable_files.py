"""Files that are on the disk when a call returns, whatever then happens to process or machine."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Creates a folder that only its owner can read, and missing parents, unless it exists."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file in one step: there is the old one or the new one, never a part.

    Raises:
        OSError: it can't be written; the old file is as it was.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Writes a folder's list of files to the disk, where the system can do that."""
    with contextlib.suppress(OSError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
