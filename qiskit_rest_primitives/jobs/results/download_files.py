"""Files that hold a downloaded result: temporary, or permanent for a private job.

The result of a private job can be downloaded only once, so even a part of it is kept.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
from pathlib import Path
from typing import IO, Final

from qiskit_rest_primitives.errors import RestPrimitivesError
from qiskit_rest_primitives.jobs.files.durable_files import make_state_folder

SMALL_BYTES: Final = 1_000_000
"""Bodies up to this size are kept in memory as received, larger ones in a temporary file."""


class SpooledCopy:
    """A copy that lasts as long as this process."""

    def begin(self) -> IO[bytes]:
        """A new file for one attempt."""
        return tempfile.SpooledTemporaryFile(SMALL_BYTES)

    def keep(self, file: IO[bytes]) -> IO[bytes]:
        """Keeps a complete body."""
        return file

    def discard(self, file: IO[bytes]) -> None:
        """Closes the file of an incomplete download."""
        file.close()

    def left(self) -> str:
        """A message about incomplete downloads; empty here."""
        return ""


class PrivateCopy:
    """A copy that outlives this process, readable by its owner only.

    Args:
        path: file for the complete body; its folder is created.
    """

    def __init__(self, path: Path):
        self._path = path
        self._parts: list[Path] = []

    def begin(self) -> IO[bytes]:
        """A new file for one attempt, beside those of incomplete ones."""
        try:
            make_state_folder(self._path.parent)
            return self._new_part()
        except OSError as error:
            # No request was sent yet, so nothing is lost.
            raise RestPrimitivesError(
                f"a private result can be read only once, and {self._path.parent} can't store it "
                f"({error.strerror}): name a folder in QISKIT_REST_STATE or "
                "Settings(state_folder=...), then call result() again"
            ) from None

    def _new_part(self) -> IO[bytes]:
        for number in itertools.count(1):
            part = self._path.with_suffix(f".part{number}")
            with contextlib.suppress(FileExistsError):
                handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
                self._parts.append(part)
                return os.fdopen(handle, "w+b")
        raise AssertionError("there is always another number")

    def keep(self, file: IO[bytes]) -> IO[bytes]:
        """Moves a complete body to its place, once it is safely on disk."""
        file.flush()
        os.fsync(file.fileno())
        self._parts.pop().replace(self._path)
        return file

    def discard(self, file: IO[bytes]) -> None:
        """Closes the file of an incomplete download; what was received is kept."""
        size = file.tell()
        file.close()
        if not size:
            self._parts.pop().unlink()

    def left(self) -> str:
        """Where incomplete downloads are, for an error message."""
        if not self._parts:
            return ""
        names = ", ".join(str(part) for part in self._parts)
        return f"; what was received before the connection broke is in {names}"
