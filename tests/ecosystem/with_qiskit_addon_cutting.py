"""qiskit-addon-cutting: expectation values of a circuit that was cut in two, as the exact ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_addon_cutting import (
    generate_cutting_experiments,
    partition_problem,
    reconstruct_expectation_values,
)
from qiskit_aer.primitives import SamplerV2 as AerSampler

from qiskit_rest_primitives import SamplerV2
from tests.ecosystem.local_backend import local_backend

OBSERVABLE = SparsePauliOp(["ZZII", "IZZI", "IIZZ", "XIXI", "ZIZZ", "IXIX"], [1, 0.5, 1, 2, 1, 1])


def reconstructed(sampler: Any, problem: Any, experiments: Any, coefficients: Any) -> float:
    """The observable's value from the samples of all parts."""
    jobs = {label: sampler.run(circuits, shots=2**13) for label, circuits in experiments.items()}
    results = {label: job.result() for label, job in jobs.items()}
    values = reconstruct_expectation_values(results, coefficients, problem.subobservables)
    return float(np.dot(values, OBSERVABLE.coeffs).real)


def main() -> None:
    """The sum over all parts is near the value of the whole circuit."""
    circuit = efficient_su2(4, entanglement="linear", reps=1)
    circuit = circuit.assign_parameters([0.4] * circuit.num_parameters)
    problem = partition_problem(circuit, "AABB", observables=OBSERVABLE.paulis)
    experiments, coefficients = generate_cutting_experiments(
        problem.subcircuits, problem.subobservables, num_samples=np.inf
    )
    given = problem, experiments, coefficients
    ours = reconstructed(SamplerV2(local_backend("aer")), *given)
    theirs = reconstructed(AerSampler(seed=4), *given)
    exact = float(Statevector(circuit).expectation_value(OBSERVABLE).real)
    print("ours", ours, "Aer's", theirs, "exact", exact)
    assert abs(ours - exact) < 0.2
    assert abs(theirs - exact) < 0.2


if __name__ == "__main__":
    main()
