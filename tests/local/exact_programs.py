"""What a device should give for a quantum program of the official client, from density matrices.

Every circuit of the program, as it was submitted, is simulated by `sliced_noise`, which shares no
code with the service but the numbers of the device.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit.circuit import QuantumCircuit

from qiskit_rest_primitives.local.simulators.circuit_analysis import keep_qubits
from qiskit_rest_primitives.local.simulators.fake_devices import FakeDevice
from tests.local.simulators.sliced_noise import gate_noise, sliced

SHOTS = 8192
"""Of each outcome there are as many as its probability says: a mean is wrong by less than 0.001."""


def submitted(params: dict[str, Any]) -> Any:
    """The program of a job, read by the official client: of it, `items` and `passthrough_data`."""
    from qiskit_ibm_runtime.quantum_program.params_converters import (
        QUANTUM_PROGRAM_PARAMS_CONVERTERS,
    )

    converter = QUANTUM_PROGRAM_PARAMS_CONVERTERS[params["schema_version"]]
    program, _ = converter.decoder(converter.model.model_validate(params))
    return program


def exact_result(program: Any, size: int, kept: list[int], randomizations: int = 1) -> Any:
    """The official client's result of a program, with as many of each outcome as there should be.

    Args:
        program: as `submitted` gives it, with one register of bits a circuit.
        size: of the device, in qubits.
        kept: the qubits that are simulated; the bits of others are 0.
        randomizations: of each samplex; those that the service drew are unknown.
    """
    from qiskit_ibm_runtime.results.quantum_program import QuantumProgramResult

    data: list[dict[str, Any]] = []
    for item in program.items:
        extra: dict[str, Any] = {}
        if hasattr(item, "samplex"):
            extra = dict(
                item.samplex.sample(
                    item.samplex_arguments, num_randomizations=randomizations, rng=7
                )
            )
            values = extra.pop("parameter_values")
        else:
            values = item.circuit_arguments
        bits = np.array(
            [
                exact_bits(item.circuit.assign_parameters(row), size, kept)
                for row in values.reshape(-1, values.shape[-1])
            ]
        )
        (register,) = item.circuit.cregs
        data.append({register.name: bits.reshape(*values.shape[:-1], *bits.shape[1:]), **extra})
    return QuantumProgramResult(data, passthrough_data=program.passthrough_data)


def exact_bits(circuit: QuantumCircuit, size: int, kept: list[int]) -> np.ndarray:
    """Shots ``(SHOTS, bits)`` of a circuit on a device, in order of the outcomes."""
    from qiskit_aer import AerSimulator

    calibration = FakeDevice(size).calibration
    places = {qubit: place for place, qubit in enumerate(kept)}
    timed = circuit.copy_empty_like()
    measured: dict[int, int] = {}
    for instruction in circuit.data:
        where = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        if instruction.operation.name == "measure" and where[0] in places:
            measured[circuit.find_bit(instruction.clbits[0]).index] = where[0]
        timed.append(instruction)
    noisy = sliced(timed, calibration, kept)
    saved = noisy.copy_empty_like()
    for instruction in noisy.data:
        if instruction.operation.name != "measure":
            saved.append(instruction)
    saved.save_probabilities([places[qubit] for qubit in measured.values()])
    simulator = AerSimulator(method="density_matrix", noise_model=gate_noise(calibration, kept))
    found = np.asarray(simulator.run(saved).result().data()["probabilities"])
    # The first qubit is the last axis.
    found = found.reshape([2] * len(measured))
    for axis, qubit in enumerate(reversed(measured.values())):
        wrong = calibration.target["measure"][(qubit,)].error
        confusion = np.array([[1 - wrong, wrong], [wrong, 1 - wrong]])
        found = np.moveaxis(np.tensordot(confusion, found, axes=(1, axis)), 0, axis)
    ends = np.rint(np.cumsum(found.ravel()) * SHOTS).astype(int)
    outcomes = np.searchsorted(ends, np.arange(SHOTS), side="right")
    bits = np.zeros((SHOTS, circuit.num_clbits), dtype=bool)
    for number, clbit in enumerate(measured):
        bits[:, clbit] = outcomes >> number & 1
    return bits
