"""qiskit-optimization: MaxCut by QAOA, as with Qiskit's own sampler."""

from __future__ import annotations

from typing import Any

import networkx as nx
from qiskit.primitives import StatevectorSampler
from qiskit_optimization.algorithms import MinimumEigenOptimizer
from qiskit_optimization.applications import Maxcut
from qiskit_optimization.minimum_eigensolvers import QAOA, NumPyMinimumEigensolver
from qiskit_optimization.optimizers import COBYLA

from qiskit_rest_primitives import SamplerV2
from tests.ecosystem.local_backend import local_backend


def cut(problem: Any, solver: Any) -> float:
    """The size of the best cut that was found."""
    return float(MinimumEigenOptimizer(solver).solve(problem).fval)


def main() -> None:
    """Both samplers find the largest cut of a ring with a chord, and it is the exact one."""
    graph = nx.Graph([(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (1, 3)])
    problem = Maxcut(graph).to_quadratic_program()
    sampler = SamplerV2(
        local_backend("statevector"),
        options={"default_shots": 1024, "simulator": {"seed_simulator": 3}},
    )
    samplers = {"ours": sampler, "Qiskit's": StatevectorSampler(seed=3)}
    found = {
        name: cut(problem, QAOA(sampler, COBYLA(maxiter=30), reps=2, initial_point=[0.5] * 4))
        for name, sampler in samplers.items()
    }
    found["exact"] = cut(problem, NumPyMinimumEigensolver())
    print(found)
    assert len(set(found.values())) == 1, found


if __name__ == "__main__":
    main()
