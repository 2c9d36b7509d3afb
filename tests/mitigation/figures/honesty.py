"""How often a value is within one of its stds of the mean of many repeats; PEC against exact."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit

from tests.benchmarks.figures import report, size
from tests.mitigation.figures.circuits import ising, line, singles
from tests.mitigation.figures.services import device, estimate, on_device

REPEATS = size(200, 3)
WIDTH = 4
OPTIONS = {
    "level 0": {"resilience_level": 0},
    "level 1": {"resilience_level": 1},
    "level 2": {"resilience_level": 2},
    "PEC": {
        "resilience_level": 1,
        "resilience": {"pec_mitigation": True, "pec": {"noise_gain": 0}},
    },
}


def main() -> None:
    """Prints, for each method, the share of values within one std of the mean, and PEC's bias."""
    circuit = ising(WIDTH, line(WIDTH), 2, 0.5, 0.4)
    with device("fake_7q") as backend:
        pub = on_device(circuit, singles(WIDTH), backend)
        exact = _exact(circuit)
        for name, options in OPTIONS.items():
            repeats = min(REPEATS, size(40, 2)) if name == "PEC" else REPEATS
            found = [
                estimate(backend, pub, seed=seed, precision=0.05, **options)[0].data
                for seed in range(repeats)
            ]
            evs = np.array([data.evs for data in found])
            stds = np.array([data.stds for data in found])
            mean = evs.mean(axis=0)
            within = float(np.mean(np.abs(evs - mean) <= stds))
            print(f"{name}: {100 * within:.0f} % of {evs.size} values within one std", flush=True)
            report(f"{name}, |share within one std - 68 %|", abs(within - 0.68), 0.08)
            if name == "PEC":
                error = evs.std(axis=0, ddof=1) / np.sqrt(repeats)
                report(
                    "PEC, largest bias in standard errors of the mean",
                    float(np.max(np.abs(mean - exact) / error)),
                    3,
                )


def _exact(circuit: QuantumCircuit) -> np.ndarray:
    from qiskit.quantum_info import Statevector

    state = Statevector(circuit)
    return np.array([float(np.real(state.expectation_value(op))) for op in singles(WIDTH)])


if __name__ == "__main__":
    main()
