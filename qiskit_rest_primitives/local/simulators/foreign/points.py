"""Points of a PUB on somebody's backend, through Qiskit's primitives for backends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_rest_primitives.local.simulators.foreign.watched_call import WatchedBackend, run_watched

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from qiskit.primitives.containers.bindings_array import BindingsArray

    from qiskit_rest_primitives.local.simulators.base.simulator import ExpectationsWanted, Points
    from qiskit_rest_primitives.local.simulators.foreign.backend import ForeignBackend
    from qiskit_rest_primitives.local.simulators.noise.given_noise_in_aer import GivenNoise


@dataclass(frozen=True)
class ForeignSimulation:
    """Runs circuits with the backend's own `run`; in this process if it does not pickle.

    Qiskit's primitives are called in a daemon thread by their private ``_run``. Their public
    ``run`` starts a thread that is no daemon: the interpreter's exit would wait for a hung backend.

    Attributes:
        source: the backend.
        noise: a noise model of the job's, which takes the place of the backend's own.
    """

    source: ForeignBackend
    noise: GivenNoise | None = None

    @property
    def holds_lock(self) -> bool:
        """Nobody knows; tasks on it go to a worker process or have a thread of their own."""
        return True

    def sample(self, points: Points, shots: int) -> dict[str, np.ndarray]:
        """Samples a circuit at each row; see `Simulator`."""
        from qiskit.primitives import BackendSamplerV2
        from qiskit.primitives.containers.sampler_pub import SamplerPub

        pub = SamplerPub(points.circuit, _values(points.circuit, points.rows), shots)

        def use(backend: WatchedBackend) -> dict[str, np.ndarray]:
            sampler = BackendSamplerV2(backend=backend, options=self._options(points))
            data = sampler._run([pub])[0].data  # pyright: ignore[reportPrivateUsage] - run() makes a job
            return {register.name: data[register.name].array for register in pub.circuit.cregs}

        return run_watched(self._watched(), use, points.check)

    def estimate(self, points: Points, wanted: ExpectationsWanted) -> dict[str, np.ndarray]:
        """Estimates each pair by measuring; see `Simulator`."""
        from qiskit.primitives import BackendEstimatorV2
        from qiskit.primitives.containers.estimator_pub import EstimatorPub
        from qiskit.primitives.containers.observables_array import ObservablesArray

        # One PUB a row: their circuits are those of the whole PUB, in the same order.
        pubs = [
            EstimatorPub(
                points.circuit,
                ObservablesArray([wanted.observables[index] for index in _of_row(wanted, row)]),
                _values(points.circuit, points.rows[row]),
                wanted.precision,
            )
            for row in np.unique(wanted.pairs[:, 0])
        ]

        def use(backend: WatchedBackend) -> dict[str, np.ndarray]:
            estimator = BackendEstimatorV2(backend=backend, options=self._options(points))
            found: Any = estimator._run(pubs)  # pyright: ignore[reportPrivateUsage] - run() makes a job
            return {
                name: np.concatenate([np.empty(0), *(result.data[name] for result in found)])
                for name in ("evs", "stds")
            }

        return run_watched(self._watched(), use, points.check)

    def _watched(self) -> WatchedBackend:
        options = {} if self.noise is None else {"noise_model": self.noise.model()}
        return WatchedBackend(self.source, options)

    def _options(self, points: Points) -> dict[str, int] | None:
        """The seed, counted on from PUB to PUB as in one run of all their circuits on Aer."""
        if points.seeds.seed is None or not self.source.takes_seed:
            return None
        return {"seed_simulator": points.seeds.for_circuit(points.start)}


def circuits_of(wanted: ExpectationsWanted) -> int:
    """How many circuits Qiskit's estimator runs."""
    from qiskit.quantum_info import PauliList

    counts: dict[tuple[str, ...], int] = {}
    total = 0
    for row in np.unique(wanted.pairs[:, 0]):
        paulis = {pauli for index in _of_row(wanted, row) for pauli in wanted.observables[index]}
        key = tuple(sorted(paulis))
        if key not in counts:
            counts[key] = len(PauliList(list(key)).group_commuting(qubit_wise=True))
        total += counts[key]
    return total


def _of_row(wanted: ExpectationsWanted, row: int) -> list[int]:
    first, last = np.searchsorted(wanted.pairs[:, 0], [row, row + 1])
    return [int(index) for index in wanted.pairs[first:last, 1]]


def _values(circuit: QuantumCircuit, rows: np.ndarray) -> BindingsArray:
    """Values of shape ``(*points, parameters)`` for the circuit's parameters."""
    from qiskit.primitives.containers.bindings_array import BindingsArray

    parameters = tuple(circuit.parameters)
    return BindingsArray({parameters: rows} if parameters else {}, shape=rows.shape[:-1])
