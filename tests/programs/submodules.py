"""Everything imported from its submodule, and used: passes, options, spans, models, checks."""

import dataclasses
import json

from qiskit import QuantumCircuit
from qiskit.circuit.library import XGate
from qiskit.transpiler import PassManager, generate_preset_pass_manager
from qiskit_ibm_runtime.accounts import Account
from qiskit_ibm_runtime.base_primitive import BasePrimitiveV2
from qiskit_ibm_runtime.batch import Batch
from qiskit_ibm_runtime.circuit import MidCircuitMeasure
from qiskit_ibm_runtime.estimator import EstimatorV2
from qiskit_ibm_runtime.execution_span import ExecutionSpans
from qiskit_ibm_runtime.fake_provider import FakeProviderForBackendV2, FakeSherbrooke
from qiskit_ibm_runtime.ibm_backend import IBMBackend
from qiskit_ibm_runtime.models import BackendProperties, BackendStatus, QasmBackendConfiguration
from qiskit_ibm_runtime.options import EnvironmentOptions, SamplerOptions, SimulatorOptions
from qiskit_ibm_runtime.qiskit_runtime_service import QiskitRuntimeService
from qiskit_ibm_runtime.runtime_job_v2 import RuntimeJobV2
from qiskit_ibm_runtime.sampler import SamplerV2
from qiskit_ibm_runtime.session import Session
from qiskit_ibm_runtime.transpiler.passes import FoldRzzAngle
from qiskit_ibm_runtime.transpiler.passes.scheduling import (
    ALAPScheduleAnalysis,
    PadDynamicalDecoupling,
)
from qiskit_ibm_runtime.utils import validate_isa_circuits


def main(service: QiskitRuntimeService) -> dict:
    """Objects of each submodule at work."""
    device = service.backend("fake_27q", use_fractional_gates=True)
    folded = QuantumCircuit(2)
    folded.rzz(4.0, 0, 1)
    folded = PassManager([FoldRzzAngle()]).run(folded)

    plain = service.backend("fake_27q")
    ghz = QuantumCircuit(3)
    ghz.h(0)
    ghz.cx([0, 0], [1, 2])
    ghz.measure_all()
    pm = generate_preset_pass_manager(1, backend=plain, seed_transpiler=3)
    isa = pm.run(ghz)
    validate_isa_circuits([isa], plain.target)
    pm.scheduling = PassManager(
        [
            ALAPScheduleAnalysis(target=plain.target),
            PadDynamicalDecoupling([XGate(), XGate()], target=plain.target),
        ]
    )
    scheduled = pm.run(ghz)

    options = SamplerOptions(
        default_shots=64,
        environment=EnvironmentOptions(job_tags=["submodules"], log_level="INFO"),
        simulator=SimulatorOptions(seed_simulator=4),
    )
    copied = dataclasses.replace(options, default_shots=65)
    with Batch(plain) as batch:
        job = SamplerV2(batch, options).run([isa])
        result = job.result()
    spans = ExecutionSpans([])
    noisy = FakeSherbrooke()
    return {
        "folded": dict(folded.count_ops()),
        "scheduled": "delay" in scheduled.count_ops(),
        "kinds": [
            isinstance(device, IBMBackend),
            isinstance(job, RuntimeJobV2),
            isinstance(batch, Session),
            isinstance(SamplerV2(plain), BasePrimitiveV2),
            isinstance(plain.properties(), BackendProperties),
            isinstance(plain.configuration(), QasmBackendConfiguration),
            isinstance(plain.status(), BackendStatus),
            isinstance(spans, ExecutionSpans),
            EstimatorV2.version == 2,
            Account.__name__ == "Account",
        ],
        "spans": [len(spans), spans.pub_idxs, len(spans.filter_by_pub(0))],
        "options": [copied.default_shots, copied.environment.job_tags, options != copied],
        "as_dict": dataclasses.asdict(options)["simulator"]["seed_simulator"],
        "tags": job.tags,
        "shots": result[0].data.meas.num_shots,
        "fake": [noisy.num_qubits, FakeProviderForBackendV2().backend("fake_manila").name],
        "measure": MidCircuitMeasure().name,
    }


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
