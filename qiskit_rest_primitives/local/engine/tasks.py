"""The unit of work for an executor: some points of one PUB on one simulator.

A task is picklable and answers alike in this process, in another one and on another machine.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from qiskit_rest_primitives.local.outcome import StoppedError
from qiskit_rest_primitives.local.simulators.seeds import Seeds
from qiskit_rest_primitives.local.simulators.simulator import Simulator

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


@dataclass(frozen=True)
class StopFlag:
    """A file whose existence says "stop"; threads and processes of one machine see it alike."""

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
class SamplerTask:
    """Points of one sampler PUB.

    Attributes:
        pub_index: position of the PUB in its job.
        start: number of the first point within the PUB, C order.
        simulator: what runs it.
        circuit: as it will be simulated.
        rows: values, ``(points, parameters)``, in ``circuit.parameters`` order.
        shots: samples a point.
        seeds: the randomness of the PUB.
        stop: looked at between points.
    """

    pub_index: int
    start: int
    simulator: Simulator
    circuit: QuantumCircuit
    rows: np.ndarray
    shots: int
    seeds: Seeds
    stop: StopFlag

    def run(self) -> TaskResult:
        """Simulates the points."""
        arrays = self.simulator.sample(
            self.circuit, self.rows, self.shots, self.seeds, self.start, self.stop.check
        )
        return TaskResult(self.pub_index, self.start, len(self.rows), arrays)


@dataclass(frozen=True)
class EstimatorTask:
    """Pairs of a point and an observable of one estimator PUB.

    Attributes:
        pub_index: position of the PUB in its job.
        start: number of the first pair within the PUB.
        simulator: what runs it.
        circuit: as it will be simulated.
        rows: values, ``(points, parameters)``, in ``circuit.parameters`` order.
        observables: {pauli: coefficient} each.
        pairs: int ``(n, 2)``: row and observable, sorted by row.
        precision: target standard error; 0 is exact.
        seeds: the randomness of the PUB.
        first_row: number of the first row within the PUB, C order.
        stop: looked at between points.
    """

    pub_index: int
    start: int
    simulator: Simulator
    circuit: QuantumCircuit
    rows: np.ndarray
    observables: list[dict[str, float]]
    pairs: np.ndarray
    precision: float
    seeds: Seeds
    first_row: int
    stop: StopFlag

    def run(self) -> TaskResult:
        """Estimates the pairs."""
        arrays = self.simulator.estimate(
            self.circuit,
            self.rows,
            self.observables,
            self.pairs,
            self.precision,
            self.seeds,
            self.first_row,
            self.stop.check,
        )
        return TaskResult(self.pub_index, self.start, len(self.pairs), arrays)


Task = SamplerTask | EstimatorTask


@dataclass(frozen=True)
class TaskResult:
    """What a task found: arrays whose first axis is its points (sampler) or pairs (estimator)."""

    pub_index: int
    start: int
    count: int
    arrays: dict[str, np.ndarray]
    metadata: dict[str, object] = field(default_factory=dict)
    seconds: float = 0.0


def run_task(task: Task) -> TaskResult:
    """Runs one task, wherever the executor put it, and times it."""
    task.stop.check()
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
