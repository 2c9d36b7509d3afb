"""A user's typed program: right and wrong uses of what `run` returns.

Each wrong line ends in "# error:" and a part of pyright's message; no other line may have one.
"""

from __future__ import annotations

from datetime import datetime

from qiskit import QuantumCircuit

from qiskit_rest_primitives import (
    EstimatorV2,
    QiskitRuntimeService,
    RestBackend,
    SamplerV2,
    SplitJob,
)


def right(backend: RestBackend, circuit: QuantumCircuit) -> None:
    """Every handle has the members of a job: of one, of a split run, of a mitigated one."""
    for job in (SamplerV2(backend).run([circuit]), EstimatorV2(backend).run([(circuit, "Z")])):
        job.refresh(params=True)
        created: datetime | None = job.creation_date
        about = [job.primitive_id, job.program_id, job.backend_name, job.instance, job.image]
        print(created, about, job.private, job.inputs["pubs"], job.usage_estimation)
        properties = job.properties()
        print(None if properties is None else properties.t1(0))
        if isinstance(job, SplitJob):
            print([part.creation_date for part in job.parts])


def right_runs(service: QiskitRuntimeService, pubs: list[QuantumCircuit]) -> None:
    """Any number of runs, with what `run` takes."""
    backend = service.backend("fake_5q")
    for job in service.run_all(SamplerV2(backend), [pubs] * 3, shots=100, dry_run=True):
        print(job.status().name)
    pub = (pubs[0], "ZZ")
    jobs = service.run_all(EstimatorV2(backend), [[pub]], precision=0.1, progress=False)
    print([job.result()[0].data for job in jobs])


def right_circuits(backend: RestBackend, circuit: QuantumCircuit) -> None:
    """What `backend.run` returns is a `CircuitJob`, around the job of a sampler."""
    job = backend.run(circuit, shots=100, memory=True)
    counts = job.result(timeout=60, progress=False).get_counts()
    print(counts, job.job_id(), job.error_message(), job.backend().name)
    inner = job.sampler_job
    print(inner.usage(), inner.tags, inner.logs(), inner.session_id, inner.creation_date)
    print(inner.result(timeout=60)[0], inner.backend_name, inner.status(), inner.metrics())


def right_backend(backend: RestBackend) -> None:
    """Fields of the configuration are attributes of a backend as well."""
    gates = [gate.name for gate in backend.gates]
    seconds = backend.default_rep_delay * backend.max_shots
    print(gates, seconds, backend.processor_type["family"], backend.supported_features)
    print(backend.configuration().max_shots, backend.configuration().dt, backend.n_qubits)


def wrong(service: QiskitRuntimeService, circuit: QuantumCircuit) -> None:
    """Each of these lines fails at run time, too."""
    backend = service.backend("fake_5q")
    print(backend.num_qubitz)  # error: Cannot access attribute "num_qubitz"
    print(backend.configuration().max_shotz)  # error: Cannot access attribute "max_shotz"
    backend.run(circuit).sampler_job.usages()  # error: Cannot access attribute "usages"
    backend.run(circuit).results()  # error: Cannot access attribute "results"
    service.run_all(SamplerV2(backend), [[circuit]], shotss=3)  # error: No parameter named "shotss"
    job = SamplerV2(backend).run([circuit])
    job.refresh(True)  # error: Expected 0 positional arguments
    print(job.creation_time)  # error: Cannot access attribute "creation_time"
    job.backend_name = "other"  # error: Cannot assign to attribute "backend_name"
    print(job.parts)  # error: Cannot access attribute "parts"
