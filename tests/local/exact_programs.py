"""What a device should give for a quantum program of the official client, from density matrices.

Each circuit of the program, as it was submitted, is simulated with the noise of `sliced_noise`,
which has nothing of the service's simulators but the numbers of the device.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from qiskit.circuit import QuantumCircuit

from qiskit_rest_primitives.local.simulators.devices.fake_devices import FakeDevice
from tests.local.simulators.sliced_noise import gate_noise, sliced

SHOTS = 8192
"""Of each outcome there are as many as its probability says: a mean is wrong by less than 0.001."""


def submitted(params: Mapping[str, Any]) -> Any:
    """The program of a job, as the official client reads it."""
    from qiskit_ibm_runtime.quantum_program.params_converters import (
        QUANTUM_PROGRAM_PARAMS_CONVERTERS,
    )

    converter = QUANTUM_PROGRAM_PARAMS_CONVERTERS[params["schema_version"]]
    program, _ = converter.decoder(converter.model.model_validate(params))
    return program


def exact_result(program: Any, size: int, kept: Sequence[int], randomizations: int = 1) -> Any:
    """The official client's result of a program, with as many of each outcome as there should be.

    Args:
        program: as `submitted` gives it; its circuits have one register of bits each.
        size: of the device, in qubits.
        kept: the qubits that are simulated; the bits of the others are 0.
        randomizations: of each samplex: others than the service's, which nobody is told.
    """
    from qiskit_ibm_runtime.fake_provider.executor.broadcast_sample import broadcast_sample
    from qiskit_ibm_runtime.results.quantum_program import QuantumProgramResult

    data: list[dict[str, Any]] = []
    for item in program.items:
        extra: dict[str, Any] = {}
        if hasattr(item, "samplex"):
            shape = (randomizations, *item.shape[1:])
            rng = np.random.default_rng(7)
            extra = broadcast_sample(item.samplex.finalize(), item.samplex_arguments, shape, rng)
            values = extra.pop("parameter_values")
        else:
            values = item.circuit_arguments
        rows = values.reshape(-1, values.shape[-1])
        circuits = [item.circuit.assign_parameters(row) for row in rows]
        bits = exact_bits(circuits, size, tuple(sorted(kept)))
        (register,) = item.circuit.cregs
        data.append({register.name: bits.reshape(*values.shape[:-1], *bits.shape[1:]), **extra})
    return QuantumProgramResult(data, passthrough_data=program.passthrough_data)


def exact_bits(circuits: Sequence[QuantumCircuit], size: int, kept: tuple[int, ...]) -> np.ndarray:
    """Shots ``(circuits, SHOTS, bits)`` on a device, in order of the outcomes."""
    from qiskit_aer import AerSimulator

    calibration = FakeDevice(size).calibration
    first = circuits[0]
    measured = {
        first.find_bit(instruction.clbits[0]).index: qubit
        for instruction in first.data
        if instruction.operation.name == "measure"
        and (qubit := first.find_bit(instruction.qubits[0]).index) in kept
    }
    saved: list[QuantumCircuit] = []
    for circuit in circuits:
        noisy = sliced(circuit, calibration, kept)
        noisy.data = [i for i in noisy.data if i.operation.name != "measure"]
        noisy.save_probabilities([kept.index(qubit) for qubit in measured.values()])
        saved.append(noisy)
    simulator = AerSimulator(method="density_matrix", noise_model=_gate_noise(size, kept))
    result = simulator.run(saved).result()
    bits = np.zeros((len(circuits), SHOTS, first.num_clbits), dtype=bool)
    for number in range(len(circuits)):
        # The last axis is the first qubit.
        found = result.data(number)["probabilities"].reshape([2] * len(measured))
        for axis, qubit in enumerate(reversed(measured.values())):
            wrong = calibration.target["measure"][(qubit,)].error
            confusion = np.array([[1 - wrong, wrong], [wrong, 1 - wrong]])
            found = np.moveaxis(np.tensordot(confusion, found, axes=(1, axis)), 0, axis)
        ends = np.rint(np.cumsum(found.ravel()) * SHOTS)
        outcomes = np.searchsorted(ends, np.arange(SHOTS), side="right")
        for place, clbit in enumerate(measured):
            bits[number, :, clbit] = outcomes >> place & 1
    return bits


@cache
def _gate_noise(size: int, kept: tuple[int, ...]) -> Any:
    return gate_noise(FakeDevice(size).calibration, kept)


def neighbourhood(size: int, qubits: Sequence[int]) -> list[int]:
    """The qubits and their neighbours, with which they have crosstalk."""
    edges = FakeDevice(size).calibration.zz
    return sorted({qubit for edge in edges if {*edge} & {*qubits} for qubit in edge})
