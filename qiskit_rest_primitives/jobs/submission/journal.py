"""A local file of submissions in flight, to recover after a crash between POST and reply.

One JSON line when a submission starts, one when its outcome is known. No circuits and no secrets:
``{"tag", "url", "instance", "program_id", "backend", "at"}`` and ``{"tag", "fate"}``.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

import msgspec

from qiskit_rest_primitives.jobs.files.appended_file import AppendedFile

logger = logging.getLogger(__name__)

COMPACT_BYTES: Final = 256_000


class Journal:
    """Append-only file shared by the processes of one user.

    Args:
        folder: where ``submissions.jsonl`` is kept; made on first use, readable by its owner only.
    """

    def __init__(self, folder: Path):
        self.path = folder / "submissions.jsonl"
        self._file = AppendedFile(self.path)
        self._lock = threading.Lock()
        self._warned = False

    def starts(self, tag: str, *, url: str, instance: str, program_id: str, backend: str) -> None:
        """Records a submission before it is sent."""
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._append(
            {
                "tag": tag,
                "url": url,
                "instance": instance,
                "program_id": program_id,
                "backend": backend,
                "at": now,
            }
        )

    def ends(self, tag: str, fate: str) -> None:
        """Records a submission's outcome: a job id, or ``refused``."""
        self._append({"tag": tag, "fate": fate})

    def open_submissions(self, *, url: str, instance: str) -> list[dict[str, Any]]:
        """Submissions to that service and instance whose outcome is not known, oldest first."""
        started = self._open_lines()
        return [
            line for line in started if line.get("url") == url and line.get("instance") == instance
        ]

    def _open_lines(self) -> list[dict[str, Any]]:
        started: dict[str, dict[str, Any]] = {}
        try:
            lines = self.path.read_bytes().splitlines()
        except OSError:
            return []
        for line in lines:
            try:
                entry = msgspec.json.decode(line, type=dict)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue  # a line cut short by a crash
            tag = entry.get("tag")
            if not isinstance(tag, str):
                continue
            if "fate" in entry:
                started.pop(tag, None)
            elif _is_time(entry.get("at")):
                started[tag] = entry
        return list(started.values())

    def _append(self, entry: dict[str, Any]) -> None:
        line = msgspec.json.encode(entry) + b"\n"
        try:
            with self._lock:
                size = self._file.append(line)
                if size > COMPACT_BYTES and "fate" in entry:
                    self._compact()
        except OSError as error:
            if not self._warned:
                self._warned = True
                logger.warning(
                    "can't write the submission journal in %s (%s): after a crash during a "
                    "submission, service.recover() will not find its job",
                    self.path.parent,
                    error.strerror,
                )

    def _compact(self) -> None:
        """Rewrites the file with the open submissions only, while no other process writes."""
        with self._file.alone() as size:
            if size > COMPACT_BYTES:  # else another process was first
                lines = self._open_lines()
                self._file.replace(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def _is_time(text: Any) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except (TypeError, ValueError):
        return False
