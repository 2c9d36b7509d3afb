"""The units of work for an executor: some points of one PUB, or a step of error mitigation.

A task can be pickled and gives the same result in any process and on any machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from qiskit_rest_primitives.errors import RestPrimitivesError
from qiskit_rest_primitives.local.outcome import RefusedError, StoppedError
from qiskit_rest_primitives.local.simulators.base.simulator import (
    Points,
    SamplesWanted,
    Simulator,
    Wanted,
)
from qiskit_rest_primitives.mitigation.base.steps import Finished, Step

ResultT = TypeVar("ResultT")
ResultT_co = TypeVar("ResultT_co", covariant=True)


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
        """Runs its points, and times them."""
        self.points.check()
        begun_at = time.time()
        begun = time.perf_counter()
        if isinstance(self.wanted, SamplesWanted):
            arrays = self.simulator.sample(self.points, self.wanted.shots)
            count = len(self.points.rows)
        else:
            arrays = self.simulator.estimate(self.points, self.wanted)
            count = len(self.wanted.pairs)
        seconds = time.perf_counter() - begun
        return TaskResult(self.pub_index, self.start, count, arrays, begun_at, seconds)


@dataclass(frozen=True)
class TaskResult:
    """A task's result.

    Attributes:
        pub_index: as the task's.
        start: as the task's.
        count: how many points or pairs.
        arrays: their first axis is the points (sampler) or pairs (estimator).
        begun_at: when it began, in seconds since the epoch.
        seconds: how long it took.
    """

    pub_index: int
    start: int
    count: int
    arrays: dict[str, np.ndarray]
    begun_at: float
    seconds: float


@dataclass(frozen=True)
class StepTask:
    """Finds the first step of a job with error mitigation, or the next one.

    Attributes:
        find: the function; it takes much of a processor's time.
        arguments: of it.
        stop: whether the job is no longer wanted.
    """

    find: Callable[..., Step | Finished]
    arguments: tuple[Any, ...]
    stop: StopFlag

    def run(self) -> StepFound:
        """Calls the function, and times it.

        Raises:
            RefusedError: the job's circuits and options do not go together.
        """
        self.stop.check()
        begun = time.perf_counter()
        try:
            step = self.find(*self.arguments)
        except RestPrimitivesError as error:
            raise RefusedError(str(error)) from error
        return StepFound(step, time.perf_counter() - begun)


@dataclass(frozen=True)
class StepFound:
    """A step task's result."""

    step: Step | Finished
    seconds: float


class Work(Protocol[ResultT_co]):
    """What an executor runs: a `Task` or a `StepTask`."""

    def run(self) -> ResultT_co:
        """Does it."""
        ...


def run_task(task: Work[ResultT]) -> ResultT:
    """Runs one task, wherever the executor put it."""
    return task.run()
