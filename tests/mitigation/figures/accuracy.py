"""Twelve circuits at levels 0, 1 and 2: errors, times, and what they gain and cost."""

from __future__ import annotations

from tests.benchmarks.figures import SHORT, report, size
from tests.mitigation.figures.circuits import examples
from tests.mitigation.figures.services import (
    LEVELS,
    device,
    estimate,
    on_device,
    rms,
    working_edges,
)

SEED = 7
PRECISION = size(None, 0.2)


def main() -> None:
    """Prints a table of errors and seconds, then the figures."""
    errors: dict[str, list[list[float]]] = {"readout": [], "gates": []}
    seconds = [0.0, 0.0, 0.0]
    print("RMS error and seconds at levels 0, 1, 2")
    with device() as backend:
        chosen = examples(working_edges(backend))
        estimate(backend, _pub(chosen[0], backend), seed=SEED, resilience_level=2)  # starts workers
        for example in chosen[:1] + chosen[7:8] if SHORT else chosen:
            pub = _pub(example, backend)
            found: list[float] = []
            times: list[float] = []
            for level in LEVELS:
                result, took = estimate(
                    backend, pub, seed=SEED, precision=PRECISION, resilience_level=level
                )
                found.append(rms(result.data.evs - example.exact))
                times.append(took)
                seconds[level] += took
            errors[example.dominated_by].append(found)
            print(
                f"{example.name}, {pub[0].num_nonlocal_gates()} two-qubit gates, "
                f"{len(example.observables)} observables, {example.dominated_by}:",
                *(f"{error:.4f}" for error in found),
                "|",
                *(f"{took:.1f}" for took in times),
                flush=True,
            )
    for level, dominated_by, target in ((1, "readout", 1 / 3), (2, "gates", 1 / 5)):
        raw = rms([found[0] for found in errors[dominated_by]])
        report(
            f"RMS error of level {level} / level 0, circuits dominated by {dominated_by}",
            rms([found[level] for found in errors[dominated_by]]) / raw,
            target,
        )
    report("seconds of level 1 / level 0", seconds[1] / seconds[0], 2.5)
    report("seconds of level 2 / level 0", seconds[2] / seconds[0], 10)


def _pub(example, backend):
    return on_device(example.circuit, example.observables, backend, example.qubits)


if __name__ == "__main__":
    main()
