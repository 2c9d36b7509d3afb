"""How a backend runs one PUB: the circuit, its simulator, and metadata for the user."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.simulators.base.simulator import Simulator

if TYPE_CHECKING:
    import numpy as np
    from qiskit.circuit import QuantumCircuit


@dataclass(frozen=True)
class Setup:
    """How a backend runs one PUB.

    Attributes:
        simulator: runs its points.
        circuit: the circuit to simulate; its parameters are some of those of the PUB's circuit.
        seconds_per_point: a rough guess, from the PUB alone.
        metadata: for the PUB's metadata.
        observables: {pauli: coefficient} each, on the qubits of `circuit`; empty for a sampler.
        num_circuits: bound circuits of an estimator PUB.
        limited: whether `seconds_per_point` is known well enough to refuse a job by it.
        rows: one row per point that the simulator reads in place of the parameters' values; None
            if it reads the values.
        rows_together: points share work and random numbers in blocks of so many: a task starts at a
            multiple of it.
    """

    simulator: Simulator
    circuit: QuantumCircuit
    seconds_per_point: float
    metadata: dict[str, Any] = field(default_factory=dict)
    observables: list[dict[str, float]] = field(default_factory=list)
    num_circuits: int = 0
    limited: bool = False
    rows: np.ndarray | None = None
    rows_together: int = 1
