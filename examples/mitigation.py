"""What each option does: a GHZ state and an Ising model on 127 qubits of a noisy device.

Install ``qiskit-rest-primitives[local,aer,mitigation]``.
"""

import math

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import SparsePauliOp

from qiskit_rest_primitives import EstimatorV2, QiskitRuntimeService

QUBITS = 127
SETTINGS = {
    "level 0": {"resilience_level": 0},
    "level 1": {"resilience_level": 1},
    "level 2": {"resilience_level": 2},
    "level 2, decoupled": {
        "resilience_level": 2,
        "dynamical_decoupling": {"enable": True, "sequence_type": "XY4"},
    },
}


def connected_part(target):
    """127 connected qubits that work, and the pairs by which each of them was found."""
    pairs = {pair for pair, gate in target["cz"].items() if gate.error < 0.5}
    found, tree = [min(min(pairs))], []
    for known in found:
        for new in sorted(b for a, b in pairs if a == known):
            if new not in found and len(found) < QUBITS:
                tree.append((found.index(known), len(found)))
                found.append(new)
    places = {qubit: place for place, qubit in enumerate(found)}
    return found, tree, [(places[a], places[b]) for a, b in pairs if a < b and {a, b} <= {*found}]


def ghz(tree):
    """A GHZ state: the values of all ZZ of neighbours are 1."""
    circuit = QuantumCircuit(QUBITS)
    circuit.h(0)
    for known, new in tree:
        circuit.cx(known, new)
    return circuit, [[known, new] for known, new in tree]


def ising(pairs):
    """A step forward and back of a Trotterised Ising model: the values of all Z are 1."""
    step = QuantumCircuit(QUBITS)
    for a, b in pairs:
        step.cx(a, b)
        step.rz(math.pi / 2, b)
        step.cx(a, b)
    step.rx(math.pi / 2, range(QUBITS))
    circuit = step.copy()
    circuit.barrier()
    return circuit.compose(step.inverse()), [[qubit] for qubit in range(QUBITS)]


def main():
    service = QiskitRuntimeService(channel="local")
    backend = service.backend("fake_156q", calibration_id="2026-01-01")
    qubits, tree, pairs = connected_part(backend.target)
    for name, (circuit, places) in {"GHZ": ghz(tree), "Ising": ising(pairs)}.items():
        isa = transpile(circuit, backend, initial_layout=qubits, optimization_level=1)
        observables = [
            SparsePauliOp.from_sparse_list([("Z" * len(at), at, 1)], num_qubits=QUBITS)
            for at in places
        ]
        pub = (isa, [observable.apply_layout(isa.layout) for observable in observables])
        for setting, options in SETTINGS.items():
            estimator = EstimatorV2(backend, options={"seed_estimator": 7, **options})
            evs = estimator.run([pub], precision=0.05).result()[0].data.evs
            print(f"{name}, {setting}: error {np.sqrt(np.mean((evs - 1) ** 2)):.3f}", flush=True)


if __name__ == "__main__":
    main()
