"""The unit of work for an executor: some points of one PUB on one simulator.

A task can be pickled and gives the same result in any process and on any machine.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np

from qiskit_rest_primitives.local.outcome import StoppedError
from qiskit_rest_primitives.local.simulators.simulator import (
    Points,
    SamplesWanted,
    Simulator,
    Wanted,
)


@dataclass(frozen=True)
class StopFlag:
    """A file whose existence says "stop"; for all threads and processes of one machine."""

    path: str

    def set(self) -> None:
        """Asks all tasks that hold this flag to stop."""
        with open(self.path, "wb"):
            pass

    def check(self) -> None:
        """Raises StoppedError once the flag is set."""
        if os.path.exists(self.path):
            raise StoppedError


@dataclass(frozen=True)
class Task:
    """Some points of one PUB.

    Attributes:
        pub_index: position of the PUB in its job.
        start: number of the first point (sampler) or pair (estimator) within the PUB.
        simulator: runs them.
        points: circuit and values.
        wanted: samples or expectation values.
    """

    pub_index: int
    start: int
    simulator: Simulator
    points: Points
    wanted: Wanted


@dataclass(frozen=True)
class TaskResult:
    """A task's result: arrays whose first axis is its points (sampler) or pairs (estimator)."""

    pub_index: int
    start: int
    count: int
    arrays: dict[str, np.ndarray]
    seconds: float


def run_task(task: Task) -> TaskResult:
    """Runs one task, wherever the executor put it, and times it."""
    task.points.check()
    begun = time.perf_counter()
    if isinstance(task.wanted, SamplesWanted):
        arrays = task.simulator.sample(task.points, task.wanted.shots)
        count = len(task.points.rows)
    else:
        arrays = task.simulator.estimate(task.points, task.wanted)
        count = len(task.wanted.pairs)
    return TaskResult(task.pub_index, task.start, count, arrays, time.perf_counter() - begun)
