"""Task results -> the result of their PUB, exactly as if it had run as one task."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from qiskit.primitives.containers import BitArray, DataBin, PubResult, SamplerPubResult

from qiskit_rest_primitives.local.engine.base.tasks import TaskResult
from qiskit_rest_primitives.local.simulators.base.seeds import Seeds


@dataclass
class SamplerJoin:
    """Collects the samples of one PUB.

    Attributes:
        shape: shape of the PUB.
        shots: samples per point.
        num_bits: creg name -> width.
        metadata: of the PUB.
        spans: the points of each task, when it began (s since the epoch), and how long it took (s).
    """

    shape: tuple[int, ...]
    shots: int
    num_bits: dict[str, int]
    metadata: dict[str, Any]
    spans: list[tuple[range, float, float]] = field(default_factory=list)
    _arrays: dict[str, np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        points = math.prod(self.shape)
        self._arrays = {
            name: np.zeros((points, self.shots, -(-bits // 8)), dtype=np.uint8)
            for name, bits in self.num_bits.items()
        }

    def add(self, result: TaskResult) -> None:
        """Puts the points of one task at their positions."""
        for name, array in result.arrays.items():
            self._arrays[name][result.start : result.start + result.count] = array
        points = range(result.start, result.start + result.count)
        self.spans.append((points, result.begun_at, result.seconds))

    def samples(self) -> dict[str, BitArray]:
        """One BitArray per register, of the PUB's shape."""
        return {
            name: BitArray(array.reshape(*self.shape, *array.shape[1:]), self.num_bits[name])
            for name, array in self._arrays.items()
        }

    def result(self) -> SamplerPubResult:
        """The samples as a result."""
        data = DataBin(**self.samples(), shape=self.shape)
        return SamplerPubResult(data, metadata=self.metadata)


@dataclass
class EstimatorJoin:
    """Collects the expectation values of one PUB.

    Attributes:
        shape: broadcast shape of values and observables.
        positions: int, flat; for each element of the PUB in C order the number of its pair.
        num_pairs: distinct pairs of a point and an observable.
        precision: target standard error; 0 is exact.
        seeds: the randomness of the PUB.
        metadata: of the PUB.
    """

    shape: tuple[int, ...]
    positions: np.ndarray
    num_pairs: int
    precision: float
    seeds: Seeds
    metadata: dict[str, Any]
    _evs: np.ndarray = field(init=False)
    _stds: np.ndarray | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._evs = np.zeros(self.num_pairs)

    def add(self, result: TaskResult) -> None:
        """Puts the pairs of one task at their positions."""
        part = slice(result.start, result.start + result.count)
        self._evs[part] = result.arrays["evs"]
        if "stds" in result.arrays:
            if self._stds is None:
                self._stds = np.zeros(self.num_pairs)
            self._stds[part] = result.arrays["stds"]

    def result(self) -> PubResult:
        """The fields ``evs`` and ``stds``, of the PUB's shape.

        Exact values get normal noise of the target precision, one stream along the PUB in C order,
        as from the reference estimator and Aer's; the precision is their ``stds``, as in Aer's.
        """
        evs = self._evs[self.positions]
        if self._stds is not None:
            stds = self._stds[self.positions]
        else:
            stds = np.full(len(evs), self.precision)
            if self.precision > 0:
                evs = self.seeds.for_pub().normal(evs, self.precision)
        data = DataBin(evs=evs.reshape(self.shape), stds=stds.reshape(self.shape), shape=self.shape)
        return PubResult(data, metadata=self.metadata)
