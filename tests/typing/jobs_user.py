"""A user's typed program: right and wrong uses of what `run` returns.

Each wrong line ends in "# error:" and a part of pyright's message; no other line may have one.
"""

from __future__ import annotations

from datetime import datetime

from qiskit import QuantumCircuit

from qiskit_rest_primitives import EstimatorV2, RestBackend, SamplerV2, SplitJob


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


def wrong(backend: RestBackend, circuit: QuantumCircuit) -> None:
    """Each of these lines fails at run time, too."""
    job = SamplerV2(backend).run([circuit])
    job.refresh(True)  # error: Expected 0 positional arguments
    print(job.creation_time)  # error: Cannot access attribute "creation_time"
    job.backend_name = "other"  # error: Cannot assign to attribute "backend_name"
    print(job.parts)  # error: Cannot access attribute "parts"
