"""Folders and files of the service: its own, private, and not behind links that others made."""

from __future__ import annotations

import logging
import os
import shutil
import stat
import tempfile
import weakref
from pathlib import Path
from typing import IO

logger = logging.getLogger(__name__)

# No links; no waiting for a pipe that was put there; no line ends of Windows.
_EXTRA = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class TemporaryFolder:
    """A folder of this process.

    Args:
        owner: the folder is deleted with it, or at the exit.
        prefix: how its name begins.
    """

    def __init__(self, owner: object, prefix: str):
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        self.delete = weakref.finalize(owner, _delete, self.path, os.getpid())


def _delete(path: Path, made_by: int) -> None:
    if os.getpid() == made_by:
        shutil.rmtree(path, ignore_errors=True)


def private_folder(path: Path) -> Path:
    """Makes a folder in which nobody else can put files; one that exists may be readable.

    The folder itself may be behind a link: systemd's state folders are.

    Returns:
        The path.

    Raises:
        OSError: it can't be made, or is not a folder.
    """
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name == "posix":  # pragma: no branch - Windows has no such modes
        found = path.stat()
        if found.st_mode & _OTHERS_WRITE:
            if found.st_uid == os.geteuid():
                path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS_WRITE)
                logger.warning("others could write to %s; now only its owner can", path)
            else:
                logger.warning(
                    "others can write to %s, and can replace files of the service: take a folder"
                    " of your own",
                    path,
                )
    return path


def open_own(path: Path, flags: int) -> IO[bytes]:
    """Opens a file of ours for bytes, with mode 600; never through a link.

    Args:
        path: of a file in a folder of ours.
        flags: as `os.open` takes them.

    Raises:
        OSError: it is a link, not a regular file, or of another user than the folder; or it can't
            be opened.
    """
    try:
        handle = os.open(path, flags | _EXTRA, 0o600)
    except OSError:
        if path.is_symlink():
            raise OSError(f"{path} is a link, which is not followed: remove it") from None
        raise
    try:
        _check_own(handle, path)
    except BaseException:
        os.close(handle)
        raise
    writes = flags & (os.O_WRONLY | os.O_RDWR)
    return os.fdopen(handle, "rb" if not writes else "r+b" if flags & os.O_RDWR else "wb")


def give_to_owner(path: Path) -> None:
    """Gives a file that root has made in a folder to the folder's owner, as a service may be."""
    if os.name == "posix" and os.geteuid() == 0:  # pragma: no branch - as the tests are run
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _check_own(handle: int, path: Path) -> None:
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(f"{path} is not a regular file: remove it")
    if os.name == "posix":  # pragma: no branch - Windows has no such modes
        if found.st_uid not in (os.geteuid(), 0, path.parent.stat().st_uid):
            raise OSError(f"{path} belongs to another user: remove it")
        if found.st_mode & 0o077 and found.st_uid == os.geteuid():
            os.fchmod(handle, 0o600)
