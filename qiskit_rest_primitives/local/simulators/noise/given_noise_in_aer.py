"""A user's noise model in Aer's form, and the gates of circuits that have noise. Needs Aer."""

from __future__ import annotations

import itertools
import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.base.circuit_analysis import split_final_measurements
from qiskit_rest_primitives.local.simulators.base.classical_reads import named_bits
from qiskit_rest_primitives.local.simulators.noise.pauli_twirling import twirl_model
from qiskit_rest_primitives.wire.values.arrays import decode_array

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


@dataclass(frozen=True)
class GivenNoise:
    """A noise model that a user sent.

    Attributes:
        text: the JSON of Aer's ``NoiseModel.to_dict``.
        twirled: whether errors are approximated by Paulis and resets, for the stabilizer method.
    """

    text: str
    twirled: bool = False

    def ready(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """The circuit in a form to which the model of `model` applies."""
        return circuit

    def model(self, circuits: Sequence[QuantumCircuit] = ()) -> Any:
        """The Aer noise model, for any circuits."""
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


@lru_cache(maxsize=16)
def _given_noise_model(noise: GivenNoise) -> tuple[Any, bool]:
    from qiskit_aer.noise import NoiseModel

    with warnings.catch_warnings():
        # from_dict is deprecated, but the only way to read a noise model from JSON.
        warnings.simplefilter("ignore", DeprecationWarning)
        model = NoiseModel.from_dict(_complex_matrices(json.loads(noise.text)))
    return model, noise.twirled and twirl_model(model)
