"""A small library: names as type hints, a dataclass of handles, and exceptions that are caught."""

from __future__ import annotations

import json
import logging
import typing
from dataclasses import dataclass, field

from qiskit import QuantumCircuit
from qiskit.primitives import BaseEstimatorV2, BaseSamplerV2, PrimitiveResult
from qiskit.providers import BackendV2
from qiskit.providers.exceptions import QiskitBackendNotFoundError
from qiskit_ibm_runtime import (
    Batch,
    EstimatorV2,
    IBMBackend,
    IBMInputValueError,
    IBMRuntimeError,
    QiskitRuntimeService,
    RuntimeJobFailureError,
    RuntimeJobV2,
    SamplerV2,
    Session,
)
from qiskit_ibm_runtime.exceptions import (
    IBMError,
    RuntimeInvalidStateError,
    RuntimeJobNotFound,
    RuntimeJobTimeoutError,
)

logger = logging.getLogger(__name__)
Mode = IBMBackend | Session | Batch


@dataclass
class Runner:
    """Runs circuits somewhere, and keeps the handles."""

    mode: Mode
    jobs: list[RuntimeJobV2] = field(default_factory=list)

    def run(self, circuit: QuantumCircuit, shots: int | None = None) -> PrimitiveResult:
        """Runs one circuit and waits for it."""
        self.jobs.append(SamplerV2(mode=self.mode).run([circuit], shots=shots))
        return self.jobs[-1].result()


def wide(qubits: int) -> QuantumCircuit:
    """Measured qubits; more than the simulator holds is a job that fails."""
    circuit = QuantumCircuit(qubits)
    for qubit in range(qubits):
        circuit.rx(0.1 + qubit, qubit)
    circuit.measure_all()
    return circuit


def name_of(call: typing.Callable[[], object], *expected: type[Exception]) -> str:
    """Which of the expected names catches what a call raises."""
    try:
        call()
    except expected as error:
        logger.info("as expected: %s", error)
        return f"number {next(i for i, one in enumerate(expected) if isinstance(error, one))}"
    return "nothing"


def main(service: QiskitRuntimeService) -> dict:
    """Which except clause catches which mistake."""
    backend: IBMBackend = service.backend("statevector")
    runner = Runner(backend)
    result = runner.run(wide(2), shots=10)
    sampler, estimator = SamplerV2(backend), EstimatorV2(backend)
    device = service.backend("fake_5q")
    plain = QuantumCircuit(2)
    plain.h(0)
    plain.measure_all()

    def slow() -> RuntimeJobV2:
        """A job that takes seconds, submitted just before it is needed."""
        return SamplerV2(backend).run([(wide(12), None, 100_000)] * 60)

    def cancelled() -> PrimitiveResult:
        job = slow()
        job.cancel()
        return job.result()

    return {
        "hints": sorted(name for name in typing.get_type_hints(Runner.run)),
        "bases": [
            isinstance(sampler, BaseSamplerV2),
            isinstance(estimator, BaseEstimatorV2),
            isinstance(backend, BackendV2),
            issubclass(Batch, Session),
            issubclass(RuntimeJobNotFound, IBMRuntimeError),
        ],
        "job": [isinstance(runner.jobs[0], RuntimeJobV2), result[0].data.meas.num_shots],
        "missing_job": name_of(lambda: service.job("nonexistent"), RuntimeJobNotFound),
        "missing_backend": name_of(
            lambda: service.backend("nonexistent"), QiskitBackendNotFoundError
        ),
        "failed": name_of(lambda: runner.run(wide(40)), RuntimeJobFailureError),
        "failed_state": [runner.jobs[-1].errored(), runner.jobs[-1].error_message() is not None],
        "timeout": name_of(lambda: slow().result(timeout=0.2), RuntimeJobTimeoutError),
        "cancelled_result": name_of(cancelled, RuntimeInvalidStateError),
        "not_isa": name_of(lambda: SamplerV2(device).run([plain]), IBMInputValueError),
        "no_pub": name_of(lambda: sampler.run([3]), TypeError, ValueError),
        "no_option": name_of(lambda: SamplerV2(backend, options={"shotz": 1}), Exception),
        "no_session_time": name_of(lambda: Session(backend, max_time="soon"), Exception),
        "base": name_of(lambda: service.job("nonexistent"), IBMRuntimeError, IBMError),
    }


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
