"""mitiq: zero-noise extrapolation over ``backend.run`` of a noisy device, as over Aer's run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mitiq import zne
from qiskit import QuantumCircuit, transpile
from qiskit_aer import AerSimulator

from tests.ecosystem.local_backend import local_backend

SHOTS = 20_000
DEVICE = local_backend("fake_5q")


def executor_of(backend: Any) -> Callable[[QuantumCircuit], float]:
    """Runs a circuit as it is, folded gates included, and gives the probability of 00."""

    def execute(circuit: QuantumCircuit) -> float:
        measured = circuit.copy()
        measured.measure_all()
        isa = transpile(measured, DEVICE, initial_layout=[0, 1], optimization_level=0)
        counts = backend.run(isa, shots=SHOTS, seed_simulator=1).result().get_counts()
        return sum(n for word, n in counts.items() if word.split()[0] == "00") / SHOTS

    return execute


def main() -> None:
    """On both backends, the extrapolated value is nearer to 1 than the measured one."""
    circuit = QuantumCircuit(2)
    for _ in range(40):
        circuit.cz(0, 1)
        circuit.sx(0)
        circuit.sx(1)
    for _ in range(40):
        circuit.sxdg(0)
        circuit.sxdg(1)
        circuit.cz(0, 1)
    factory = zne.inference.LinearFactory(scale_factors=[1, 3, 5])
    mitigated: list[float] = []
    for backend in (DEVICE, AerSimulator.from_backend(DEVICE)):
        execute = executor_of(backend)
        measured = execute(circuit)
        mitigated.append(
            float(
                zne.execute_with_zne(
                    circuit, execute, factory=factory, scale_noise=zne.scaling.fold_global
                )
            )
        )
        print(backend.name, "measured", measured, "mitigated", mitigated[-1], "ideal", 1)
        assert abs(mitigated[-1] - 1) < abs(measured - 1)
    assert abs(mitigated[0] - mitigated[1]) < 0.05


if __name__ == "__main__":
    main()
