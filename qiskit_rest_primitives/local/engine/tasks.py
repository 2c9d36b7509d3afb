"""The unit of work for an executor: some points of one PUB on one simulator.

A task can be pickled and gives the same result in any process and on any machine.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

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

    def run(self) -> TaskResult:
        """Simulates the points."""
        if isinstance(self.wanted, SamplesWanted):
            arrays = self.simulator.sample(self.points, self.wanted.shots)
            count = len(self.points.rows)
        else:
            arrays = self.simulator.estimate(self.points, self.wanted)
            count = len(self.wanted.pairs)
        return TaskResult(self.pub_index, self.start, count, arrays)


@dataclass(frozen=True)
class TaskResult:
    """A task's result: arrays whose first axis is its points (sampler) or pairs (estimator)."""

    pub_index: int
    start: int
    count: int
    arrays: dict[str, np.ndarray]
    metadata: dict[str, object] = field(default_factory=dict)
    seconds: float = 0.0


def run_task(task: Task) -> TaskResult:
    """Runs one task, wherever the executor put it, and times it."""
    task.points.check()
    begun = time.perf_counter()
    result = task.run()
    return TaskResult(
        result.pub_index,
        result.start,
        result.count,
        result.arrays,
        result.metadata,
        time.perf_counter() - begun,
    )
