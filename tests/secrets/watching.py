"""Taps in the process of the tests; their data is searched."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from qiskit_rest_primitives.account import saved
from qiskit_rest_primitives.errors import RestPrimitivesError
from tests.secrets import reporting
from tests.secrets.exceptions import views
from tests.secrets.files import Files
from tests.secrets.scanner import Scanner


class Watch:
    """Installs the taps, and searches their data.

    Args:
        scanner: searches.
        files: knows the files.
        children: folder in which child processes report.
    """

    def __init__(self, scanner: Scanner, files: Files, children: Path):
        self._scanner = scanner
        self._files = files
        self._children = children
        self._read: dict[Path, int] = {}
        self._pid = os.getpid()
        self._created: list[BaseException] = []
        self._undo: list[tuple[Any, str, Any]] = []
        self._seen_errors: set[int] = set()

    def _replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        real = getattr(owner, name)
        self._undo.append((owner, name, real))
        setattr(owner, name, make(real))

    def stop(self) -> None:
        """Takes the taps out again."""
        for owner, name, real in reversed(self._undo):
            setattr(owner, name, real)

    def start(self) -> None:
        """Puts the taps in."""
        self._undo += [(logging, "basicConfig", logging.basicConfig)]
        self._undo += [(logging.Logger, "handle", logging.Logger.handle)]
        reporting.tap_logging(self._record)
        reporting.keep_debug()
        self._replace(warnings.WarningMessage, "__init__", self._tap_warnings)
        self._replace(RestPrimitivesError, "__init__", self._tap_created_errors)
        self._replace(type(pytest.raises(KeyError)), "__exit__", self._tap_raises)
        self._replace(pytest.CaptureFixture, "readouterr", self._tap_captures)
        self._replace(subprocess.Popen, "__init__", self._tap_command_lines)
        self._replace(subprocess.Popen, "communicate", self._tap_children)
        self._replace(NotebookClient, "execute", self._tap_notebooks)
        self._replace(tempfile.TemporaryDirectory, "cleanup", self._tap_cleanup)
        self._replace(saved, "write_accounts", self._tap_accounts)
        self._replace(threading, "excepthook", self._tap_hook("exception in a thread"))
        self._replace(sys, "unraisablehook", self._tap_hook("unraisable exception"))

    # Logs, warnings, output

    def _record(self, record: logging.LogRecord) -> None:
        text = reporting.record_text(record)
        if os.getpid() != self._pid:
            # A forked child's findings would be lost with it.
            reporting.note(str(self._children), "log", text)
            return
        self._scanner.figures["log records"] += 1
        self._scanner.text(f"log record of {record.name}", text)
        if record.exc_info and isinstance(record.exc_info[1], BaseException):
            self.error("logged exception", record.exc_info[1])

    def output(self, where: str, text: str | bytes | None) -> None:
        """Searches printed text."""
        if text:
            data = text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")
            self._scanner.figures["bytes of output"] += len(data)
            self._scanner.data(where, data)

    def _tap_warnings(self, real: Any) -> Any:
        def tapped(message: Any, *args: Any, **named: Any) -> None:
            real(message, *args, **named)
            self._scanner.figures["warnings"] += 1
            self._scanner.text("warning", str(message.message))

        return tapped

    def _tap_captures(self, real: Any) -> Any:
        def tapped(fixture: Any) -> Any:
            captured = real(fixture)
            for name, text in zip(("stdout", "stderr"), captured, strict=True):
                self.output(name, text)
            return captured

        return tapped

    # Child processes

    def _tap_command_lines(self, real: Any) -> Any:
        def tapped(process: Any, args: Any, *more: Any, **named: Any) -> None:
            self.output("command line of a child, which ps shows", repr(args))
            real(process, args, *more, **named)

        return tapped

    def _tap_children(self, real: Any) -> Any:
        def tapped(process: Any, *args: Any, **named: Any) -> Any:
            out = real(process, *args, **named)
            for name, text in zip(("stdout", "stderr"), out, strict=True):
                self.output(f"{name} of a child", text)
            return out

        return tapped

    def _tap_notebooks(self, real: Any) -> Any:
        def tapped(client: Any, *args: Any, **named: Any) -> Any:
            try:
                return real(client, *args, **named)
            finally:
                self.output("notebook", nbformat.writes(client.nb))

        return tapped

    def children(self) -> None:
        """Searches what child processes have reported since the last call."""
        for path in sorted(self._children.glob("*.txt")):
            start = self._read.get(path, 0)
            if path.stat().st_size == start:
                continue
            with path.open("rb") as file:
                file.seek(start)
                data = file.read()
            self._read[path] = start + len(data)
            self._scanner.figures["log records"] += data.count(b"\n@log ")
            self._scanner.figures["bytes of output"] += len(data)
            for entry in data.split(b"\n@"):
                kind = entry.split(b" ", 1)[0].decode("utf-8", "replace")
                self._scanner.data(f"{kind} of a child", entry)

    # Files

    def _tap_cleanup(self, real: Any) -> Any:
        def tapped(folder: Any) -> None:
            if os.getpid() == self._pid:
                self._files.look_at_folder(folder.name)
            real(folder)

        return tapped

    def _tap_accounts(self, real: Any) -> Any:
        def tapped(filename: str | None, accounts: Any) -> None:
            real(filename, accounts)
            self._files.note_account_file(saved.account_path(filename))

        return tapped

    # Exceptions

    def _tap_created_errors(self, real: Any) -> Any:
        def tapped(error: Any, *args: Any, **named: Any) -> None:
            real(error, *args, **named)
            self._created.append(error)

        return tapped

    def _tap_raises(self, real: Any) -> Any:
        def tapped(expected: Any, kind: Any, error: Any, trace: Any) -> Any:
            accepted = real(expected, kind, error, trace)
            if error is not None:
                self.error("exception", error)
            return accepted

        return tapped

    def _tap_hook(self, where: str) -> Callable[[Any], Any]:
        def make(real: Any) -> Any:
            def tapped(args: Any) -> None:
                if args.exc_value is not None:
                    self.error(where, args.exc_value)
                real(args)

            return tapped

        return make

    def error(self, where: str, error: BaseException) -> None:
        """Searches an exception and its chain."""
        self._scanner.figures["exceptions"] += 1
        self._seen_errors.add(id(error))
        for view, text in views(error):
            self._scanner.text(f"{where}, {view}", text)

    def created_errors(self) -> None:
        """Searches our own errors made since the last call, caught ones too, and releases them."""
        created, self._created = self._created, []
        for error in created:
            if id(error) not in self._seen_errors:
                self.error("exception", error)
        self._seen_errors.clear()
