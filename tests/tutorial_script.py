"""A script like the official tutorials; prints numbers. Only the import line names a package."""

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager

from qiskit_rest_primitives import Batch, EstimatorV2, QiskitRuntimeService, SamplerV2, Session

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False, min_num_qubits=16)
assert backend.num_qubits >= 16
assert backend.status().operational

theta = Parameter("theta")
circuit = QuantumCircuit(2)
circuit.h(0)
circuit.cx(0, 1)
circuit.rz(theta, 0)
circuit.h(range(2))
pass_manager = generate_preset_pass_manager(optimization_level=1, backend=backend)
isa = pass_manager.run(circuit)
observable = SparsePauliOp(["ZZ", "ZI"]).apply_layout(isa.layout)
measured = circuit.copy()
measured.measure_all()
isa_measured = pass_manager.run(measured)

estimator = EstimatorV2(mode=backend)
estimator.options.default_precision = 0.02
estimator.options.resilience_level = 1
estimator.options.dynamical_decoupling.enable = True
estimator.options.dynamical_decoupling.sequence_type = "XpXm"
estimator.options.twirling.enable_gates = True
evs = estimator.run([(isa, observable, np.linspace(0, np.pi, 3)[:, None])]).result()[0].data.evs
print(*evs)

with Session(backend=backend) as session:
    sampler = SamplerV2(mode=session)
    sampler.options.default_shots = 2000
    job = sampler.run([(isa_measured, [0.0])])
    counts = job.result()[0].data.meas.get_counts()
    print(sum(n for bits, n in counts.items() if bits.count("1") % 2 == 0) / 2000)

with Batch(backend=backend) as batch:
    sampler = SamplerV2(mode=batch)
    sampler.options.environment.job_tags = ["tutorial"]
    jobs = [sampler.run([(isa_measured, [angle])], shots=1000) for angle in (0.5, 1.5)]
    for each in jobs:
        bits = each.result()[0].data.meas
        print(sum(n for key, n in bits.get_counts().items() if key.count("1") % 2 == 0) / 1000)

again = service.job(job.job_id())
assert again.status() == "DONE"
assert again.result()[0].data.meas.get_counts() == counts
assert {each.job_id() for each in service.jobs(job_tags=["tutorial"])} >= {
    each.job_id() for each in jobs
}
print(float(again.done()))
