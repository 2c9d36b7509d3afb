"""Runs programs that print figures, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.benchmarks.figures import SHORT_VARIABLE


def outcomes(modules: Sequence[str], *, short: bool) -> Iterator[subprocess.CompletedProcess[str]]:
    """Runs each to its end and yields what it printed, in their order.

    One after another, so that none disturbs the figures of another. In their short form three at a
    time: short figures mean nothing.
    """
    environment = {**os.environ, SHORT_VARIABLE: "1"} if short else None

    def run(module: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", module]
        return subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=False, env=environment
        )

    with ThreadPoolExecutor(3 if short else 1) as pool:
        yield from pool.map(run, modules)
