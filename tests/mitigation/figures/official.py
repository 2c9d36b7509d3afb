"""The official client's local mode and this service, on its snapshots of real devices."""

from __future__ import annotations

import numpy as np
from qiskit import transpile
from qiskit_aer.aererror import AerError
from qiskit_ibm_runtime.executor_estimator import EstimatorV2 as OfficialEstimator
from qiskit_ibm_runtime.fake_provider import FakeManilaV2, FakeTorino

from tests.benchmarks.figures import report, size
from tests.mitigation.figures.circuits import ghz, ising, line, neighbours, singles
from tests.mitigation.figures.services import LEVELS, device, estimate

PRECISION = size(0.02, 0.2)
SNAPSHOTS = {"fake_manila": FakeManilaV2, "fake_torino": FakeTorino}


def main() -> None:
    """Prints, for each snapshot and level, both values and their distance in standard errors."""
    chain = [(0, 1), (1, 2), (2, 3)]
    chosen = {
        "GHZ": (ghz(4, chain, 3), neighbours(line(4), 4)),
        "Ising": (ising(4, line(4), 3, 0.5, 0.4), singles(4)),
    }
    distances: list[float] = []
    for name, snapshot in list(SNAPSHOTS.items())[: size(2, 1)]:
        with device(name) as backend:
            for family, (circuit, observables) in list(chosen.items())[: size(2, 1)]:
                theirs_on = snapshot()
                isa = transpile(circuit, theirs_on, optimization_level=3, seed_transpiler=1)
                pub = (isa, [observable.apply_layout(isa.layout) for observable in observables])
                for level in LEVELS:
                    official = OfficialEstimator(mode=theirs_on)
                    official.options.resilience_level = level
                    try:
                        theirs = official.run([pub], precision=PRECISION).result()[0].data
                    except AerError as error:  # it simulates all qubits of the device
                        print(f"{name}, {family}, level {level}: official: {error}", flush=True)
                        continue
                    ours = estimate(
                        backend, pub, seed=5, precision=PRECISION, resilience_level=level
                    )[0].data
                    apart = np.abs(ours.evs - theirs.evs) / np.hypot(ours.stds, theirs.stds)
                    distances.extend(apart)
                    print(
                        f"{name}, {family}, level {level}: ours {np.round(ours.evs, 3)}, "
                        f"official {np.round(theirs.evs, 3)}, standard errors apart "
                        f"{np.round(apart, 1)}",
                        flush=True,
                    )
    report("largest distance in standard errors", max(distances), 4)


if __name__ == "__main__":
    main()
