"""A user's program for qiskit-ibm-runtime, unmodified; test_conformance runs it.

Environment variables alone name the service. Prints its findings as JSON.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager

# The classes that speak this protocol are deprecated in favour of client-side ones.
warnings.simplefilter("ignore", DeprecationWarning)

from qiskit_ibm_runtime import (  # noqa: E402 - after the filter, which its import needs
    Batch,
    EstimatorV2,
    QiskitRuntimeService,
    SamplerV2,
    Session,
)
from qiskit_ibm_runtime.exceptions import (  # noqa: E402 - as above
    RuntimeInvalidStateError,
    RuntimeJobFailureError,
    RuntimeJobNotFound,
)

DEVICE = "fake_27q"


def state_of(job: Any) -> str:
    """The status as text."""
    return str(job.status())


def wait_for(job: Any, *states: str) -> str:
    """Waits until the job has one of these states."""
    deadline = time.monotonic() + 60
    while state_of(job) not in states and time.monotonic() < deadline:
        time.sleep(0.05)
    return state_of(job)


def backends(service: QiskitRuntimeService) -> dict[str, Any]:
    """Lists backends, reads their descriptions, chooses one."""
    device = service.backend(DEVICE)
    status = device.status()
    properties = device.properties()
    return {
        "names": [backend.name for backend in service.backends()],
        "qubits": device.num_qubits,
        "operations": sorted(device.target.operation_names),
        "fractional": sorted(service.backend(DEVICE, use_fractional_gates=True).operation_names),
        "operational": status.operational,
        "message": status.status_msg,
        "t1_positive": properties.t1(0) > 0,
        "readout": properties.readout_error(0),
        "least_busy": service.least_busy(simulator=False).name,
        "active_instance": service.active_instance(),
    }


def primitives(service: QiskitRuntimeService) -> dict[str, Any]:
    """Transpiles and runs sweeps of both primitives, on a device and on statevector."""
    theta = Parameter("θ")
    circuit = QuantumCircuit(2)
    circuit.ry(theta, 0)
    circuit.cx(0, 1)
    measured = circuit.measure_all(inplace=False)
    angles = np.linspace(0, np.pi, 3).reshape(3, 1)
    seen: dict[str, Any] = {}
    for name in (DEVICE, "statevector"):
        backend = service.backend(name)
        passes = generate_preset_pass_manager(optimization_level=1, backend=backend)
        sampler = SamplerV2(mode=backend)
        sampler.options.dynamical_decoupling.enable = True
        result = sampler.run([(passes.run(measured), angles, 200)]).result()
        bits = result[0].data.meas
        prepared = passes.run(circuit)
        observables = [[SparsePauliOp("ZZ").apply_layout(prepared.layout)]]
        observables.append([SparsePauliOp("ZI").apply_layout(prepared.layout)])
        estimator = EstimatorV2(mode=backend)
        estimator.options.default_precision = 0.03
        estimated = estimator.run([(prepared, observables, angles)]).result()[0]
        seen[name] = {
            "shape": bits.shape,
            "zeros": bits.get_counts(0).get("00", 0),
            "ones": bits.get_counts(2).get("11", 0),
            "evs": estimated.data.evs.tolist(),
            "stds_shape": estimated.data.stds.shape,
            "zz_metadata": sorted(estimated.metadata),
        }
    return seen


def twirled(service: QiskitRuntimeService) -> dict[str, Any]:
    """Sets twirling's two numbers, whose product is the number of shots."""
    circuit = QuantumCircuit(1)
    circuit.x(0)
    sampler = SamplerV2(mode=service.backend("statevector"))
    sampler.options.twirling.enable_measure = True
    sampler.options.twirling.num_randomizations = 7
    sampler.options.twirling.shots_per_randomization = 3
    measured = circuit.measure_all(inplace=False)
    sampled = sampler.run([measured]).result()[0]
    obeyed = sampler.run([measured], shots=50).result()[0]
    estimator = EstimatorV2(mode=service.backend("statevector"))
    estimator.options.default_shots = 400
    estimator.options.twirling.num_randomizations = 16
    estimator.options.twirling.shots_per_randomization = 100
    estimated = estimator.run([(circuit, "Z")]).result()[0]
    return {
        "sampler": sampled.data.meas.num_shots,
        "sampler_metadata": sampled.metadata,
        "sampler_obeys_run": obeyed.data.meas.num_shots,
        "estimator": estimated.metadata,
    }


def sessions(service: QiskitRuntimeService) -> dict[str, Any]:
    """Runs in a session and in a batch, and closes them both ways."""
    backend = service.backend(DEVICE)
    circuit = QuantumCircuit(1, name="one")
    circuit.x(0)
    circuit.measure_all()
    prepared = generate_preset_pass_manager(optimization_level=0, backend=backend).run(circuit)
    with Session(backend=backend, max_time="10m") as session:
        job = SamplerV2(mode=session).run([prepared])
        job.result()
        during = session.details()
        status = session.status()
    after = session.details()
    again = Session.from_id(session.session_id, service)
    with Batch(backend=backend) as batch:
        sampler = SamplerV2(mode=batch)
        jobs = [sampler.run([prepared]) for _ in range(3)]
        for each in jobs:
            each.result()
    cancelled = Batch(backend=backend)
    cancelled.cancel()
    return {
        "job_session": job.session_id == session.session_id,
        "during": during,
        "status": status,
        "after": after,
        "again": again.session_id == session.session_id,
        "usage": session.usage(),
        "batch": batch.details(),
        "batch_jobs": len(service.jobs(session_id=batch.session_id)),
        "cancelled": cancelled.details()["state"],
    }


def jobs(service: QiskitRuntimeService) -> dict[str, Any]:
    """Tags, metrics, filters, old jobs, cancelling, deleting, private jobs, failures."""
    backend = service.backend(DEVICE)
    began = datetime.now().astimezone()
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    prepared = generate_preset_pass_manager(optimization_level=0, backend=backend).run(circuit)
    sampler = SamplerV2(mode=backend)
    sampler.options.environment.job_tags = ["conformance", "first"]
    sampler.options.max_execution_time = 300
    job = sampler.run([prepared], shots=50)
    job.result()
    job.update_tags(["conformance", "second"])
    old = service.job(job.job_id())
    sampler.options.environment.private = True
    private = sampler.run([prepared], shots=10)
    private_shots = private.result()[0].data.meas.num_shots
    sampler.options.environment.private = False

    # Quick to send and long to run: it is queued or running when it is cancelled.
    slow = [(prepared, None, 100_000)] * 400
    sampler.options.max_execution_time = 10_800  # they would hold the device for 10,000 s
    running, waiting = sampler.run(slow), [sampler.run(slow) for _ in range(4)]
    for each in [running, *waiting]:
        each.cancel()
    cancelled = [wait_for(each, "CANCELLED") for each in [running, *waiting]]

    bad = QuantumCircuit(1)
    bad.x(0)
    bad.measure_all()
    failed = service._run(
        program_id="sampler",
        inputs={"pubs": [["OPENQASM 3.0; gibberish"]], "version": 2},
        options={"backend": backend},
    )
    try:
        failed.result()
        failure = ""
    except RuntimeJobFailureError as error:
        failure = str(error)
    try:
        job.cancel()
        cancel_final = ""
    except RuntimeInvalidStateError as error:
        cancel_final = type(error).__name__

    def found(**filters: Any) -> list[str]:
        return [each.job_id() for each in service.jobs(**filters)]

    # This client calls a job cancelled before the service has stopped it.
    deadline = time.monotonic() + 60
    while found(pending=True) and time.monotonic() < deadline:
        time.sleep(0.05)

    seen = {
        "id": job.job_id(),
        "found_by_tags": found(job_tags=["conformance", "second"]),
        "found_by_old_tag": found(job_tags=["first"]),
        "found_since": job.job_id() in found(created_after=began, limit=None),
        "found_before": job.job_id() in found(created_before=began - timedelta(seconds=1)),
        "found_pending": found(pending=True),
        "found_program": job.job_id() in found(program_id="estimator", limit=None),
        "found_backend": found(backend_name="statevector", job_tags=["conformance"]),
        "page": len(found(limit=2)),
        "ascending": found(limit=1, skip=0, descending=False)
        == found(limit=None, descending=True)[-1:],
        "old_result": old.result()[0].data.meas.get_counts(),
        "old_tags": sorted(old.tags),
        "old_inputs": sorted(old.inputs),
        "old_backend": old.backend().name,
        "old_primitive": old.primitive_id,
        "metrics": job.metrics(),
        "usage": job.usage(),
        "usage_estimation": job.usage_estimation,
        "logs": bool(job.logs()),
        "created_is_local": (job.creation_date - began) < timedelta(minutes=5),
        "private_shots": private_shots,
        "private_inputs": private.inputs,
        "cancelled": cancelled,
        "failed": state_of(failed),
        "failure": failure,
        "cancel_final": cancel_final,
        "instance_usage": service.usage(),
    }
    service.delete_job(job.job_id())
    try:
        service.job(job.job_id())
        seen["deleted"] = ""
    except RuntimeJobNotFound as error:
        seen["deleted"] = type(error).__name__
    return seen


def main() -> None:
    """Makes all calls and prints the findings."""
    service = QiskitRuntimeService()
    parts = (backends, primitives, twirled, sessions, jobs)
    seen = {part.__name__: part(service) for part in parts}
    json.dump(seen, sys.stdout, default=str)


if __name__ == "__main__":
    main()
