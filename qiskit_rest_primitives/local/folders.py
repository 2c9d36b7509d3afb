"""Temporary folders that are deleted with their owner, but not with a forked copy of it."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path


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
