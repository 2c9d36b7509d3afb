"""Errors of a noise model -> Paulis and resets, which the stabilizer method supports. Needs Aer.

Paulis, Clifford gates and resets within an error stay as they are. Any other channel, such as the
Kraus operators of relaxation with T2 > T1, is approximated: what it does to each Pauli operator by
itself (the diagonal of its Pauli transfer matrix, and so its fidelity) is kept; that it turns one
Pauli operator into another is not. Relaxation to |0> is kept as far as resets can represent it.
"""

from __future__ import annotations

import itertools
import math
from functools import reduce
from typing import Any

import numpy as np

from qiskit_rest_primitives.local.simulators.base.transfer_matrices import SIGNS

_LETTERS = {"id": "I", "x": "X", "y": "Y", "z": "Z", "reset": "0"}
_CLIFFORD = frozenset({"cx", "cy", "cz", "ecr", "h", "s", "sdg", "swap", "sx", "sxdg"})
_NEGLIGIBLE = 1e-10

Mixture = dict[str, float]
"""Probability of each word: per qubit I, X, Y, Z, or 0 or 1 for a reset to it; qubit 0 last."""


def twirl_model(model: Any) -> bool:
    """Replaces, in place, each error of an Aer noise model by its `stabilizer_error`.

    Returns:
        Whether anything had to be approximated.
    """
    approximated = False
    # Aer has no public access to a model's errors, or to the relaxation it adds to delays.
    for errors in (model._default_quantum_errors, *model._local_quantum_errors.values()):
        for key, error in errors.items():
            errors[key], exact = stabilizer_error(error)
            approximated |= not exact
    for noise_pass in model._custom_noise_passes:

        def twirled(operation: Any, qubits: Any, given: Any = noise_pass._func) -> Any:
            error = given(operation, qubits)
            return None if error is None else stabilizer_error(error)[0]

        noise_pass._func = twirled
        approximated = True
    return approximated


def stabilizer_error(error: Any) -> tuple[Any, bool]:
    """The error as Paulis, Clifford gates and resets, and whether that is exact."""
    from qiskit import QuantumCircuit
    from qiskit_aer.noise import QuantumError

    if all(_is_kept(i.operation) for circuit in error.circuits for i in circuit.data):
        return error, True
    kept: list[tuple[QuantumCircuit, float]] = []
    mixture: Mixture = {}
    cache: dict[bytes, tuple[Mixture, bool]] = {}
    for circuit, probability in zip(error.circuits, error.probabilities, strict=True):
        names = {instruction.operation.name for instruction in circuit.data}
        if names & _CLIFFORD and all(_is_kept(i.operation) for i in circuit.data):
            kept.append((circuit, probability))
            continue
        for word, share in _words(circuit, cache).items():
            mixture[word] = mixture.get(word, 0.0) + probability * share
    words = {word: share for word, share in mixture.items() if share > _NEGLIGIBLE}
    scale = sum(mixture.values()) / sum(words.values())
    terms = [(_circuit_of(word), share * scale) for word, share in words.items()]
    return QuantumError([*kept, *terms]), all(exact for _, exact in cache.values())


def mixture_of(channel: Any) -> tuple[Mixture, bool]:
    """The Paulis, and for one qubit the resets, that replace a channel; and whether they are equal.

    Args:
        channel: anything that `qiskit.quantum_info.PTM` takes.
    """
    from qiskit.quantum_info import PTM

    transfer: Any = PTM(channel)
    matrix, width = np.real(transfer.data), int(transfer.num_qubits)
    diagonal = np.diag(matrix).copy()
    rest = matrix - np.diag(diagonal)
    reset = 0.0
    if width == 1:
        # Resets do not replace X and Y: more of them would need a negative share of Z.
        most = 1 + min(SIGNS @ (diagonal * [0, 1, 1, 1]))
        reset = float(np.clip(abs(matrix[3, 0]), 0, max(0.0, most)))
        diagonal[0] -= reset
        rest[3, 0] -= math.copysign(reset, matrix[3, 0])
    signs = reduce(np.kron, [SIGNS] * width)
    shares = np.clip(signs @ diagonal / 4**width, 0, None)
    words = map("".join, itertools.product("IXYZ", repeat=width))
    mixture = dict(zip(words, map(float, shares), strict=True))
    if reset:
        mixture["0" if matrix[3, 0] > 0 else "1"] = reset
    return mixture, bool(np.allclose(rest, 0, atol=_NEGLIGIBLE))


def _is_kept(operation: Any) -> bool:
    return operation.name in _LETTERS or operation.name in _CLIFFORD or operation.name == "pauli"


def _words(circuit: Any, cache: dict[bytes, tuple[Mixture, bool]]) -> Mixture:
    """The mixture of one term of an error."""
    from qiskit.quantum_info import SuperOp

    if any(i.operation.name in _CLIFFORD for i in circuit.data):
        channel: Any = SuperOp(circuit)
        cache[channel.data.tobytes()] = found = mixture_of(channel)
        return found[0]
    mixture: Mixture = {"I" * circuit.num_qubits: 1.0}
    for instruction in circuit.data:
        operation = instruction.operation
        if operation.name in _LETTERS:
            applied = {_LETTERS[operation.name]: 1.0}
        elif operation.name == "pauli":
            applied = {operation.params[0]: 1.0}
        else:
            key = b"".join(np.asarray(part, dtype=complex).tobytes() for part in operation.params)
            cache[key] = cache.get(key) or mixture_of(SuperOp(operation))
            applied = cache[key][0]
        places = [-1 - circuit.find_bit(qubit).index for qubit in instruction.qubits]
        following: Mixture = {}
        for (word, share), (letters, other) in itertools.product(mixture.items(), applied.items()):
            after = list(word)
            for place, letter in zip(places, reversed(letters), strict=True):
                after[place] = _then(after[place], letter)
            joined = "".join(after)
            following[joined] = following.get(joined, 0.0) + share * other
        mixture = following
    return mixture


def _then(first: str, second: str) -> str:
    """Combines two letters of one qubit into one; a Pauli's sign does not matter."""
    if second in "01" or first == "I":
        return second
    if second == "I" or (first in "01" and second == "Z"):
        return first
    if first in "01":
        return "1" if first == "0" else "0"
    return "I" if first == second else ({*"XYZ"} - {first, second}).pop()


def _circuit_of(word: str) -> Any:
    from qiskit import QuantumCircuit

    circuit = QuantumCircuit(len(word))
    for qubit, letter in enumerate(reversed(word)):
        if letter in "01":
            circuit.reset(qubit)
        if letter in "X1":
            circuit.x(qubit)
        elif letter == "Y":
            circuit.y(qubit)
        elif letter == "Z":
            circuit.z(qubit)
    if not circuit.data:
        circuit.id(0)
    return circuit
