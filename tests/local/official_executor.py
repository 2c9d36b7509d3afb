"""A user's program for the executor classes of qiskit-ibm-runtime; test_official_executor runs it.

Environment variables alone name the service. Prints its findings as JSON.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import numpy as np
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit.transpiler import generate_preset_pass_manager

warnings.simplefilter("ignore", DeprecationWarning)

from qiskit_ibm_runtime import (  # noqa: E402 - after the filter, which its import needs
    Batch,
    Executor,
    QiskitRuntimeService,
    QuantumProgram,
    Session,
)
from qiskit_ibm_runtime.exceptions import RuntimeJobFailureError  # noqa: E402 - as above
from qiskit_ibm_runtime.executor_estimator import EstimatorV2  # noqa: E402 - as above
from qiskit_ibm_runtime.executor_sampler import SamplerV2  # noqa: E402 - as above

DEVICE, LARGE = "fake_27q", "fake_127q"
ANGLES = np.array([0.0, 0.7, np.pi / 2]).reshape(3, 1)


def ladder() -> QuantumCircuit:
    """Three qubits, entangled by an angle."""
    circuit = QuantumCircuit(3)
    circuit.ry(Parameter("θ"), 0)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    return circuit


def executor(service: QiskitRuntimeService) -> dict[str, Any]:
    """Circuit items on simulators and a device, in a job, a session and a batch."""
    found: dict[str, Any] = {}
    for name in ("statevector", "aer", LARGE, DEVICE):
        backend = service.backend(name)
        passes = generate_preset_pass_manager(optimization_level=1, backend=backend)
        program = QuantumProgram(shots=2000, passthrough_data={"tags": ["a", np.arange(3.0)]})
        circuit = passes.run(ladder().measure_all(inplace=False))
        program.append_circuit_item(circuit, circuit_arguments=ANGLES)
        job = Executor(backend).run(program)
        result = job.result()
        found[name] = {
            "ones": result[0]["meas"].mean(axis=1).tolist(),
            "shape": result[0]["meas"].shape,
            "passed": result.passthrough_data["tags"][1].tolist(),
            "points": sum(part.size for c in result.metadata.chunk_timing for part in c.parts),
            "program": service.job(job.job_id()).primitive_id,
            "job": job.job_id(),
            "qubits": circuit.layout.final_index_layout() if circuit.layout else [],
        }
    with Session(backend=backend) as session:
        sized = QuantumProgram(shots=10)
        sized.append_circuit_item(circuit, circuit_arguments=ANGLES, chunk_size=2)
        result = Executor(session).run(sized).result()
        found["session"] = [p.size for c in result.metadata.chunk_timing for p in c.parts]
    with Batch(backend=backend) as batch:
        jobs = [Executor(batch).run(program) for _ in range(2)]
        found["batch"] = [job.result()[0]["meas"].shape for job in jobs]
    try:
        Executor(backend).run(sized).result()
    except Exception as error:
        found["outside_session"] = str(error)
    return found


def sampler(service: QiskitRuntimeService) -> dict[str, Any]:
    """The sampler on the executor: as it is, twirled, and with decoupling."""
    found: dict[str, Any] = {}
    for name, twirls, decouples in (
        ("aer", False, False),
        ("aer", True, False),
        (DEVICE, True, False),
        (LARGE, False, True),
    ):
        backend = service.backend(name)
        passes = generate_preset_pass_manager(optimization_level=1, backend=backend)
        circuit = passes.run(ladder().measure_all(inplace=False))
        own = SamplerV2(backend)
        own.options.twirling.enable_gates = twirls
        own.options.twirling.enable_measure = twirls
        own.options.dynamical_decoupling.enable = decouples
        job = own.run([(circuit, ANGLES)], shots=2048)
        bits = job.result()[0].data.meas
        found[f"{name} twirled={twirls} decoupled={decouples}"] = {
            "ones": bits.to_bool_array(order="little").mean(axis=1).tolist(),
            "shots": bits.num_shots,
            "decoupled": decouples,
            "job": job.job_id(),
            "qubits": circuit.layout.final_index_layout() if circuit.layout else [],
        }
    return found


def estimator(service: QiskitRuntimeService) -> dict[str, Any]:
    """The estimator on the executor, at each level of mitigation; in a session and a batch."""
    circuit = ladder()
    observables = [SparsePauliOp("ZIZ"), SparsePauliOp("IXI") + 0.5 * SparsePauliOp("ZZI")]
    found: dict[str, Any] = {}

    def values(own: EstimatorV2, pub: Any) -> dict[str, Any]:
        job = own.run([pub])
        data = job.result()[0].data
        state = Statevector(circuit.assign_parameters(pub[2][0]))
        if amplifies := "evs_noise_factors" in data:
            errors = data.stds_noise_factors, data.ensemble_stds_noise_factors
        else:
            errors = data.stds, data.ensemble_standard_error
        return {
            "evs": data.evs.ravel().tolist(),
            "amplified": data.evs_noise_factors.reshape(2, -1).tolist() if amplifies else [],
            # One is the spread of the randomizations, which are few; the other is of all shots.
            "stds": np.maximum(*errors).reshape(2, -1).tolist(),
            "ideal": [state.expectation_value(o).real for o in observables],
            "job": job.job_id(),
            "qubits": pub[0].layout.final_index_layout() if pub[0].layout else [],
        }

    for name in ("aer", DEVICE, LARGE):
        backend = service.backend(name)
        passes = generate_preset_pass_manager(optimization_level=1, backend=backend)
        prepared = passes.run(circuit)
        moved = [[o.apply_layout(prepared.layout)] for o in observables]
        for level in (0, 1, 2):
            own = EstimatorV2(backend)
            own.options.resilience_level = level
            found[f"{name} {level}"] = values(own, (prepared, moved, [[0.7]]))
    with Session(backend=backend) as session:
        own = EstimatorV2(session)
        own.options.twirling.enable_gates = True
        own.options.dynamical_decoupling.enable = True
        # Clifford gates, since X gates on all idle qubits join those that have crosstalk.
        every = values(own, (prepared, moved, [[np.pi / 2]]))
        found[f"{name} in a session, decoupled"] = every | {"decoupled": True}
        own.options.dynamical_decoupling.skip_reset_qubits = True
        found[f"{name} in a session, used qubits decoupled"] = values(
            own, (prepared, moved, [[0.7]])
        )
    with Batch(backend=backend) as batch:
        found[f"{name} in a batch"] = values(EstimatorV2(batch), (prepared, moved, [[0.7]]))
    return found


def dry_run(service: QiskitRuntimeService) -> dict[str, Any]:
    """A program and a sampler's job on the mock of a device; what they would have used."""
    backend = service.backend(DEVICE)
    passes = generate_preset_pass_manager(optimization_level=1, backend=backend)
    circuit = passes.run(ladder().measure_all(inplace=False))
    program = QuantumProgram(shots=2000)
    program.append_circuit_item(circuit, circuit_arguments=ANGLES)
    job = Executor(backend).run(program, dry_run=True)
    bits = job.result()[0]["meas"]
    again = SamplerV2(backend).run([(circuit, ANGLES)], shots=100, dry_run=True)
    return {
        "backend": job.backend().name,
        "shape": bits.shape,
        "ones": bits.mean(axis=(0, 1)).tolist(),
        "usage": job.usage(),
        "estimated": job.usage_estimation["quantum_seconds"],
        "sampler": again.result()[0].data.meas.array.shape,
        "listed": [b.name for b in service.backends() if b.name.startswith("mock")],
    }


def stretches(service: QiskitRuntimeService) -> dict[str, Any]:
    """A circuit with a stretch, and what its result says of it."""
    circuit = QuantumCircuit(2, 1)
    stretch = circuit.add_stretch("s")
    circuit.barrier()
    circuit.delay(1000, 0)
    circuit.delay(stretch, 1)
    circuit.delay(stretch, 1)
    circuit.barrier()
    circuit.measure(1, 0)
    program = QuantumProgram(shots=100)
    program.append_circuit_item(circuit)
    executor = Executor(service.backend(DEVICE))
    executor.options.execution.stretch_values = True
    (found,) = executor.run(program).result()[0].metadata.stretch_values
    return {
        "name": found.name,
        "value": found.value,
        "remainder": found.remainder,
        "lengths": [length for _, length in found.expanded_values],
    }


def refused(service: QiskitRuntimeService) -> str:
    """What a user reads whose option can't be acted on."""
    program = QuantumProgram(shots=10, meas_level="kerneled")
    program.append_circuit_item(QuantumCircuit(1, 1))
    try:
        Executor(service.backend("statevector")).run(program).result()
    except RuntimeJobFailureError as error:
        return str(error)
    return ""


def main() -> None:
    """Makes all calls and prints the findings."""
    service = QiskitRuntimeService()
    parts = (executor, sampler, estimator, dry_run, stretches, refused)
    seen = {part.__name__: part(service) for part in parts}
    json.dump(seen, sys.stdout, default=str)


if __name__ == "__main__":
    main()
