"""What became of one run of an experiment: a file of JSON lines, locked while it is submitted.

``{"tag", "at", "backend", "session_id", "calibration"}`` is written before the job is sent,
``{"job_id"}`` or ``{"refused": true}`` when the outcome is known. No circuits and no secrets.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from qiskit_rest_primitives.jobs.durable_files import make_folder, sync_folder

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None


class RunRecord:
    """One run's file. As a context manager it waits for other threads and processes that have it.

    Args:
        path: the file; made with its folder.

    Raises:
        OSError: it can't be read or written.
    """

    def __init__(self, path: Path):
        self.path = path
        self._handle = -1

    def __enter__(self) -> RunRecord:
        make_folder(self.path.parent)
        is_new = not self.path.exists()
        self._handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        if fcntl is not None:
            # Some network file systems have no locks; then nothing keeps two processes apart.
            with contextlib.suppress(OSError):
                fcntl.flock(self._handle, fcntl.LOCK_EX)
        if is_new:
            sync_folder(self.path.parent)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if fcntl is not None:
            # Not left to close(): a process that was forked meanwhile has the file open as well.
            with contextlib.suppress(OSError):
                fcntl.flock(self._handle, fcntl.LOCK_UN)
        os.close(self._handle)
        self._handle = -1

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
        size = os.fstat(self._handle).st_size
        if size and _last_byte(self._handle, size) != b"\n":
            line = b"\n" + line  # after a line cut short by a crash
        os.write(self._handle, line)
        os.fsync(self._handle)


def _last_byte(handle: int, size: int) -> bytes:
    os.lseek(handle, size - 1, os.SEEK_SET)
    return os.read(handle, 1)
