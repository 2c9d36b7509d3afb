"""Post-processing: bit arrays, marginals, expectation values, post-selection, plots."""

import json

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.primitives import BitArray
from qiskit.quantum_info import SparsePauliOp
from qiskit.result import marginal_counts, sampled_expectation_value
from qiskit.visualization import plot_histogram
from qiskit_ibm_runtime import QiskitRuntimeService
from qiskit_ibm_runtime import SamplerV2 as Sampler


def main(service: QiskitRuntimeService) -> dict:
    """What is computed from the samples; with equal seeds the samples are equal."""
    qubits = QuantumRegister(3)
    data_bits, flag = ClassicalRegister(2, "data"), ClassicalRegister(1, "flag")
    circuit = QuantumCircuit(qubits, data_bits, flag)
    circuit.ry(0.9, 0)
    circuit.cx(0, 1)
    circuit.ry(1.1, 2)
    circuit.cx(1, 2)
    circuit.measure([0, 1], data_bits)
    circuit.measure(2, flag)

    sampler = Sampler(mode=service.backend("statevector"))
    sampler.options.default_shots = 3000
    sampler.options.simulator.seed_simulator = 77
    pub = sampler.run([circuit]).result()[0]
    bits, flags = pub.data.data, pub.data.flag
    together = pub.join_data()
    selected = bits[flags.array[:, 0] == 1] if bits.ndim else None
    mask = flags.array[..., 0] == 1
    kept = BitArray(bits.array[mask], bits.num_bits)
    quasi = {key: n / together.num_shots for key, n in together.get_int_counts().items()}

    # Readout errors undone with the inverse of a confusion matrix, as in the textbooks.
    confusion = np.array([[0.97, 0.05], [0.03, 0.95]])
    measured = np.array([flags.get_counts().get(key, 0) for key in "01"]) / flags.num_shots
    corrected = np.linalg.solve(confusion, measured)
    histogram = plot_histogram(bits.get_counts(), title="data")
    z_value = sampled_expectation_value(bits.get_counts(), SparsePauliOp(["ZZ", "IZ"], [1, 0.5]))
    return {
        "counts": together.get_counts(),
        "selected": selected is None or list(selected.shape),
        "kept": [kept.num_shots, kept.get_counts()],
        "marginal": marginal_counts(together.get_counts(), indices=[2]),
        "sliced": together.slice_bits([0, 2]).get_counts(),
        "hex": {hex(key): value for key, value in bits.get_int_counts().items()},
        "bitcount": int(together.bitcount().sum()),
        "expectation": [float(one) for one in bits.expectation_values(["ZZ", "ZI"])],
        "of_counts": float(z_value),
        "halves": [bits.slice_shots(range(0, 1500)).get_counts(), bits.num_shots],
        "xor": (bits ^ bits).get_counts() if hasattr(bits, "__xor__") else None,
        "bools": [int(one) for one in together.to_bool_array(order="little")[:5].ravel()],
        "concatenated": BitArray.concatenate_shots([bits, kept]).num_shots,
        "most_frequent": max(quasi, key=quasi.get),
        "corrected": corrected.tolist(),
        "picture": type(histogram).__name__,
        "first": list(together.get_bitstrings()[:8]),
    }


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
