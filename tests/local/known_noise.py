"""A device whose noise is known: two qubits, and a Pauli-Lindblad channel after each cz."""

from __future__ import annotations

from typing import Any

# Noise of each cz, by the Pauli on qubits 1 and 0; all others are 0. The gate turns XI into XZ, and
# XY into YX: only the mean of each two can be learned by repeating it.
RATES = {"ZZ": 0.02, "IZ": 0.015, "XI": 0.01, "XZ": 0.01, "XY": 0.012, "YX": 0.012}
READOUT = (0.03, 0.06)
"""How often a qubit's bit is wrong, by its number."""


def known_device() -> Any:
    """The device, for LocalService(backends=...)."""
    from qiskit.providers.fake_provider import GenericBackendV2
    from qiskit.quantum_info import PauliList
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel, PauliLindbladError, ReadoutError

    gates = ["cz", "id", "rz", "sx", "x"]
    quiet = GenericBackendV2(
        2, basis_gates=gates, coupling_map=[[0, 1], [1, 0]], noise_info=False, seed=1
    )
    noise = NoiseModel(basis_gates=gates)
    channel = PauliLindbladError(PauliList(list(RATES)), list(RATES.values()))
    noise.add_quantum_error(channel, "cz", [0, 1])
    for qubit, wrong in enumerate(READOUT):
        noise.add_readout_error(ReadoutError([[1 - wrong, wrong], [wrong, 1 - wrong]]), [qubit])
    device = AerSimulator.from_backend(quiet, noise_model=noise, method="density_matrix")
    device.name = "known_noise"
    return device
