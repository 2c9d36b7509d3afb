"""Where a result's bytes go while they arrive: to memory and disk, or to a file that stays.

The body of a private job can be had once only. Whatever of it arrives is kept, also a part.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
from pathlib import Path
from typing import IO, Final

from qiskit_rest_primitives.errors import RestPrimitivesError

SMALL_BYTES: Final = 1_000_000
"""Bodies up to this size are kept in memory as received, larger ones in a temporary file."""


class SpooledCopy:
    """A copy that goes with this process."""

    def begin(self) -> IO[bytes]:
        """A new file for one try."""
        return tempfile.SpooledTemporaryFile(SMALL_BYTES)

    def keep(self, file: IO[bytes]) -> IO[bytes]:
        """Takes a whole body."""
        return file

    def discard(self, file: IO[bytes]) -> None:
        """Lets go of a try that gave no whole body."""
        file.close()

    def left(self) -> str:
        """What there is to say of broken tries."""
        return ""


class PrivateCopy:
    """A copy that outlives this process, readable by its owner only.

    Args:
        path: where the whole body goes; its folder is made.
    """

    def __init__(self, path: Path):
        self._path = path
        self._parts: list[Path] = []

    def begin(self) -> IO[bytes]:
        """A new file for one try, beside those of tries that broke off."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            return self._new_part()
        except OSError as error:
            # Nothing was asked for yet, so nothing is lost.
            raise RestPrimitivesError(
                f"a private result can be had only once, and {self._path.parent} can't take it "
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
        """Puts a whole body in its place, on disk before anybody looks at it."""
        file.flush()
        os.fsync(file.fileno())
        self._parts.pop().replace(self._path)
        return file

    def discard(self, file: IO[bytes]) -> None:
        """Closes a try that gave no whole body; what came of it stays."""
        size = file.tell()
        file.close()
        if not size:
            self._parts.pop().unlink()

    def left(self) -> str:
        """Where the parts of broken tries are."""
        if not self._parts:
            return ""
        names = ", ".join(str(part) for part in self._parts)
        return f"; what was received before the connection broke is in {names}"
