"""Circuits with idle qubits, with and without dynamical decoupling."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit

from tests.benchmarks.figures import report, size
from tests.mitigation.figures.circuits import singles
from tests.mitigation.figures.services import device, estimate, on_device, rms

SEED = 11
WIDTH = 5


def idle_circuits() -> dict[str, QuantumCircuit]:
    """Circuits that end in 0...0 without noise, so that every Z is 1."""
    ramsey = QuantumCircuit(WIDTH)
    ramsey.h(range(WIDTH))
    ramsey.delay(6, range(WIDTH), unit="us")
    ramsey.h(range(WIDTH))

    spread = QuantumCircuit(WIDTH)
    spread.h(0)
    for qubit in range(WIDTH - 1):
        spread.cx(qubit, qubit + 1)
    waiting = spread.copy()
    waiting.delay(6, range(WIDTH), unit="us")
    waiting.compose(spread.inverse(), inplace=True)

    beside = QuantumCircuit(WIDTH)
    beside.h([0, 1, 2])
    beside.barrier()
    for _ in range(40):
        beside.cz(3, 4)
        beside.barrier(3, 4)  # two of them are not cancelled
    beside.barrier()
    beside.h([0, 1, 2])
    return {"six microseconds": ramsey, "a GHZ state that waits": waiting, "beside gates": beside}


def main() -> None:
    """Prints the error of each circuit without and with each sequence."""
    with device("fake_27q") as backend:
        plain: list[float] = []
        best: list[float] = []
        for name, circuit in list(idle_circuits().items())[: size(3, 1)]:
            pub = on_device(circuit, singles(WIDTH), backend)
            found: dict[str, float] = {}
            for sequence in ("none", "XX", "XpXm", "XY4"):
                decoupling = {"enable": sequence != "none"}
                if sequence != "none":
                    decoupling["sequence_type"] = sequence
                result, _ = estimate(
                    backend, pub, seed=SEED, resilience_level=1, dynamical_decoupling=decoupling
                )
                found[sequence] = rms(result.data.evs - np.ones(WIDTH))
            print(name, *(f"{key} {error:.3f}" for key, error in found.items()), flush=True)
            plain.append(found["none"])
            best.append(found["XY4"])
    report("error without decoupling / with XY4", rms(plain) / rms(best), 2, at_least=True)


if __name__ == "__main__":
    main()
