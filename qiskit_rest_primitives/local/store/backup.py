"""A copy of a data folder, made while a service uses it: SQLite's own backup, then the files."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

from qiskit_rest_primitives.local.store.disk_full import storage_errors
from qiskit_rest_primitives.local.store.store import BODY_FOLDER, DATABASE, LARGE_BODY, Store

# Of the running service alone; SQLite's files beside its database are part of that.
_NOT_COPIED = {"token", "service.lock", DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"}


def back_up(folder: Path, target: Path) -> int:
    """Copies the jobs, sessions and keys of a folder.

    Jobs that are deleted meanwhile are not in the copy. A service can be started on it.

    Args:
        folder: the data folder of a service, which may be running.
        target: a folder that does not exist yet, or is empty. Only its owner can read it.

    Returns:
        The number of jobs in the copy.

    Raises:
        FileExistsError: the target has files.
        FileNotFoundError: the folder is not one of a service.
        StorageFullError: no space at the target; what was copied is incomplete.
    """
    if not (folder / DATABASE).is_file():
        raise FileNotFoundError(f"{folder} is not the data folder of a service: no {DATABASE}")
    if target.exists() and any(target.iterdir()):
        raise FileExistsError(f"{target} is not empty; name a new folder")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.chmod(0o700)
    with storage_errors():
        _copy_database(folder / DATABASE, target / DATABASE)
        for path in folder.iterdir():
            if path.is_file() and not path.is_symlink() and path.name not in _NOT_COPIED:
                _copy(path, target / path.name)
        (target / BODY_FOLDER).mkdir(mode=0o700)
        with Store(target) as copied:
            _copy_bodies(folder / BODY_FOLDER, copied)
            return copied.rows("SELECT COUNT(*) FROM jobs")[0][0]


def _copy_database(source: Path, target: Path) -> None:
    target.touch(mode=0o600)
    with (
        contextlib.closing(sqlite3.connect(source)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        # In one step: it sees one state of the database, and holds up no writer.
        old.backup(new, pages=-1)


def _copy_bodies(source: Path, copied: Store) -> None:
    """Copies the files of large bodies; a job whose file is gone has been deleted meanwhile."""
    for kind in ("params", "result"):
        large = copied.rows(f"SELECT id FROM jobs WHERE {kind}_size > ?", (LARGE_BODY,))
        for (job_id,) in large:
            name = f"{job_id}.{kind}"
            try:
                _copy(source / name, copied.folder / BODY_FOLDER / name)
            except FileNotFoundError:
                copied.delete_jobs([job_id])


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as old, open(target, "xb", opener=_for_owner) as new:
        shutil.copyfileobj(old, new)


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
