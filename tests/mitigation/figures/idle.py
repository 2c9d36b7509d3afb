"""Circuits with idle qubits, with and without dynamical decoupling."""

from __future__ import annotations

from qiskit import QuantumCircuit

from tests.benchmarks.figures import report, size
from tests.mitigation.figures.circuits import singles
from tests.mitigation.figures.services import device, estimate, on_device, rms

DEVICES = size(("fake_16q", "fake_27q", "fake_53q", "fake_65q", "fake_127q"), ("fake_16q",))
SEQUENCES = ("none", "XX", "XpXm", "XY4")
SEED = 11
WIDTH = 5


def idle_circuits() -> dict[str, QuantumCircuit]:
    """Circuits that end in 0...0 without noise, so that every Z is 1; three qubits idle."""
    ramsey = QuantumCircuit(WIDTH)
    ramsey.h(range(WIDTH))
    ramsey.delay(10, range(WIDTH), unit="us")
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
    for _ in range(150):  # ten microseconds
        beside.cz(3, 4)
        beside.barrier(3, 4)  # two of them are not cancelled
    beside.barrier()
    beside.h([0, 1, 2])
    return {"ten microseconds": ramsey, "a GHZ state that waits": waiting, "beside gates": beside}


def main() -> None:
    """Prints the error of each circuit on some devices without and with each sequence."""
    found: dict[tuple[str, str], list[float]] = {}
    for name in DEVICES:
        with device(name) as backend:
            for family, circuit in idle_circuits().items():
                pub = on_device(circuit, singles(WIDTH)[:3], backend)
                for sequence in SEQUENCES:
                    options = {"enable": sequence != "none"}
                    if sequence != "none":
                        options["sequence_type"] = sequence
                    result, _ = estimate(
                        backend, pub, seed=SEED, resilience_level=1, dynamical_decoupling=options
                    )
                    error = rms(result.data.evs - 1)
                    found.setdefault((family, sequence), []).append(error)
    for family in idle_circuits():
        errors = (f"{sequence} {rms(found[family, sequence]):.3f}" for sequence in SEQUENCES)
        print(f"{family}:", *errors, flush=True)
    plain, decoupled = (
        rms([error for (_, one), errors in found.items() if one == sequence for error in errors])
        for sequence in ("none", "XX")
    )
    report(
        "error of idle circuits without decoupling / with XX", plain / decoupled, 2, at_least=True
    )


if __name__ == "__main__":
    main()
