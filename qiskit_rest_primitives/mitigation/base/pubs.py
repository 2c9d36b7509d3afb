"""PUBs as mitigation reads them: circuits, arrays of values, observables as Pauli strings."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


@dataclass(frozen=True)
class SamplerSweep:
    """A sampler PUB.

    Attributes:
        circuit: as the user wrote it.
        values: float64 ``(points, parameters)``, in ``circuit.parameters`` order.
        shape: shape of the PUB; its product is the number of points.
        shots: of each point.
        metadata: of the circuit, to be repeated in the PUB's result.
    """

    circuit: QuantumCircuit
    values: np.ndarray
    shape: tuple[int, ...]
    shots: int
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EstimatorSweep:
    """An estimator PUB.

    Attributes:
        circuit: as the user wrote it; its measurements, if any, come before the observables.
        values: float64 ``(points, parameters)``, in ``circuit.parameters`` order.
        observables: distinct ones, {pauli string: coefficient}; letters I, X, Y, Z only.
        pairs: int ``(n, 2)``: distinct pairs of a point and an observable, sorted by point.
        positions: int, flat: for each element of the PUB, in C order, the number of its pair.
        shape: broadcast shape of values and observables.
        shots: of each point and measurement basis.
        precision: the target standard error that was asked for.
        metadata: of the circuit, to be repeated in the PUB's result.
    """

    circuit: QuantumCircuit
    values: np.ndarray
    observables: list[dict[str, float]]
    pairs: np.ndarray
    positions: np.ndarray
    shape: tuple[int, ...]
    shots: int
    precision: float
    metadata: dict[str, Any] = field(default_factory=dict)


def pair(values_shape: tuple[int, ...], numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What has to be estimated: each point with each observable that meets it, once.

    Args:
        values_shape: of the sweep of parameter values.
        numbers: int, of the observables' shape: which of the distinct ones each is.

    Returns:
        ``pairs`` and ``positions`` of an `EstimatorSweep`.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> pairs, positions = pair((2, 1), np.array([0, 1, 0]))
    >>> pairs.tolist(), positions.tolist()
    ([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 0, 2, 3, 2])
    """
    shape = np.broadcast_shapes(values_shape, numbers.shape)
    points = np.arange(math.prod(values_shape)).reshape(values_shape)
    flat_points = np.broadcast_to(points, shape).ravel()
    flat_numbers = np.broadcast_to(numbers, shape).ravel()
    width = int(numbers.max(initial=0)) + 1
    codes, positions = np.unique(flat_points * width + flat_numbers, return_inverse=True)
    return np.stack(np.divmod(codes, width), axis=-1), positions.ravel()
