"""qiskit-experiments: benchmarking, T1, readout error and tomography, as on a noisy Aer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_experiments.library import T1, LocalReadoutError, StandardRB, StateTomography

from qiskit_rest_primitives import SamplerV2
from tests.ecosystem.local_backend import local_backend

SHOTS = 2000
DEVICE = local_backend("fake_5q")


def ways_to_run() -> Iterator[tuple[str, dict[str, Any]]]:
    """The ways to tell an experiment where to run; the last one is Aer's, to compare with."""
    yield "backend", {"backend": DEVICE}  # through the official sampler's local mode
    yield "backend_run", {"backend": DEVICE, "backend_run": True}
    yield "sampler", {"sampler": SamplerV2(DEVICE)}
    yield "Aer", {"backend": AerSimulator.from_backend(DEVICE), "backend_run": True}


def value(data: Any, name: str) -> Any:
    """The value of an analysis result."""
    return data.analysis_results(name, dataframe=True).iloc[0].value


def rb(**where: Any) -> tuple[float, float]:
    """Error per Clifford gate of qubits 0 and 1, and its standard error.

    With five lengths the fit's own error is sometimes far too small: a tenth at least.
    """
    experiment = StandardRB([0, 1], lengths=[1, 10, 20, 40, 60], num_samples=4, seed=1)
    epc = value(experiment.run(**where, shots=5 * SHOTS).block_for_results(), "EPC")
    return epc.nominal_value, max(epc.std_dev, 0.1 * epc.nominal_value)


def t1(**where: Any) -> tuple[float, float]:
    """T1 of qubit 0 in seconds, and its standard error."""
    delays = np.linspace(1e-6, 3 * DEVICE.qubit_properties(0).t1, 12)
    found = value(T1([0], delays=delays).run(**where, shots=SHOTS).block_for_results(), "T1")
    return found.nominal_value, found.std_dev


def readout(**where: Any) -> tuple[float, float]:
    """Mean probability that qubits 0 and 1 are read right, and its standard error."""
    data = LocalReadoutError([0, 1]).run(**where, shots=SHOTS).block_for_results()
    mitigator = value(data, "Local Readout Mitigator")
    right = float(np.mean([np.diag(mitigator.assignment_matrix(q)) for q in ([0], [1])]))
    return right, np.sqrt(right * (1 - right) / (4 * SHOTS))


def tomography(**where: Any) -> tuple[float, float]:
    """Fidelity of a measured Bell state, and a standard error that is rather too large."""
    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    experiment = StateTomography(bell, physical_qubits=[0, 1])
    data = experiment.run(**where, shots=SHOTS).block_for_results()
    return value(data, "state_fidelity"), 1 / np.sqrt(9 * SHOTS)


def main() -> None:
    """Each experiment gives in each way what it gives on Aer, within five standard errors."""
    experiments: list[Callable[..., tuple[float, float]]] = [rb, t1, readout, tomography]
    for experiment in experiments:
        found = {way: experiment(**where) for way, where in ways_to_run()}
        print(experiment.__name__, found)
        expected, error = found.pop("Aer")
        for way, (number, own_error) in found.items():
            assert abs(number - expected) <= 5 * np.hypot(error, own_error), (experiment, way)


if __name__ == "__main__":
    main()
