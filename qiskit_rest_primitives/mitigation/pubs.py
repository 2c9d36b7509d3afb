"""PUBs as mitigation reads them: circuits, arrays of values, observables as Pauli strings."""

from __future__ import annotations

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
        metadata: to be repeated in the PUB's result.
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
        metadata: to be repeated in the PUB's result.
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
