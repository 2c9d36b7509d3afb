"""Runs the steps of mitigation on simulators that are not ours."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error
from qiskit_aer.primitives import SamplerV2

from qiskit_rest_primitives.mitigation.base.options import Mitigation
from qiskit_rest_primitives.mitigation.base.pubs import EstimatorSweep
from qiskit_rest_primitives.mitigation.base.steps import Finished, Run, Samples, Step
from qiskit_rest_primitives.mitigation.estimator import estimator_step

Sample = Callable[[Run], Samples]


def on_aer(backend: AerSimulator | None = None, seed: int = 7) -> Sample:
    """Samples runs with Aer's own primitive."""
    backend = backend or AerSimulator()
    sampler = SamplerV2.from_backend(backend, seed=seed)

    def sample(run: Run) -> Samples:
        pub = (run.circuit, run.values, run.shots) if run.values.size else (run.circuit,)
        found = sampler.run([pub], shots=run.shots).result()[0].data
        return {
            name: found[name] if run.values.size else found[name].reshape((1,)) for name in found
        }

    return sample


def finish(step: Step, sample: Sample) -> Finished:
    """Advances a step until it has results; it is pickled, as on its way to a worker."""
    current: Any = step
    while not isinstance(current, Finished):
        current = pickle.loads(pickle.dumps(current))
        current = current.advance([sample(run) for run in current.runs])
    return current


def estimator_sweep(
    circuit: QuantumCircuit,
    observables: Sequence[dict[str, float]],
    values: Any = None,
    shots: int = 4096,
) -> EstimatorSweep:
    """A PUB of all observables at all points; its shape is ``(points, observables)``."""
    points = np.empty((1, 0)) if values is None else np.asarray(values, dtype=float)
    pairs = np.array([(i, j) for i in range(len(points)) for j in range(len(observables))])
    return EstimatorSweep(
        circuit,
        points,
        list(observables),
        pairs,
        np.arange(len(pairs)),
        (len(points), len(observables)),
        shots,
        shots**-0.5,
        {"name": circuit.name},
    )


def estimated(
    sweeps: Sequence[EstimatorSweep],
    sample: Sample,
    *,
    level: int = 0,
    seed: int = 1,
    target: Any = None,
    **options: Any,
) -> Finished:
    """The results of an estimator's job with these options."""
    mitigation = Mitigation.of_estimator({"resilience_level": level, "options": options})
    step = estimator_step(sweeps, mitigation, target, np.random.SeedSequence(seed))
    return finish(step, sample)


def exact(sweep: EstimatorSweep) -> np.ndarray:
    """The values by Qiskit, of the PUB's shape."""
    found = [
        np.real(
            Statevector(sweep.circuit.assign_parameters(sweep.values[point])).expectation_value(
                SparsePauliOp.from_list(list(sweep.observables[number].items()))
            )
        )
        for point, number in sweep.pairs
    ]
    return np.array(found)[sweep.positions].reshape(sweep.shape)


def noisy(*, gate: float = 0.0, readout: tuple[float, float] = (0.0, 0.0)) -> AerSimulator:
    """Aer with depolarized two-qubit gates and readout errors.

    Args:
        gate: error of each two-qubit gate.
        readout: probabilities of 1 for |0> and of 0 for |1>.
    """
    model = NoiseModel(basis_gates=["rz", "sx", "x", "cz", "cx", "ecr"])
    if gate:
        model.add_all_qubit_quantum_error(depolarizing_error(gate, 2), ["cz", "cx", "ecr"])
    if any(readout):
        p01, p10 = readout
        model.add_all_qubit_readout_error(ReadoutError([[1 - p01, p01], [p10, 1 - p10]]))
    return AerSimulator(noise_model=model)
