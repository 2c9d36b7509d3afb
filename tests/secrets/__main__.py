"""``python -m tests.secrets``: runs the whole suite at level DEBUG and searches it for secrets.

Arguments go to pytest; with some, the figures may be small. ``--short`` runs a few tests only.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.secrets.marking import MARKER
from tests.secrets.scanner import Scanner, shortcomings

ROOT = Path(__file__).parents[2]

LEAST = {
    "tests": 3000,
    "log records": 15_000,
    "bytes of output": 3_000_000,
    "exceptions": 1_500,
    "files": 500,
    "secrets": 60,
}
"""The whole suite far exceeds these; smaller figures mean that the check itself is broken."""


SHORT_TESTS = ["tests/jobs/results/test_saved_results.py"]


def run_suite(folder: Path, arguments: list[str], printed: Scanner) -> int:
    """Runs pytest with the plugin; its output is searched as it arrives, and printed."""
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml")]
    command += ["-p", "tests.secrets.plugin", "--secrets-folder", str(folder), "-q"]
    command += ["--basetemp", str(folder / "base"), "-o", f"cache_dir={folder / 'cache'}"]
    # The slow tests too, and all in one process, whose objects and frames are searched.
    command += ["-m", "", "-n", "0", "--log-level", "DEBUG", *arguments]
    environment = {**os.environ, "HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            printed.figures["bytes of output"] += len(line)
            printed.data("printed by pytest", line)
            print(printed.hidden(line), end="", flush=True)
    return process.returncode


def main(arguments: list[str]) -> int:
    """Prints the leaks and one line per figure; returns 1 on any problem."""
    folder = Path(tempfile.mkdtemp(prefix="checked-"))
    for name in ("home", "tmp"):
        (folder / name).mkdir()
    printed = Scanner(MARKER)
    printed.test = "(output)"
    try:
        code = run_suite(folder, arguments, printed)
        found = folder / "found.json"
        report: dict[str, Any] = json.loads(found.read_text()) if found.exists() else {}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures: dict[str, int] = report.get("figures", {})
    name = "bytes of output"
    figures[name] = figures.get(name, 0) + printed.figures[name]
    leaks = report.get("leaks", []) + printed.report()["leaks"]
    for leak in leaks:
        print(f"LEAK {leak['test']}\n  in {leak['where']}\n  {leak['excerpt']!r}")
    for shown in (*LEAST, "warnings"):
        print(f"{shown}: {figures.get(shown, 0)}")
    print(f"leaks: {len(leaks)}")
    problems = [] if arguments else shortcomings(figures, LEAST)
    if not report:
        problems.append("the check did not finish")
    for problem in problems:
        print(f"NOT CHECKED: {problem}")
    return int(bool(code or leaks or problems))


if __name__ == "__main__":
    sys.exit(main(SHORT_TESTS if sys.argv[1:] == ["--short"] else sys.argv[1:]))
