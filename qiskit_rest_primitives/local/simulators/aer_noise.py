"""The noise of a device, or of a user's noise model, in Aer's form. Needs Aer.

A whole device's noise model takes Aer seconds per run; here it has only what a circuit uses.
"""

from __future__ import annotations

import itertools
import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from qiskit.circuit import ControlFlowOp, Gate

from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.circuit_analysis import split_final_measurements
from qiskit_rest_primitives.local.simulators.classical_reads import named_bits
from qiskit_rest_primitives.local.simulators.fake_devices import FakeDevice
from qiskit_rest_primitives.local.simulators.pauli_twirling import twirl_model
from qiskit_rest_primitives.wire.values.arrays import decode_array

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


@dataclass(frozen=True)
class DeviceNoise:
    """The part of a device's noise that a circuit needs.

    Attributes:
        device: the device, on the day of the job.
        qubits: its qubits that the circuit uses; they are 0, 1, ... in the circuit.
        gates: (name, qubits of the circuit) that occur.
        twirled: whether errors are approximated by Paulis and resets, for the stabilizer method.
    """

    device: FakeDevice
    qubits: tuple[int, ...]
    gates: frozenset[tuple[str, tuple[int, ...]]]
    twirled: bool = False

    def model(self) -> Any:
        """The Aer noise model."""
        return _device_noise_model(self)


@dataclass(frozen=True)
class GivenNoise:
    """A noise model that a user sent.

    Attributes:
        text: the JSON of Aer's ``NoiseModel.to_dict``.
        twirled: whether errors are approximated by Paulis and resets, for the stabilizer method.
    """

    text: str
    twirled: bool = False

    def model(self) -> Any:
        """The Aer noise model."""
        return _given_noise_model(self)[0]

    def for_stabilizer(self) -> tuple[GivenNoise, bool]:
        """The noise that the stabilizer method supports, and whether it is an approximation."""
        noise = GivenNoise(self.text, twirled=True)
        return noise, _given_noise_model(noise)[1]


def read_noise_option(option: dict[str, Any]) -> GivenNoise:
    """Reads ``options.simulator.noise_model``, with or without its envelope.

    Raises:
        RefusedError: Aer can't read it.
    """
    try:
        noise = GivenNoise(json.dumps(_plain(option)))
        noise.model()
    except Exception as error:  # Aer does not validate and may raise anything
        raise RefusedError(
            f"options.simulator.noise_model: not a noise model: {type(error).__name__}: {error}",
            solution="Send NoiseModel.to_dict(serializable=True) of qiskit_aer.noise.NoiseModel.",
        ) from error
    return noise


def used_gates(circuit: QuantumCircuit) -> frozenset[tuple[str, tuple[int, ...]]]:
    """Every (name, qubits) of a circuit, those inside control flow included."""
    used: set[tuple[str, tuple[int, ...]]] = set()

    def visit(block: QuantumCircuit, numbers: dict[Any, int]) -> None:
        for instruction in block.data:
            qubits = tuple(numbers[qubit] for qubit in instruction.qubits)
            for inner in getattr(instruction.operation, "blocks", ()):
                visit(inner, dict(zip(inner.qubits, qubits, strict=True)))
            if instruction.operation.name != "barrier":
                used.add((instruction.operation.name, qubits))

    visit(circuit, {qubit: index for index, qubit in enumerate(circuit.qubits)})
    return frozenset(used)


def dephased(circuit: QuantumCircuit, observables: Sequence[dict[str, float]]) -> QuantumCircuit:
    """Replaces measurements whose outcome is not used by their effect on the state.

    A device measures the observables after the circuit, and a measurement leaves no coherence
    between the states of its qubit. With a channel in its place, Aer
    needs no separate run per shot. A final measurement gets one only if an observable has X or Y
    there.

    Args:
        circuit: for a device.
        observables: {pauli: coefficient} each, that are measured after it.
    """
    from qiskit_aer.noise import pauli_error

    rotated = {
        qubit
        for terms in observables
        for pauli in terms
        for qubit, letter in enumerate(reversed(pauli))
        if letter in "XY"
    }
    bare, final = split_final_measurements(circuit)
    read = {bit for i in bare.data if not i.is_standard_gate() for bit in named_bits(i.operation)}
    channel = pauli_error([("I", 0.5), ("Z", 0.5)]).to_instruction()
    replaced = bare.copy_empty_like()
    for instruction in bare.data:
        if instruction.operation.name == "measure" and instruction.clbits[0] not in read:
            replaced.append(channel, instruction.qubits)
        else:
            replaced.append(instruction, copy=False)
    for qubit in sorted({qubit for qubit, _ in final} & rotated):
        replaced.append(channel, [qubit])
    return replaced


def with_labels(circuit: QuantumCircuit, qubits: Sequence[int] | None = None) -> QuantumCircuit:
    """Labels each gate with its name and qubits, by which a `DeviceNoise` finds its error.

    Aer looks up noise by a gate's label, if it has one, before its name. A user's label would hide
    the noise, and to find the error of one qubit Aer would copy the errors of all qubits.

    Args:
        circuit: to be run with the noise of a device.
        qubits: numbers of its qubits; of the outer circuit for a block of control flow.
    """
    numbers = dict(zip(circuit.qubits, qubits or range(circuit.num_qubits), strict=True))
    labelled = circuit.copy_empty_like()
    for instruction in circuit.data:
        operation: Any = instruction.operation
        places = tuple(numbers[qubit] for qubit in instruction.qubits)
        if isinstance(operation, ControlFlowOp):
            operation = operation.replace_blocks(
                [with_labels(block, places) for block in operation.blocks]
            )
        elif isinstance(operation, Gate):
            operation = operation.to_mutable()
            operation.label = _label(operation.name, places)
        labelled.append(instruction.replace(operation=operation), copy=False)
    return labelled


def _label(name: str, qubits: Sequence[int]) -> str:
    return " ".join([name, *map(str, qubits)])


def _keyed_by_label(model: Any) -> Any:
    """The same errors; those of gates have the labels of `with_labels` as keys."""
    for name, errors in list(model._local_quantum_errors.items()):
        if name == "reset":  # Aer ignores its label
            continue
        for qubits, error in errors.items():
            model.add_all_qubit_quantum_error(error, _label(name, qubits))
        del model._local_quantum_errors[name]
    return model


def _plain(value: Any) -> Any:
    """Decodes the envelopes; complex numbers become pairs, as in ``to_dict(serializable=True)``."""
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, Any]", value)
    if members.get("__type__") == "ndarray":
        array: Any = decode_array(members, place="options.simulator.noise_model")
        return (
            np.stack([array.real, array.imag], axis=-1) if np.iscomplexobj(array) else array
        ).tolist()
    if "__type__" in members:
        return _plain(members.get("__value__"))
    return {name: _plain(item) for name, item in members.items()}


def _complex_matrices(model: dict[str, Any]) -> dict[str, Any]:
    """Makes matrices of pairs complex again, which Aer writes but does not read."""
    for error in model.get("errors", ()):
        for instruction in itertools.chain.from_iterable(error.get("instructions", ())):
            if instruction.get("name") in ("kraus", "unitary", "superop"):
                matrices = [np.asarray(matrix, dtype=float) for matrix in instruction["params"]]
                instruction["params"] = [
                    matrix if matrix.ndim == 2 else matrix[..., 0] + 1j * matrix[..., 1]
                    for matrix in matrices
                ]
    return model


@lru_cache(maxsize=64)
def _device_noise_model(noise: DeviceNoise) -> Any:
    from qiskit.providers import BackendV2, Options
    from qiskit.transpiler import Target
    from qiskit_aer.noise import NoiseModel
    from scipy.sparse import SparseEfficiencyWarning

    whole = noise.device.calibration.target
    part = Target(
        num_qubits=len(noise.qubits),
        dt=whole.dt,
        qubit_properties=[whole.qubit_properties[qubit] for qubit in noise.qubits],
    )
    wanted: dict[str, dict[tuple[int, ...], Any]] = {
        "measure": {
            (place,): whole["measure"][(qubit,)] for place, qubit in enumerate(noise.qubits)
        }
    }
    for name, places in sorted(noise.gates):
        qubits = tuple(noise.qubits[place] for place in places)
        if name in whole.operation_names and name != "measure" and qubits in (whole[name] or {}):
            wanted.setdefault(name, {})[places] = whole[name][qubits]
    for name, properties in wanted.items():
        part.add_instruction(whole.operation_from_name(name), properties, name=name)

    class Part(BackendV2):
        """The part of the device in use, in the form that Aer's noise builder reads."""

        @property
        def target(self) -> Any:
            return part

        @property
        def max_circuits(self) -> None:
            return None

        @classmethod
        def _default_options(cls) -> Any:
            return Options()

        def run(self, run_input: Any, **options: Any) -> Any:
            """Not supported."""
            raise TypeError("this describes noise and runs nothing")

    with warnings.catch_warnings():
        # SciPy warns that inverting Aer's relaxation matrices is slow; they are tiny.
        warnings.simplefilter("ignore", SparseEfficiencyWarning)
        model = NoiseModel.from_backend(Part())
    if noise.twirled:
        twirl_model(model)
    return _keyed_by_label(model)


@lru_cache(maxsize=16)
def _given_noise_model(noise: GivenNoise) -> tuple[Any, bool]:
    from qiskit_aer.noise import NoiseModel

    with warnings.catch_warnings():
        # from_dict is deprecated, but the only way to read a noise model from JSON.
        warnings.simplefilter("ignore", DeprecationWarning)
        model = NoiseModel.from_dict(_complex_matrices(json.loads(noise.text)))
    return model, noise.twirled and twirl_model(model)
