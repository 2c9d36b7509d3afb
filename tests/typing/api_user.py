"""A user's typed program: ten right and ten wrong uses of the package.

Each right line ends in "# right"; each wrong one in "# error:" and a part of pyright's message.
"""

from __future__ import annotations

from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qiskit_rest_primitives import (
    EstimatorV2,
    QiskitRuntimeService,
    SamplerOptions,
    SamplerV2,
    Session,
    Settings,
    as_completed,
    wait,
)


def right(service: QiskitRuntimeService, circuit: QuantumCircuit) -> None:
    """Uses from the documentation."""
    backend = service.backend("aer_simulator")
    options = SamplerOptions(default_shots=100, twirling={"enable_gates": True})  # right
    options.dynamical_decoupling.sequence_type = "XY4"  # right
    sampler = SamplerV2(mode=backend, options=options)
    job = sampler.run([circuit], shots=10)
    print(job.metrics()["usage"])  # right
    body: bytes = job.raw_result(timeout=60)  # right
    print([other.result()[0] for other in service.run_all(sampler, [[circuit]])])  # right
    done, pending = wait([job], timeout=60, return_when="FIRST_COMPLETED")
    print({finished.job_id() for finished in done | pending})  # right
    print([finished.status().name for finished in as_completed([job])])  # right
    with Session(backend, max_time="1h") as session:
        EstimatorV2(session).run([(circuit, SparsePauliOp("ZZ"))], precision=0.1)  # right
        seconds: float | None = session.usage()  # right
    print(
        body, seconds, backend.target.num_qubits, service.least_busy(min_num_qubits=2).name
    )  # right


def wrong(service: QiskitRuntimeService, circuit: QuantumCircuit) -> None:
    """Each of these lines fails at run time, too."""
    backend = service.backend("aer_simulator")
    options = SamplerOptions(default_shotss=3)  # error: No parameter named "default_shotss"
    options.dynamical_decoupling.enable = "x"  # error: "Literal['x']" is not assignable
    SamplerV2(mode="aer_simulator")  # error: "Literal['aer_simulator']" is not assignable
    sampler = SamplerV2(mode=backend)
    sampler.run([circuit], precision=0.1)  # error: No parameter named "precision"
    job = sampler.run([circuit])
    print(job.metricz())  # error: Cannot access attribute "metricz"
    for other in service.run_all(sampler, [[circuit]]):
        print(other.results())  # error: Cannot access attribute "results"
    wait(job)  # error: "Job" is incompatible with protocol "Iterable
    Session(backend, max_time=1.5)  # error: "float" is not assignable
    service.backend(127)  # error: "Literal[127]" is not assignable
    Settings(outage_secs=3)  # error: No parameter named "outage_secs"
