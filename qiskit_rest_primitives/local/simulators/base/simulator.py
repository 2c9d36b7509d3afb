"""The interface of simulators, which tasks call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from qiskit_rest_primitives.circuits.shared import make_shareable
from qiskit_rest_primitives.local.simulators.base.seeds import Seeds

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


@dataclass(frozen=True)
class Points:
    """Some points of one PUB: a circuit, and the values of its parameters at each of them.

    Attributes:
        circuit: as it will be simulated.
        rows: values, ``(points, parameters)``, in ``circuit.parameters`` order; or what
            `Setup.rows` has in their place.
        start: number of the first point within the PUB, C order.
        seeds: the randomness of the PUB.
        check: called between points; raises StoppedError when the job is to stop.
    """

    circuit: QuantumCircuit
    rows: np.ndarray
    start: int
    seeds: Seeds
    check: Callable[[], None]

    def __post_init__(self) -> None:
        # The tasks of a PUB share its circuit, and are pickled or run side by side.
        make_shareable(self.circuit)

    def bound(self, row: int) -> QuantumCircuit:
        """The circuit with the values of one row."""
        values = self.rows[row]
        return self.circuit.assign_parameters(values) if len(values) else self.circuit


@dataclass(frozen=True)
class SamplesWanted:
    """The request of a sampler PUB, or of a task with some of its points.

    Attributes:
        shots: of each point.
        rows: values ``(points, parameters)`` in ``circuit.parameters`` order, for backends whose
            simulation depends on them; None for a task, which has its own.
    """

    shots: int
    rows: np.ndarray | None = None


@dataclass(frozen=True)
class ExpectationsWanted:
    """The request of an estimator PUB, or of a task with some of its points.

    Attributes:
        observables: {pauli: coefficient} each.
        pairs: int ``(n, 2)``: row and observable, sorted by row; every pair of its rows.
        num_rows: rows of values.
        precision: target standard error; 0 is exact.
    """

    observables: list[dict[str, float]]
    pairs: np.ndarray
    num_rows: int
    precision: float


Wanted = SamplesWanted | ExpectationsWanted


class Simulator(Protocol):
    """Runs the points of a task; picklable."""

    @property
    def holds_lock(self) -> bool:
        """Whether it keeps Python's global lock for the whole of a run."""
        ...

    def sample(self, points: Points, shots: int) -> dict[str, np.ndarray]:
        """Samples at each point: creg name -> uint8 ``(points, shots, bytes)``, big-endian."""
        ...

    def estimate(self, points: Points, wanted: ExpectationsWanted) -> dict[str, np.ndarray]:
        """Estimates each pair: ``evs``, and ``stds`` where they were measured, float64 ``(n,)``.

        Without ``stds`` the values are exact; noise of the target precision is added when joined.
        """
        ...
