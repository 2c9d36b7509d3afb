"""Local testing mode: fake devices and Aer in place of a device, without an account.

The official client runs these backends in this process; this package puts them behind its embedded
service. Outcomes are compared within their statistical errors: seeds go different ways.
"""

import json
import math

from qiskit import QuantumCircuit
from qiskit.providers import JobStatus
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, depolarizing_error
from qiskit_ibm_runtime import Batch, EstimatorV2, QiskitRuntimeService, SamplerV2, Session
from qiskit_ibm_runtime.fake_provider import FakeManilaV2


def bell() -> QuantumCircuit:
    """A Bell state, not measured."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    return circuit


def agreement(bits) -> tuple[float, float]:
    """How often both bits agree, and the standard error."""
    share = sum(n for key, n in bits.get_counts().items() if key in ("00", "11")) / bits.num_shots
    return share, math.sqrt(max(share * (1 - share), 1e-4) / bits.num_shots)


def main(service: QiskitRuntimeService) -> dict:
    """Both primitives on a fake device, on Aer, on Aer with noise, in sessions."""
    found: dict = {}
    noise = NoiseModel()
    noise.add_all_qubit_quantum_error(depolarizing_error(0.2, 2), ["cx"])
    manila = FakeManilaV2()
    backends = {
        "manila": manila,
        "aer": AerSimulator(seed_simulator=1),
        "noisy": AerSimulator(noise_model=noise, seed_simulator=1),
        "as_manila": AerSimulator.from_backend(manila),
    }
    for name, backend in backends.items():
        pm = generate_preset_pass_manager(1, backend=backend, seed_transpiler=1)
        isa = pm.run(bell().measure_all(inplace=False))
        sampler = SamplerV2(mode=backend)
        sampler.options.default_shots = 2000
        sampler.options.simulator.seed_simulator = 3
        share, error = agreement(sampler.run([isa]).result()[0].data.meas)
        found |= {f"{name}_share": share, f"{name}_share_error": error}
        prepared = pm.run(bell())
        observables = [SparsePauliOp(p).apply_layout(prepared.layout) for p in ("ZZ", "XX", "ZI")]
        estimator = EstimatorV2(mode=backend, options={"default_precision": 0.02})
        data = estimator.run([(prepared, observables)]).result()[0].data
        found |= {f"{name}_evs": data.evs.tolist(), f"{name}_evs_error": data.stds.tolist()}

    measured = generate_preset_pass_manager(1, backend=manila, seed_transpiler=1).run(
        bell().measure_all(inplace=False)
    )
    with Session(backend=manila) as session:
        job = SamplerV2(mode=session).run([measured], shots=100)
        found["session_shots"] = job.result()[0].data.meas.num_shots
        found["session_job"] = [
            job.status() == JobStatus.DONE,
            job.done(),
            isinstance(job.job_id(), str),
        ]
    with Batch(backend=AerSimulator()) as batch:
        jobs = [SamplerV2(mode=batch).run([bell().measure_all(False)], shots=n) for n in (5, 6)]
        found["batch_shots"] = [one.result()[0].data.meas.num_shots for one in jobs]
    local = QiskitRuntimeService(channel="local")
    device = local.backend("fake_manila")
    found["channel"] = [device.name, device.num_qubits, service.channel]
    found["channel_shots"] = (
        SamplerV2(device).run([measured], shots=7).result()[0].data.meas.num_shots
    )
    return found


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
