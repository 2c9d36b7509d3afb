"""The CHSH inequality: one parametrised circuit, two witnesses, a sweep over the angle."""

import json

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import EstimatorOptions, EstimatorV2, QiskitRuntimeService


def main(service: QiskitRuntimeService) -> dict:
    """Both witnesses over the angle, and whether the classical bound is broken."""
    theta = Parameter("$\\theta$")
    chsh = QuantumCircuit(2, name="chsh")
    chsh.h(0)
    chsh.cx(0, 1)
    chsh.ry(theta, 0)
    phases = np.linspace(0, np.pi, 5)
    individual = [[phase] for phase in phases]
    first = SparsePauliOp.from_list([("ZZ", 1), ("ZX", -1), ("XZ", 1), ("XX", 1)])
    second = SparsePauliOp.from_list([("ZZ", 1), ("ZX", 1), ("XZ", -1), ("XX", 1)])

    backend = service.backend("fake_27q", use_fractional_gates=False)
    pm = generate_preset_pass_manager(
        target=backend.target, optimization_level=3, seed_transpiler=5
    )
    isa = pm.run(chsh)
    witnesses = [[one.apply_layout(layout=isa.layout)] for one in (first, second)]

    options = EstimatorOptions(default_precision=0.02, seed_estimator=11)
    options.environment.job_tags = ["chsh"]
    estimator = EstimatorV2(mode=backend, options=options)
    job = estimator.run(pubs=[(isa, witnesses, individual)])
    data = job.result()[0].data

    return {
        "shape": list(data.evs.shape),
        "parameters": [parameter.name for parameter in isa.parameters],
        "precision": job.result()[0].metadata["target_precision"],
        "tags": job.tags,
        "beyond_classical": bool(np.max(np.abs(data.evs)) > 2),
        "best_phase": np.argmax(np.abs(data.evs), axis=1).tolist(),
        "witnesses": data.evs.tolist(),
        "witnesses_error": data.stds.tolist(),
    }


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
