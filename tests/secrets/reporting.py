"""Copies all output and logs of a child process to a file, which the parent searches.

Standard library only. The file of a process has entries ``@KIND TEXT``.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

MAY_HOLD_SECRETS = ("signing.key", "token", "accounts.json")
"""What a service keeps; and the accounts that a program of `tests.programs` saves, also with the
official client, whose file others can read."""

USUAL_LEVEL = "CHECKED_AT_USUAL_LEVEL"
"""The variable is set while a test with the marker ``usual_level`` runs."""


def note(folder: str, kind: str, text: str) -> None:
    """Adds an entry to this process's file; each is written at once, so that a kill loses none."""
    path = os.path.join(folder, f"{os.getpid()}.txt")
    with open(path, "a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"\n@{kind} {text}")


def record_text(record: logging.LogRecord) -> str:
    """The text of a log record under any formatter."""
    parts = [record.getMessage(), repr(record.args), repr(vars(record))]
    if record.exc_info and record.exc_info[0] is not None:
        parts.append("".join(traceback.format_exception(*record.exc_info)))
    return "\n".join(parts)


def tap_logging(tell: Any) -> None:
    """Hands each log record to a function, regardless of handlers and ``propagate``."""
    handle = logging.Logger.handle

    def tapped(self: logging.Logger, record: logging.LogRecord) -> None:
        tell(record)
        handle(self, record)

    logging.Logger.handle = tapped


def keep_debug() -> None:
    """Sets the level DEBUG, above which ``logging.basicConfig`` may no longer raise it."""
    configure = logging.basicConfig

    def configured(**settings: Any) -> None:
        configure(**{**settings, "level": logging.DEBUG})

    logging.getLogger().setLevel(logging.DEBUG)
    logging.basicConfig = configured


class Tee:
    """A standard stream whose text is noted as well."""

    def __init__(self, stream: Any, folder: str, name: str):
        self._stream, self._folder, self._name = stream, folder, name

    def write(self, text: str) -> int:
        """Writes to both."""
        note(self._folder, self._name, text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def report_from_child(folder: str) -> None:
    """Notes what this process prints, logs, and leaves in temporary folders before they go."""
    if not os.environ.get(USUAL_LEVEL):
        keep_debug()
    tap_logging(lambda record: note(folder, "log", record_text(record)))
    sys.stdout = Tee(sys.stdout, folder, "stdout")
    sys.stderr = Tee(sys.stderr, folder, "stderr")
    cleanup = tempfile.TemporaryDirectory.cleanup

    def cleaned(self: Any) -> None:
        for path in Path(self.name).rglob("*"):
            if path.is_file() and path.name not in MAY_HOLD_SECRETS:
                note(folder, f"file {path.name}", path.read_bytes().decode("latin-1"))
        cleanup(self)

    tempfile.TemporaryDirectory.cleanup = cleaned
