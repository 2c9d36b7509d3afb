"""Teleportation with measurements in the middle, if_test and a reset, on a noisy device."""

import json
import math

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2


def teleport(turn: float) -> QuantumCircuit:
    """Sends ry(turn)|0> from the first qubit to the last one."""
    qubits = QuantumRegister(3, "q")
    z, x, out = ClassicalRegister(1, "z"), ClassicalRegister(1, "x"), ClassicalRegister(1, "out")
    circuit = QuantumCircuit(qubits, z, x, out)
    circuit.ry(turn, 0)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.barrier()
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure(0, z)
    circuit.measure(1, x)
    with circuit.if_test((x, 1)):
        circuit.x(2)
    with circuit.if_test((z, 1)) as otherwise:
        circuit.z(2)
    with otherwise:
        circuit.id(2)
    circuit.reset(0)
    circuit.measure(2, out)
    return circuit


def share(bits) -> tuple[float, float]:
    """The share of ones and its standard error."""
    ones = bits.get_counts().get("1", 0) / bits.num_shots
    return ones, math.sqrt(ones * (1 - ones) / bits.num_shots) + 1 / bits.num_shots


def main(service: QiskitRuntimeService) -> dict:
    """The share of ones that arrives, without and with noise."""
    turn = 1.2
    exact = service.backend("statevector")
    sampler = SamplerV2(mode=exact)
    sampler.options.simulator.seed_simulator = 21
    ideal = sampler.run([teleport(turn)], shots=4000).result()[0].data

    dynamic = service.backends(dynamic_circuits=True, simulator=False, min_num_qubits=5)
    device = service.backend("fake_5q")
    pm = generate_preset_pass_manager(backend=device, optimization_level=1, seed_transpiler=4)
    isa = pm.run(teleport(turn))
    noisy = SamplerV2(mode=device).run([isa], shots=4000).result()[0].data
    arrived, arrived_error = share(ideal.out)
    through_noise, through_noise_error = share(noisy.out)
    return {
        "device_runs_it": device.name in [one.name for one in dynamic],
        "operations": sorted(isa.count_ops()),
        "registers": list(noisy),
        "arrived": arrived,
        "arrived_error": arrived_error,
        "right": abs(arrived - math.sin(turn / 2) ** 2) < 5 * arrived_error,
        "corrections": share(ideal.z)[0],
        "corrections_error": share(ideal.z)[1],
        "through_noise": through_noise,
        "through_noise_error": through_noise_error,
    }


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
