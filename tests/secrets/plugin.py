"""A pytest plugin: searches all that a test prints, logs, raises or leaves behind for secrets.

``python -m tests.secrets`` loads it with ``-p``, into a separate pytest process.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.secrets import marking
from tests.secrets.files import Files
from tests.secrets.reporting import USUAL_LEVEL
from tests.secrets.scanner import Scanner
from tests.secrets.watching import Watch

PACKAGE = "qiskit_rest_primitives"
CHILD = Path(__file__).with_name("child")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The folder of the check: temporary files, reports of children, the result."""
    parser.addoption("--secrets-folder", required=True, type=Path)


def pytest_configure(config: pytest.Config) -> None:
    """Starts before any test module is imported."""
    config.pluginmanager.register(Check(config.getoption("--secrets-folder")), "secrets-check")


class Check:
    """The hooks, with what they share."""

    def __init__(self, folder: Path):
        self._folder = folder
        children = folder / "children"
        for path in (children, folder / "home", folder / "tmp"):
            path.mkdir(exist_ok=True)
        self.scanner = Scanner(marking.MARKER)
        roots = [folder / "home", folder / "tmp", folder / "cache", Path.cwd()]
        self.files = Files(self.scanner, roots, folder / "base")
        self.files.skip(Path.cwd())
        self.watch = Watch(self.scanner, self.files, children)
        os.environ["CHECKED_CHILDREN"] = str(children)
        paths = [str(CHILD), os.environ.get("PYTHONPATH", "")]
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        marking.mark_drawn_secrets()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """After pytest has installed its own hooks for threads."""
        self.watch.start()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Records the test's name; sets all loggers to DEBUG, if the test allows it."""
        self.scanner.test = item.nodeid
        self.scanner.figures["tests"] += 1
        self.scanner.text("the test's name", item.nodeid)
        for logger in logging.Logger.manager.loggerDict.values():
            if isinstance(logger, logging.Logger) and logger.level > logging.DEBUG:
                logger.setLevel(logging.DEBUG)
        if item.get_closest_marker("usual_level") is None:
            return (yield)
        os.environ[USUAL_LEVEL] = "yes"
        logging.getLogger(PACKAGE).setLevel(logging.WARNING)
        try:
            return (yield)
        finally:
            del os.environ[USUAL_LEVEL]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Before and after fixtures clean up."""
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        self._scan()
        result = yield
        self._scan()
        if folder is not None:
            self.files.close(folder)
        return result

    def _scan(self) -> None:
        self.watch.created_errors()
        self.watch.children()
        self.files.scan()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Searches exceptions that no test expected."""
        if call.excinfo is not None:
            self.watch.error("exception", call.excinfo.value)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Searches captured output and pytest's own messages."""
        self._report(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """The same for imports."""
        self._report(report)

    def _report(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        for title, text in report.sections:
            self.watch.output(title, text)
        self.watch.output("report", report.longreprtext)

    def pytest_sessionfinish(self) -> None:
        """Searches all files once more, then writes the result."""
        self._scan()
        self.files.scan(everything=True)
        self.watch.stop()
        self.scanner.figures["secrets"] = len(marking.USED)
        (self._folder / "found.json").write_text(json.dumps(self.scanner.report()))
