"""PennyLane: VQE of H2 on the device ``qiskit.remote``, as on PennyLane's own simulator."""

from __future__ import annotations

from typing import Any

import pennylane as qml
from pennylane import numpy as np

from tests.ecosystem.local_backend import local_backend

# H2 at 0.735 A, parity mapping, two qubits.
HAMILTONIAN = qml.Hamiltonian(
    [-1.0523732, 0.39793742, -0.39793742, -0.0112801, 0.18093119],
    [
        qml.Identity(0),
        qml.PauliZ(0),
        qml.PauliZ(1),
        qml.PauliZ(0) @ qml.PauliZ(1),
        qml.PauliX(0) @ qml.PauliX(1),
    ],
)
GROUND_STATE = -1.85727503


def energy_of(device: Any) -> Any:
    """The energy of an ansatz with one parameter, measured on a device."""

    @qml.set_shots(4000)
    @qml.qnode(device, diff_method="parameter-shift")
    def energy(angle: Any) -> Any:
        qml.PauliX(wires=0)
        qml.PauliX(wires=1)
        qml.RY(angle, wires=0)
        qml.CNOT(wires=[0, 1])
        return qml.expval(HAMILTONIAN)

    return energy


def main() -> None:
    """The optimum is found; each energy on the way is near that of the noiseless simulator."""
    remote = energy_of(qml.device("qiskit.remote", wires=2, backend=local_backend("fake_5q")))
    ideal = energy_of(qml.device("default.qubit", wires=2))
    optimizer = qml.GradientDescentOptimizer(stepsize=0.4)
    angle = np.array(1.2, requires_grad=True)
    for _ in range(8):
        angle = optimizer.step(remote, angle)
    measured, expected = float(remote(angle)), float(ideal(angle))
    print("energy on the service", measured, "simulated", expected, "exact", GROUND_STATE)
    assert abs(measured - expected) < 0.1
    assert abs(measured - GROUND_STATE) < 0.15


if __name__ == "__main__":
    main()
