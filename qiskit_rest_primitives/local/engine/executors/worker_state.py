"""What an operator wants to know of the workers: how many there are, and whether they answer."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Literal

WORKERS_OF_OTHERS = 16
"""Calls that an executor runs at once if it does not say how many: a guess."""


@dataclass(frozen=True)
class WorkerState:
    """The workers of an engine.

    Attributes:
        workers: how many tasks can run at once.
        scheduler: of a Dask cluster; ``none`` without one.
        on_demand: whether workers are started when there are tasks.
    """

    workers: int
    scheduler: Literal["ok", "lost", "none"] = "none"
    on_demand: bool = False


def state_of(executor: Executor) -> WorkerState:
    """The state of an executor; asks the scheduler of a Dask cluster, which may take a while."""
    client: Any = getattr(executor, "_client", None)
    if client is None:
        return WorkerState(getattr(executor, "_max_workers", WORKERS_OF_OTHERS))
    if client.status != "running":
        return WorkerState(0, "lost")
    try:
        threads = sum(client.nthreads().values())
    except OSError:  # it went away just now
        return WorkerState(0, "lost")
    return WorkerState(threads, "ok", getattr(executor, "on_demand", False))
