"""A user's program for qiskit-ibm-runtime's noise learners, run by test_official_noise_learner.

Environment variables alone name the service. Prints its findings as JSON.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

from qiskit.circuit import CircuitInstruction, QuantumCircuit
from qiskit.quantum_info import PauliLindbladMap, SparsePauliOp, Statevector
from qiskit.transpiler import generate_preset_pass_manager
from samplomatic.transpiler import generate_boxing_pass_manager
from samplomatic.utils import find_unique_box_instructions

warnings.simplefilter("ignore", DeprecationWarning)

from qiskit_ibm_runtime import QiskitRuntimeService  # noqa: E402 - after the filter
from qiskit_ibm_runtime.executor_estimator import EstimatorV2  # noqa: E402 - as above
from qiskit_ibm_runtime.executor_noise_learner import NoiseLearnerV3  # noqa: E402 - as above
from qiskit_ibm_runtime.noise_learner import NoiseLearner  # noqa: E402 - as above


def boxes(backend: Any, circuit: QuantumCircuit) -> list[CircuitInstruction]:
    """The layers of a circuit, with its measurements."""
    passes = generate_preset_pass_manager(optimization_level=0, backend=backend)
    passes.post_scheduling = generate_boxing_pass_manager(enable_gates=True, enable_measures=True)
    return find_unique_box_instructions(passes.run(circuit))


def rates(noise: PauliLindbladMap) -> dict[str, float]:
    """The rates that are not 0, by Pauli strings."""
    found: dict[str, float] = {}
    for paulis, qubits, rate in noise.to_sparse_list():
        letters = ["I"] * noise.num_qubits
        for letter, qubit in zip(paulis, qubits, strict=True):
            letters[-1 - qubit] = letter
        if rate:
            found["".join(letters)] = rate
    return found


def known(service: QiskitRuntimeService) -> list[dict[str, float]]:
    """A gate and its measurements, on a device whose noise is known."""
    backend = service.backend("known_noise")
    circuit = QuantumCircuit(2)
    circuit.cz(0, 1)
    circuit.measure_all()
    learner = NoiseLearnerV3(backend)
    learner.options.layer_pair_depths = [0, 2, 6]
    learner.options.num_randomizations = 8
    learner.options.shots_per_randomization = 2048
    learner.options.experimental = {"seed_simulator": 7}
    result = learner.run(boxes(backend, circuit)).result()
    return [rates(each.to_pauli_lindblad_map()) for each in result]


def device(service: QiskitRuntimeService) -> list[dict[str, float]]:
    """Two layers of a line of three qubits, and its measurements."""
    backend = service.backend("fake_27q")
    circuit = QuantumCircuit(3)
    circuit.cz(0, 1)
    circuit.cz(1, 2)
    circuit.measure_all()
    learner = NoiseLearnerV3(backend)
    learner.options.layer_pair_depths = [0, 8]
    learner.options.num_randomizations = 4
    learner.options.shots_per_randomization = 512
    result = learner.run(boxes(backend, circuit)).result()
    return [rates(each.to_pauli_lindblad_map()) for each in result]


def older(service: QiskitRuntimeService) -> dict[str, Any]:
    """The learner of the program noise-learner: a device whose noise is known, and options."""
    backend = service.backend("known_noise")
    circuit = QuantumCircuit(2)
    circuit.cz(0, 1)
    learner = NoiseLearner(backend)
    learner.options.layer_pair_depths = [0, 2, 6]
    learner.options.num_randomizations = 8
    learner.options.shots_per_randomization = 2048
    learner.options.simulator.seed_simulator = 7
    job = learner.run([circuit])
    (layer,) = result = job.result()
    labels = layer.error.generators.to_labels()
    learner.options.max_layers_to_learn = 0
    return {
        "gates": layer.circuit.count_ops(),
        "qubits": layer.qubits,
        "rates": dict(zip(labels, layer.error.rates.tolist(), strict=True)),
        "metadata": result.metadata,
        "program": service.job(job.job_id()).primitive_id,
        "none": learner.run([circuit]).result().data,
    }


def mitigated(service: QiskitRuntimeService) -> dict[str, Any]:
    """An estimator's values without PEC, and with PEC of the learned noise."""
    backend = service.backend("known_noise")
    circuit = QuantumCircuit(2)
    circuit.sx(0)
    circuit.rz(0.7, 0)
    circuit.sx([0, 1])
    for _ in range(4):
        circuit.cz(0, 1)
        circuit.rz(0.3, 0)
        circuit.rz(0.2, 1)
        circuit.sx([0, 1])
    observables = [SparsePauliOp(pauli) for pauli in ("ZZ", "IZ", "ZI", "XX")]
    pub = (circuit, observables)
    state = Statevector(circuit)
    found: dict[str, Any] = {"exact": [state.expectation_value(each).real for each in observables]}
    model = None
    for name in ("plain", "pec"):
        own = EstimatorV2(backend)
        own.options.experimental = {"seed_simulator": 3}
        own.options.resilience.pec_mitigation = name == "pec"
        if name == "pec":
            layers = own.find_unique_layers([pub])
            learner = NoiseLearnerV3(backend)
            learner.options.layer_pair_depths = [0, 6]
            learner.options.num_randomizations = 8
            learner.options.shots_per_randomization = 1024
            learner.options.experimental = {"seed_simulator": 3}
            model = list(
                zip(layers, learner.run(layers).result().to_pauli_lindblad_maps(), strict=True)
            )
        own.options.resilience.layer_noise_model = model
        data = own.run([pub], precision=0.02).result()[0].data
        found[name] = {"evs": data.evs.tolist(), "stds": data.stds.tolist()}
    return found


def main() -> None:
    """Makes all calls and prints the findings."""
    service = QiskitRuntimeService()
    seen = {part.__name__: part(service) for part in (known, device, older, mitigated)}
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
