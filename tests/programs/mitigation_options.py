"""Options of error mitigation and suppression: set in all ways, sent, and read from the job."""

import json

from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import EstimatorV2, QiskitRuntimeService, SamplerV2
from qiskit_ibm_runtime.options import (
    DynamicalDecouplingOptions,
    EstimatorOptions,
    TwirlingOptions,
    ZneOptions,
)


def main(service: QiskitRuntimeService) -> dict:
    """The values with mitigation, and what the job says of its options."""
    backend = service.backend("fake_5q")
    ghz = QuantumCircuit(3)
    ghz.h(0)
    ghz.cx([0, 1], [1, 2])
    pm = generate_preset_pass_manager(backend=backend, optimization_level=1, seed_transpiler=6)
    isa = pm.run(ghz)
    observable = SparsePauliOp(["ZZI", "IZZ", "XXX"]).apply_layout(isa.layout)

    options = EstimatorOptions()
    options.default_shots = 2000
    options.resilience_level = 2
    options.resilience.measure_mitigation = True
    options.resilience.measure_noise_learning.num_randomizations = 16
    options.resilience.measure_noise_learning.shots_per_randomization = "auto"
    options.resilience.zne_mitigation = True
    options.resilience.zne = ZneOptions(
        noise_factors=(1, 3, 5), extrapolator=("exponential", "linear")
    )
    options.twirling = TwirlingOptions(enable_gates=True, num_randomizations=20)
    options.twirling.shots_per_randomization = 100
    options.dynamical_decoupling = DynamicalDecouplingOptions(enable=True, sequence_type="XpXm")
    options.dynamical_decoupling.extra_slack_distribution = "edges"
    options.environment.job_tags = ["mitigation"]
    options.execution.init_qubits = True
    options.max_execution_time = 250
    estimator = EstimatorV2(mode=backend, options=options)
    job = estimator.run([(isa, observable)])
    data = job.result()[0].data
    sent = service.job(job.job_id()).inputs

    sampler = SamplerV2(mode=backend)
    sampler.options.update(default_shots=500, twirling={"enable_measure": True, "strategy": "all"})
    sampler.options.dynamical_decoupling.enable = True
    measured = pm.run(ghz.measure_all(inplace=False))
    counts = sampler.run([measured]).result()[0].data.meas.get_counts()
    refused = []
    for name, value in [("resilience_level", 9), ("default_shots", -1)]:
        try:
            setattr(estimator.options, name, value)
        except ValueError:
            refused.append(name)
    try:
        estimator.options.resilience.zne.noise_factors = [0.5]
    except ValueError:
        refused.append("noise_factors")
    return {
        "sum": float(data.evs),
        "sum_error": float(data.stds),
        "sent_options": sent["options"],
        "sent_level": sent["resilience_level"],
        "set_before": [
            options.resilience.zne.noise_factors[1],
            options.twirling.num_randomizations,
            options.dynamical_decoupling.sequence_type,
        ],
        "shots": sum(counts.values()),
        "sampler_strategy": sampler.options.twirling.strategy,
        "refused": refused,
        "tags": job.tags,
    }


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
