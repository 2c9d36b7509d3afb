"""How often a value is within one of its stds of the mean of many repeats; PEC against exact."""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector

from qiskit_rest_primitives import EstimatorV2, RestBackend
from tests.benchmarks.figures import report, size
from tests.mitigation.figures.circuits import ising, line, singles
from tests.mitigation.figures.services import device, estimate, on_device

REPEATS = size(200, 2)
LEARNED_REPEATS = size(20, 2)
WIDTH = 4
PEC_PRECISION = size(0.02, 0.1)
LEVELS = (0, 1, 2)
PEC = {"pec_mitigation": True, "pec": {"noise_gain": 0}}


def main() -> None:
    """Prints the share of values within one std of their mean, and PEC's distance from exact."""
    circuit = ising(WIDTH, line(WIDTH), 2, 0.5, 0.4)
    state = Statevector(circuit)
    exact = [float(np.real(state.expectation_value(op))) for op in singles(WIDTH)]
    with device("fake_7q") as backend:
        pub = on_device(circuit, singles(WIDTH), backend)
        for level in LEVELS:
            values(f"level {level}", backend, pub, REPEATS, resilience_level=level)
        # With few random circuits their spread says little: a precision of 0.02 has about forty.
        job = EstimatorV2(backend, options={"seed_estimator": 1, "resilience": PEC}).run([pub])
        known = job.result().metadata["resilience"]["layer_noise_model"]
        given = PEC | {"layer_noise_model": known}
        values("PEC, noise given", backend, pub, REPEATS, precision=PEC_PRECISION, resilience=given)
        evs = values(
            "PEC, noise learned", backend, pub, LEARNED_REPEATS, PEC_PRECISION, resilience=PEC
        )
    error = evs.std(axis=0, ddof=1) / np.sqrt(LEARNED_REPEATS)
    report(
        "PEC, largest bias in standard errors of the mean",
        float(np.max(np.abs(evs.mean(axis=0) - exact) / error)),
        3,
    )


def values(
    name: str,
    backend: RestBackend,
    pub: tuple[QuantumCircuit, Any],
    repeats: int,
    precision: float = 0.05,
    **options: Any,
) -> np.ndarray:
    """Repeats a job, and reports how many values are within one std of their mean."""
    found = [
        estimate(backend, pub, seed=seed, precision=precision, **options)[0].data
        for seed in range(repeats)
    ]
    evs = np.array([data.evs for data in found])
    stds = np.array([data.stds for data in found])
    within = float(np.mean(np.abs(evs - evs.mean(axis=0)) <= stds))
    print(f"{name}: {100 * within:.0f} % of {evs.size} values within one std", flush=True)
    if repeats == REPEATS:
        report(f"{name}, |share within one std - 68 %|", abs(within - 0.68), 0.08)
    return evs


if __name__ == "__main__":
    main()
