"""qiskit-finance: the price of a European call option by amplitude estimation."""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit.primitives import StatevectorSampler
from qiskit_algorithms import EstimationProblem, IterativeAmplitudeEstimation
from qiskit_finance.applications.estimation import EuropeanCallPricing
from qiskit_finance.circuit.library import LogNormalDistribution

from qiskit_rest_primitives import SamplerV2
from tests.ecosystem.local_backend import local_backend

STRIKE, LOW, HIGH, QUBITS = 1.896, 0.0, 5.0, 3


def main() -> None:
    """Both samplers give the expected payoff within the accuracy that was asked for."""
    distribution = LogNormalDistribution(QUBITS, mu=0.6, sigma=0.16, bounds=(LOW, HIGH))
    pricing = EuropeanCallPricing(
        num_state_qubits=QUBITS,
        strike_price=STRIKE,
        rescaling_factor=0.25,
        bounds=(LOW, HIGH),
        uncertainty_model=distribution,
    )
    problem: EstimationProblem = pricing.to_estimation_problem()
    prices = np.linspace(LOW, HIGH, 2**QUBITS)
    payoff = float(np.dot(distribution.probabilities, np.maximum(0, prices - STRIKE)))
    options = {"simulator": {"seed_simulator": 7}}
    samplers: dict[str, Any] = {
        "ours": SamplerV2(local_backend("statevector"), options=options),
        "Qiskit's": StatevectorSampler(seed=7),
    }
    for name, sampler in samplers.items():
        solver = IterativeAmplitudeEstimation(0.01, alpha=0.05, sampler=sampler)
        price = pricing.interpret(solver.estimate(problem))
        print(name, price, "expected", payoff)
        assert abs(price - payoff) < 0.1


if __name__ == "__main__":
    main()
