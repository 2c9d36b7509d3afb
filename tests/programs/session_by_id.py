"""A session is found again by its id: it goes on, it is closed, and it takes no more jobs.

The details of this package have the service's `state_reason` too.
"""

import json

from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import Batch, EstimatorV2, QiskitRuntimeService, SamplerV2, Session


def main(service: QiskitRuntimeService) -> dict:
    """States and details of the session, from both handles."""
    backend = service.backend("fake_5q")
    pm = generate_preset_pass_manager(optimization_level=0, backend=backend)
    logical = QuantumCircuit(1)
    logical.x(0)
    circuit = pm.run(logical)
    measured = pm.run(logical.measure_all(inplace=False))
    z = SparsePauliOp("Z").apply_layout(circuit.layout)

    session = Session(backend, max_time=300)
    first = SamplerV2(mode=session).run([measured], shots=20)
    counts = first.result()[0].data.meas.get_counts()
    again = Session.from_id(session_id=session.session_id, service=service)
    second = EstimatorV2(mode=again).run([(circuit, z)], precision=0.02)
    data = second.result()[0].data
    with again:
        third = SamplerV2().run([measured], shots=5)
        third.result()
    try:
        SamplerV2(mode=again).run([measured])
        refused = False
    except Exception:
        refused = True
    details = again.details()

    batch = Batch(backend=backend, max_time="1h")
    SamplerV2(mode=batch).run([measured]).result()
    batch_again = Batch.from_id(batch.session_id, service)
    same_batch = batch_again.session_id == batch.session_id
    batch_again.cancel()
    stopped = Session(backend=backend)
    stopped.close()
    jobs = service.jobs(session_id=session.session_id, descending=False)
    return {
        "shots": sum(counts.values()),
        "value": float(data.evs),
        "value_error": float(data.stds),
        "ids": {one.session_id == session.session_id for one in (first, second, third, *jobs)}
        == {True},
        "jobs": [one.primitive_id for one in jobs],
        "backend": [session.backend(), again.backend(), details["backend_name"]],
        "mode": [details["mode"], batch.details()["mode"]],
        "max_time": [details["max_time"], batch.details()["max_time"]],
        "fields": sorted(set(details) - {"state_reason"}),
        "state": [details["state"], batch.details()["state"], stopped.details()["state"]],
        "status": [session.status(), again.status()],
        "refused_when_closed": refused,
        "usage": isinstance(session.usage(), (int, float)),
        "same_batch": same_batch,
        "service": session.service.active_instance() == service.active_instance(),
        "timeout": details["interactive_timeout"],
    }


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
