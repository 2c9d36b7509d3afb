"""qiskit-nature: the ground state of H2 by VQE, as with Qiskit's own estimator."""

from __future__ import annotations

from typing import Any

from qiskit.primitives import StatevectorEstimator
from qiskit_algorithms import VQE, NumPyMinimumEigensolver
from qiskit_algorithms.optimizers import SLSQP
from qiskit_nature.second_q.algorithms import GroundStateEigensolver
from qiskit_nature.second_q.circuit.library import UCCSD, HartreeFock
from qiskit_nature.second_q.drivers import PySCFDriver
from qiskit_nature.second_q.mappers import ParityMapper

from qiskit_rest_primitives import EstimatorV2
from tests.ecosystem.local_backend import local_backend


def energy(problem: Any, mapper: Any, estimator: Any) -> float:
    """Total energy in hartree, found by VQE from Hartree-Fock on."""
    start = HartreeFock(problem.num_spatial_orbitals, problem.num_particles, mapper)
    ansatz = UCCSD(problem.num_spatial_orbitals, problem.num_particles, mapper, initial_state=start)
    solver = VQE(estimator, ansatz, SLSQP(maxiter=20))
    solver.initial_point = [0.0] * ansatz.num_parameters
    return float(GroundStateEigensolver(mapper, solver).solve(problem).total_energies[0])


class Exact(EstimatorV2):
    """Asks for exact values unless it is told otherwise."""

    def run(self, pubs: Any, *, precision: float | None = 0.0) -> Any:
        """Submits one job."""
        return super().run(pubs, precision=precision or 0.0)


def main() -> None:
    """Both estimators find the energy of exact diagonalization."""
    problem = PySCFDriver(atom="H 0 0 0; H 0 0 0.735").run()
    mapper = ParityMapper(num_particles=problem.num_particles)
    ours = energy(problem, mapper, Exact(local_backend("statevector")))
    theirs = energy(problem, mapper, StatevectorEstimator())
    exact = GroundStateEigensolver(mapper, NumPyMinimumEigensolver()).solve(problem)
    print("ours", ours, "Qiskit's", theirs, "exact", exact.total_energies[0])
    assert abs(ours - theirs) < 1e-6
    assert abs(ours - exact.total_energies[0]) < 1e-4


if __name__ == "__main__":
    main()
