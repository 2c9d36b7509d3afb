"""A sweep over two parameters, with broadcasting, several PUBs, registers and own shots."""

import json

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter, ParameterVector
from qiskit.primitives.containers import BindingsArray
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import EstimatorV2, QiskitRuntimeService, SamplerV2


def main(service: QiskitRuntimeService) -> dict:
    """Shapes, slices and values of a sweep of 3 x 4 points."""
    qubits = QuantumRegister(2, "q")
    left, right = ClassicalRegister(1, "left"), ClassicalRegister(2, "right")
    angle, phases = Parameter("θ"), ParameterVector("φ", 2)
    circuit = QuantumCircuit(qubits, left, right, metadata={"purpose": "sweep"})
    circuit.ry(angle, 0)
    circuit.rx(phases[0] + phases[1] / 2, 1)
    circuit.cx(0, 1)
    bare = circuit.copy_empty_like()
    bare.compose(circuit, inplace=True)
    circuit.measure(0, left[0])
    circuit.measure([0, 1], right)

    angles = np.linspace(0, np.pi, 3)[:, None] + np.zeros((1, 4))
    values = BindingsArray(
        {"θ": angles, ("φ[0]", "φ[1]"): np.stack([np.ones((3, 4)), angles], axis=-1)}
    )
    backend = service.backend("statevector")
    sampler = SamplerV2(backend, options={"simulator": {"seed_simulator": 9}})
    job = sampler.run([(circuit, values, 500), (circuit, [0, 0, 0])], shots=300)
    sampled = job.result()
    data = sampled[0].data

    observables = [[SparsePauliOp("ZI")], ["IZ"], [{"XX": 0.5, "YY": 0.5}]]
    estimator = EstimatorV2(backend)
    estimated = estimator.run([(bare, observables, values)], precision=0.02).result()[0]
    cell = data.right[1, 2]
    return {
        "pubs": len(sampled),
        "names": list(data),
        "shape": list(data.shape),
        "right": [list(data.right.shape), data.right.num_shots, data.right.num_bits],
        "second": [list(sampled[1].data.left.shape), sampled[1].data.left.num_shots],
        "array": [str(data.right.array.dtype), list(data.right.array.shape)],
        "counts_of_a_point": cell.get_counts(),
        "counts_of_all": data.left.get_counts(),
        "first_bits": data.right.get_bitstrings((2, 3))[:20],
        "joined": sampled[0].join_data(["left", "right"]).get_counts((1, 1)),
        "left_is_low_bit_of_right": bool(np.all(data.left.array == data.right.slice_bits(0).array)),
        "circuit_metadata": sampled[0].metadata["circuit_metadata"],
        "evs_shape": list(estimated.data.evs.shape),
        "evs": estimated.data.evs.tolist(),
        "evs_error": estimated.data.stds.tolist(),
        "precision": estimated.metadata["target_precision"],
    }


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
