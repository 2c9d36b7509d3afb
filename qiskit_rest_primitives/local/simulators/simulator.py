"""What a simulator has to offer: the interface that tasks run on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from qiskit_rest_primitives.local.simulators.seeds import Seeds

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


class Simulator(Protocol):
    """What runs the points of a task; picklable."""

    @property
    def holds_lock(self) -> bool:
        """Whether it keeps Python's global lock for the whole of a run."""
        ...

    def sample(
        self,
        circuit: QuantumCircuit,
        rows: np.ndarray,
        shots: int,
        seeds: Seeds,
        start: int,
        check: Callable[[], None],
    ) -> dict[str, np.ndarray]:
        """Samples at each row: creg name -> uint8 ``(points, shots, bytes)``, big-endian."""
        ...

    def estimate(
        self,
        circuit: QuantumCircuit,
        rows: np.ndarray,
        observables: Sequence[dict[str, float]],
        pairs: np.ndarray,
        precision: float,
        seeds: Seeds,
        start: int,
        check: Callable[[], None],
    ) -> dict[str, np.ndarray]:
        """Estimates each pair: ``evs``, and ``stds`` where they were measured, float64 ``(n,)``.

        Without ``stds`` the values are exact; noise of the target precision is added when joined.
        """
        ...
