"""The embedded service and what is run on it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.primitives import PubResult
from qiskit.quantum_info import SparsePauliOp

from qiskit_rest_primitives import EstimatorV2, QiskitRuntimeService, RestBackend
from qiskit_rest_primitives.local import LocalService

LEVELS = (0, 1, 2)
DEVICE = "fake_156q"


@contextmanager
def device(name: str = DEVICE, **options: Any) -> Iterator[RestBackend]:
    """A device of an embedded service."""
    with LocalService(**options) as local:
        service = QiskitRuntimeService(url=local.url, token=local.token, instance=local.instance)
        yield service.backend(name)


def working_edges(backend: RestBackend) -> list[tuple[int, int]]:
    """Pairs of neighbours whose gates and qubits work."""
    target = backend.target
    return sorted(
        qubits
        for qubits, properties in target["cz"].items()
        if (properties.error or 0) < 0.5
        and all((target["measure"][(qubit,)].error or 0) < 0.4 for qubit in qubits)
    )


def on_device(
    circuit: QuantumCircuit,
    observables: Sequence[SparsePauliOp],
    backend: RestBackend,
    qubits: list[int] | None = None,
) -> tuple[QuantumCircuit, list[SparsePauliOp]]:
    """The ISA circuit, and the observables on its qubits."""
    isa = transpile(
        circuit,
        backend,
        initial_layout=qubits,
        optimization_level=1 if qubits else 3,
        seed_transpiler=1,
    )
    return isa, [observable.apply_layout(isa.layout) for observable in observables]


def estimate(
    backend: RestBackend,
    pub: tuple[QuantumCircuit, Any],
    *,
    seed: int,
    precision: float | None = None,
    **options: Any,
) -> tuple[PubResult, float]:
    """Runs one PUB: its result, and the seconds until it is there."""
    estimator = EstimatorV2(backend, options={"seed_estimator": seed, **options})
    begun = time.perf_counter()
    result = estimator.run([pub], precision=precision).result()
    return result[0], time.perf_counter() - begun


def rms(differences: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(differences))))
