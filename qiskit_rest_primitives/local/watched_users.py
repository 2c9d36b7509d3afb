"""A file of users that is read again when it changes: a token file, or that of a data folder."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from qiskit_rest_primitives.local.users import KnownUser

logger = logging.getLogger(__name__)


class WatchedUsers:
    """The users in a file, as it was when it could be read last.

    Args:
        path: of the file.
        read: reads it.

    Raises:
        OSError: it can't be read.
        ValueError: another form.
    """

    def __init__(self, path: Path, read: Callable[[Path], list[KnownUser]]):
        self._path = path
        self._read = read
        self._seen = self._state()
        self.users = read(path)

    def refresh(self) -> bool:
        """Reads the file if it has changed; says whether the users are others now.

        A file that can't be read leaves the users as they are, with an error in the log: while
        somebody edits it, nobody is locked out.
        """
        state = self._state()
        if state == self._seen:
            return False
        self._seen = state
        try:
            users = self._read(self._path)
        except (OSError, ValueError) as error:
            logger.error("%s; the users stay those of before, until the file is right", error)
            return False
        if users == self.users:
            return False
        self.users = users
        logger.info("%s was read again: %d users", self._path, len(users))
        return True

    def _state(self) -> tuple[int, ...] | None:
        """What differs after a change; None if there is no file."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
