"""The noise of a device's operations as errors of Aer, by their labels. Needs Aer.

How large the errors are: `devices.noise_magnitudes`. How they act on sweeps, which run without Aer:
`pauli_channels`, so a change here is needed there, too. A whole device's noise model takes Aer
seconds per run; here it has only what a circuit uses.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.simulators.base.circuit_analysis import all_instructions
from qiskit_rest_primitives.local.simulators.devices.device_part import DevicePart, device_part
from qiskit_rest_primitives.local.simulators.devices.fake_devices import FakeDevice
from qiskit_rest_primitives.local.simulators.noise.label_noisy_operations import (
    IN_BLOCK,
    with_noise,
)
from qiskit_rest_primitives.local.simulators.noise.pauli_twirling import stabilizer_error

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


@dataclass(frozen=True)
class DeviceNoise:
    """The noise of some qubits of a device.

    Attributes:
        device: the device, on the day of the job.
        qubits: its qubits that the circuit uses; they are 0, 1, ... in the circuit.
        twirled: whether errors are approximated by Paulis and resets, for the stabilizer method.
    """

    device: FakeDevice
    qubits: tuple[int, ...]
    twirled: bool = False

    @property
    def part(self) -> DevicePart:
        """The device's numbers for the qubits."""
        return device_part(self.device, self.qubits)

    def ready(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """The circuit with idle noise, and with the labels that `model` knows."""
        return with_noise(circuit, self.part, twirled=self.twirled)

    def model(self, circuits: Sequence[QuantumCircuit]) -> Any:
        """The Aer noise model of circuits that `ready` gave."""
        instructions = [i for circuit in circuits for i in all_instructions(circuit)]
        labels = {label for i in instructions if (label := i.label)}
        resets = any(i.operation.name == "reset" for i in instructions)
        return _model(self, frozenset(labels), resets)

    def channel(self, label: str) -> Any:
        """The error of a label as a matrix ``(4, 4)`` on row and column of a qubit, or None."""
        return _channel(self, label)


@lru_cache(maxsize=64)
def _model(noise: DeviceNoise, labels: frozenset[str], resets: bool) -> Any:
    from qiskit_aer.noise import NoiseModel, ReadoutError

    model = NoiseModel()
    for label in sorted(labels):
        if (error := _error(noise, label)) is not None:
            model.add_all_qubit_quantum_error(error, label)
    for qubit, wrong in enumerate(noise.part.readout):
        if wrong:
            readout = ReadoutError([[1 - wrong, wrong], [wrong, 1 - wrong]])
            model.add_readout_error(readout, [qubit])
        # Aer ignores the label of a reset.
        if resets and (error := _error(noise, f"reset {qubit}")) is not None:
            model.add_quantum_error(error, "reset", [qubit])
    return model


@lru_cache(maxsize=1 << 14)
def _error(noise: DeviceNoise, label: str) -> Any:
    """The error that a label names; None for one without noise."""
    kind, *words = label.split()
    if kind == "phase":
        error = _random_phase(int(words[0]), float(words[1]))
    elif kind == "relaxation":
        error = _relaxation(noise.part, int(words[0]), float(words[1]))
    else:
        in_block = kind == IN_BLOCK
        name, *words = words if in_block else (kind, *words)
        if not all(word.isdecimal() for word in words):
            return None
        error = _gate_error(noise.part, name, tuple(map(int, words)), in_block)
    if error is not None and noise.twirled:
        error, _ = stabilizer_error(error)
    return error


@lru_cache(maxsize=1 << 12)
def _channel(noise: DeviceNoise, label: str) -> Any:
    from qiskit.quantum_info import SuperOp

    if (error := _error(noise, label)) is None:
        return None
    # Qiskit stacks columns: its index is 2 * column + row.
    matrix: Any = SuperOp(error).data
    return matrix.reshape(2, 2, 2, 2).transpose(1, 0, 3, 2).reshape(4, 4)


def _random_phase(num_qubits: int, probability: float) -> Any:
    from qiskit_aer.noise import pauli_error

    return pauli_error([("Z" * num_qubits, probability), ("I" * num_qubits, 1 - probability)])


def _relaxation(part: DevicePart, qubit: int, seconds: float) -> Any:
    from qiskit_aer.noise import thermal_relaxation_error
    from scipy.sparse import SparseEfficiencyWarning

    with warnings.catch_warnings():
        # SciPy warns that inverting Aer's relaxation matrices is slow; they are tiny.
        warnings.simplefilter("ignore", SparseEfficiencyWarning)
        return thermal_relaxation_error(part.t1[qubit], part.t2[qubit], seconds)


def _gate_error(part: DevicePart, name: str, qubits: tuple[int, ...], in_block: bool) -> Any:
    """Depolarization and relaxation with the calibrated infidelity, and over-rotation about X.

    Over-rotation about ZZ has a gate of its own, except in blocks of control flow.
    """
    from qiskit.circuit.library import RXGate, RZZGate
    from qiskit_aer.noise import coherent_unitary_error, depolarizing_error

    errors: list[Any] = []
    if wrong := part.depolarization(name, qubits):
        errors.append(depolarizing_error(wrong, len(qubits)))
    if seconds := part.seconds.get((name, qubits)):
        single = [_relaxation(part, qubit, seconds) for qubit in qubits]
        errors.append(reduce(lambda low, high: low.expand(high), single))
    angle = part.rotation.get((name, qubits), 0.0)
    if angle and (in_block or len(qubits) == 1):
        gate = RXGate(angle) if len(qubits) == 1 else RZZGate(angle)
        errors.append(coherent_unitary_error(gate.to_matrix()))
    return reduce(lambda first, second: first.compose(second), errors) if errors else None
