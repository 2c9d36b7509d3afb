"""Errors of a disk that takes no more data -> one error that says so."""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Generator

from qiskit_rest_primitives.local.problems import ProblemError

# EFBIG is the limit of a process (ulimit -f), EDQUOT that of a user.
_ERRNOS = {
    errno.ENOSPC,
    errno.EFBIG,
    errno.EROFS,
    errno.EIO,
    getattr(errno, "EDQUOT", errno.ENOSPC),
}
# Python 3.10 does not tell SQLite's error codes.
_MESSAGES = ("disk is full", "disk I/O error", "readonly database")


class StorageFullError(ProblemError):
    """The disk of the service takes no more data; answered with 507 Insufficient Storage."""

    def __init__(self, reason: str):
        super().__init__(
            507,
            f"The service can't store this: {reason}.",
            solution="Nothing was changed. Delete jobs that you no longer need, or ask who runs the"
            " service to make space (qiskit-rest prune); then try again.",
        )


@contextlib.contextmanager
def storage_errors() -> Generator[None]:
    """Turns the errors of a full or broken disk into `StorageFullError`; others pass."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if any(part in str(error) for part in _MESSAGES):
            raise StorageFullError(str(error)) from error
        raise
    except OSError as error:
        if error.errno in _ERRNOS:
            raise StorageFullError(error.strerror or str(error)) from error
        raise
