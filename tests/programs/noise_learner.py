"""Learning the noise of layers, and an estimator's job that is told to learn it itself.

The official client's learner runs on the embedded service; this package refuses its import with an
error that names the noise learner. The estimator's own learning is what both run.
"""

import json

from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import EstimatorV2, QiskitRuntimeService


def learn(backend, circuits) -> str:
    """Runs the noise learner; its result, or the error if there is none."""
    try:
        from qiskit_ibm_runtime.noise_learner import NoiseLearner
        from qiskit_ibm_runtime.options import NoiseLearnerOptions

        options = NoiseLearnerOptions(num_randomizations=8, layer_pair_depths=[0, 2])
        return str(NoiseLearner(backend, options).run(circuits).result())
    except Exception as error:
        return str(error)


def main(service: QiskitRuntimeService) -> dict:
    """What the learner said, and the result of an estimator that learns."""
    backend = service.backend("fake_5q")
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    pm = generate_preset_pass_manager(backend=backend, optimization_level=1, seed_transpiler=2)
    isa = pm.run(circuit)
    said = learn(backend, [isa]).lower()
    print(said)

    estimator = EstimatorV2(mode=backend)
    estimator.options.default_precision = 0.02
    estimator.options.resilience.pec_mitigation = True
    estimator.options.resilience.pec.max_overhead = 50
    estimator.options.resilience.layer_noise_learning.max_layers_to_learn = 2
    estimator.options.resilience.layer_noise_learning.layer_pair_depths = [0, 1, 4]
    estimator.options.resilience.layer_noise_learning.num_randomizations = 8
    estimator.options.resilience.layer_noise_learning.shots_per_randomization = 64
    observables = [backend_observable(isa, label) for label in ("ZZ", "XX")]
    job = estimator.run([(isa, observables)])
    data = job.result()[0].data
    return {
        "said": "noise" in said and "learn" in said,
        "sent": service.job(job.job_id()).inputs["options"]["resilience"],
        "values": data.evs.tolist(),
        "values_error": data.stds.tolist(),
    }


def backend_observable(isa, label):
    """The observable on the qubits that the circuit has now."""
    from qiskit.quantum_info import SparsePauliOp

    return SparsePauliOp(label).apply_layout(isa.layout)


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
