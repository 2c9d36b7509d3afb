"""Hello world: a Bell state on the least busy device and on a simulator, both primitives."""

import json

from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import EstimatorV2 as Estimator
from qiskit_ibm_runtime import QiskitRuntimeService
from qiskit_ibm_runtime import SamplerV2 as Sampler


def main(service: QiskitRuntimeService) -> dict:
    """Counts and the six expectation values of the first tutorial."""
    qc = QuantumCircuit(2)
    qc.h(0)
    qc.cx(0, 1)
    labels = ["IZ", "IX", "ZI", "XI", "ZZ", "XX"]

    backend = service.least_busy(operational=True, simulator=False, min_num_qubits=16)
    pm = generate_preset_pass_manager(optimization_level=1, backend=backend, seed_transpiler=3)
    isa_circuit = pm.run(qc)
    observables = [SparsePauliOp(one).apply_layout(isa_circuit.layout) for one in labels]
    estimator = Estimator(mode=backend)
    estimator.options.resilience_level = 1
    estimator.options.default_shots = 4000
    job = estimator.run([(isa_circuit, observables)])
    pub_result = job.result()[0]

    measured = qc.measure_all(inplace=False)
    sampler = Sampler(mode=service.backend("statevector"))
    sampler.options.default_shots = 1000
    sampler.options.simulator.seed_simulator = 42
    counts = sampler.run([measured]).result()[0].data.meas.get_counts()
    print(f"Counts for the meas output register: {counts}")

    return {
        "device": backend.name,
        "operations": dict(isa_circuit.count_ops()),
        "physical_qubits": isa_circuit.layout.final_index_layout(),
        "same_id": service.job(job.job_id()).job_id() == job.job_id(),
        "status": str(job.status()),
        "values": pub_result.data.evs.tolist(),
        "values_error": pub_result.data.stds.tolist(),
        "fields": sorted(pub_result.data),
        "shots": pub_result.metadata["shots"],
        "counts": counts,
    }


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
