"""What became of one run of an experiment: a file of JSON lines, locked while it is submitted.

``{"tag", "at", "backend", "session_id", "calibration"}`` is written before the job is sent,
``{"job_id"}`` or ``{"refused": true}`` when the outcome is known. No circuits and no secrets.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec

from qiskit_rest_primitives.concurrency.file_lock import file_lock
from qiskit_rest_primitives.jobs.files.durable_files import make_folder, sync_folder


class RunRecord:
    """One run's file.

    Args:
        path: the file; made by `locked_record`.
    """

    def __init__(self, path: Path):
        self.path = path

    def latest(self) -> dict[str, Any]:
        """The members of the latest attempt's lines; empty if there is none, or it was refused."""
        found: dict[str, Any] = {}
        for line in self.path.read_bytes().splitlines():
            try:
                entry = msgspec.json.decode(line, type=dict)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue  # a line cut short by a crash
            if "tag" in entry or "refused" in entry:
                found = {}
            if "refused" not in entry:
                found |= entry
        return found

    def begins(self, tag: str, **details: Any) -> None:
        """Records an attempt before its job is sent.

        Args:
            tag: of the submission, by which its job is found after a crash.
            details: what is known of it besides.
        """
        at = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._append({"tag": tag, "at": at, **details})

    def has_job(self, job_id: str) -> None:
        """Records the job of the latest attempt."""
        self._append({"job_id": job_id})

    def has_value(self, value: Any) -> None:
        """Records a value of the run as a whole, which JSON has."""
        self._append({"value": value})

    def is_refused(self) -> None:
        """Records that the latest attempt has no job and will have none."""
        self._append({"refused": True})

    def _append(self, entry: Mapping[str, Any]) -> None:
        line = msgspec.json.encode(entry) + b"\n"
        with self.path.open("rb+") as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    line = b"\n" + line  # after a line cut short by a crash
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


@contextlib.contextmanager
def locked_record(path: Path) -> Generator[RunRecord]:
    """A run's record, when no other thread or process has it.

    Args:
        path: the file; made with its folder.

    Raises:
        OSError: it can't be made.
    """
    make_folder(path.parent)
    is_new = not path.exists()
    with file_lock(path, exclusive=True):
        if is_new:
            sync_folder(path.parent)
        yield RunRecord(path)
