"""Files that are on the disk when a call returns, whatever then happens to process or machine."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
from pathlib import Path
from typing import Final

OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


def make_folder(folder: Path) -> None:
    """Creates a folder that only its owner can read, and missing parents, unless it exists."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def make_state_folder(folder: Path) -> None:
    """Creates a folder of this package; in one that exists, nobody else can put files any more.

    A link there would make the package write to the file that it leads to.
    """
    make_folder(folder)
    if os.name == "posix":  # pragma: no branch - Windows has no such modes
        found = folder.stat()
        if found.st_mode & OTHERS_WRITE and found.st_uid == os.geteuid():
            folder.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS_WRITE)


def open_own(path: Path, flags: int) -> int:
    """Opens a file of this package, which nobody else can read; never through a link.

    Raises:
        OSError: it is a link, or of somebody else; or it can't be opened.
    """
    handle = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
    if os.name == "posix":  # pragma: no branch - Windows has no such modes
        found = os.fstat(handle)
        if found.st_uid != os.geteuid():
            os.close(handle)
            raise OSError(errno.EPERM, f"{path.name} belongs to another user")
        if found.st_mode & 0o077:
            os.fchmod(handle, 0o600)
    return handle


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file in one step: there is the old one or the new one, never a part.

    Raises:
        OSError: it can't be written; the old file is as it was.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        fresh.unlink(missing_ok=True)  # of a process that was killed
        handle = open_own(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
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
