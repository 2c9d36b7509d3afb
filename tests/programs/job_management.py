"""Jobs: states, tags, filters, times, metrics, old jobs, cancelling, deleting, private jobs."""

import datetime
import json
import time
import uuid

from qiskit import QuantumCircuit
from qiskit.providers import JobStatus
from qiskit_ibm_runtime import QiskitRuntimeService, RuntimeJobV2, SamplerV2
from qiskit_ibm_runtime.exceptions import RuntimeJobNotFound

TAG = f"managed-{uuid.uuid4().hex[:8]}"


def main(service: QiskitRuntimeService) -> dict:
    """Everything that is asked of a job, from its submission to its deletion."""
    circuit = QuantumCircuit(2)
    circuit.x(1)
    circuit.measure_all()
    backend = service.backend("statevector")
    began = datetime.datetime.now(datetime.timezone.utc)
    sampler = SamplerV2(mode=backend, options={"environment": {"job_tags": [TAG, "first"]}})
    job = sampler.run([circuit], shots=40)
    job.wait_for_final_state(timeout=60)
    first = {
        "kind": isinstance(job, RuntimeJobV2),
        "states": [job.done(), job.running(), job.cancelled(), job.errored(), job.in_final_state()],
        "status": job.status() == "DONE" and job.status() in RuntimeJobV2.JOB_FINAL_STATES,
        "counts": job.result(timeout=60)[0].data.meas.get_counts(),
        "error": job.error_message(),
        "backend": job.backend().name,
        "program": job.primitive_id,
        "session": job.session_id,
        "private": job.private,
        "metrics": sorted(job.metrics()),
        "timestamps": sorted(job.metrics()["timestamps"]),
        "usage_is_number": isinstance(job.usage(), (int, float)),
        "estimate": sorted(job.usage_estimation),
        "logs": isinstance(job.logs(), str),
        "instance": job.instance == service.active_instance(),
        "properties": job.properties() is None,
        "updated_tags": sorted(job.update_tags([TAG, "second"])) == [TAG, "second"],
    }

    old = service.job(job.job_id())
    age = old.creation_date - began
    fetched = {
        "tags": sorted(old.tags) == [TAG, "second"],
        "old_counts": old.result()[0].data.meas.get_counts(),
        "old_program": [old.primitive_id, old.backend().name, old.done()],
        "old_inputs": sorted(old.inputs),
        "recent": abs(age) < datetime.timedelta(minutes=5),
    }

    def found(**filters) -> list:
        return [one.job_id() == job.job_id() for one in service.jobs(**filters)]

    searched = {
        "by_tag": found(job_tags=[TAG, "second"]),
        "by_old_tag": found(job_tags=[TAG, "first"]),
        "by_program": found(program_id="sampler", job_tags=[TAG], limit=5),
        "by_other_program": found(program_id="estimator", job_tags=[TAG]),
        "by_backend": found(backend_name="statevector", job_tags=[TAG]),
        "pending": found(pending=True, job_tags=[TAG]),
        "finished": found(pending=False, job_tags=[TAG]),
        "since": found(created_after=began - datetime.timedelta(seconds=2), job_tags=[TAG]),
        "before": found(created_before=began - datetime.timedelta(hours=1), job_tags=[TAG]),
        "page": len(service.jobs(limit=1, skip=0, descending=False)),
    }

    long_run = sampler.run([(circuit, None, 100_000)] * 300)
    long_run.cancel()
    while not long_run.in_final_state():
        time.sleep(0.05)
    sampler.options.environment.private = True
    private = sampler.run([circuit], shots=3)
    last = {
        "cancelled": [long_run.cancelled(), str(long_run.status()) == "CANCELLED"],
        "is_qiskit_status": isinstance(JobStatus.DONE, JobStatus),
        "private_shots": private.result()[0].data.meas.num_shots,
        "is_private": service.job(private.job_id()).private,
        "private_again": service.job(private.job_id()).inputs.get("pubs"),
    }
    service.delete_job(job.job_id())
    try:
        service.job(job.job_id())
    except RuntimeJobNotFound:
        last["deleted"] = True
    return {**first, **fetched, **searched, **last}


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
