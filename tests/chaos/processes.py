"""Finds the worker processes of a service, to kill them."""

from __future__ import annotations

import contextlib
from pathlib import Path


def worker_pids(parent: int) -> list[int]:
    """Process ids of the workers that a process started, on Linux."""
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):  # it has just ended
            of = int(stat.read_text().rpartition(")")[2].split()[1])
            if of == parent and b"worker_main" in stat.with_name("cmdline").read_bytes():
                found.append(int(stat.parent.name))
    return found
