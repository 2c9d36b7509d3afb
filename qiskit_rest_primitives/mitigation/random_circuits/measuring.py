"""Measures qubits after a circuit, in bases and with flips that are parameters of one template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from qiskit_rest_primitives.circuits.measured import final_measurements
from qiskit_rest_primitives.mitigation.random_circuits.dressings import (
    LETTERS,
    after,
    dress,
    free_name,
    in_order,
    to_z,
)
from qiskit_rest_primitives.mitigation.random_circuits.lowered import Lowered

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


def observed_circuit(circuit: QuantumCircuit) -> tuple[QuantumCircuit, list[int]]:
    """Removes the measurements at a circuit's end, which the observables' bases replace.

    Returns:
        The circuit without them, and the qubits that they measured: X and Y are 0 there.
    """
    if not circuit.num_clbits:
        return circuit, []
    last = final_measurements(circuit, range(circuit.num_qubits))
    if not last:
        return circuit, []
    bare = circuit.copy()
    bare.remove_final_measurements()
    return bare, last


def observed_qubits(bases: Iterable[str]) -> list[int]:
    """Qubits with a letter in one of the bases or Pauli strings, ascending."""
    return sorted(
        {
            qubit
            for basis in set(bases)
            for qubit, letter in enumerate(reversed(basis))
            if letter != "I"
        }
    )


def register_name(circuit: QuantumCircuit) -> str:
    """A name for the register of the observed bits that the circuit does not use."""
    name = "observed"
    while any(creg.name == name for creg in circuit.cregs):
        name += "_"
    return name


def measured(
    circuit: QuantumCircuit,
    values: np.ndarray,
    qubits: Sequence[int],
    letters: np.ndarray,
    *,
    register: str,
    randomizations: int = 1,
    rng: np.random.Generator | None = None,
) -> Lowered:
    """Appends measurements.

    Args:
        circuit: without them.
        values: float64 ``(circuits, parameters)``: the circuit's own.
        qubits: to be measured; bit i is the i-th of them.
        letters: int ``(circuits, qubits)``, positions in `LETTERS`.
        register: name of the new register.
        randomizations: rows of each circuit.
        rng: draws the flips of each row and qubit; None: nothing is flipped.
    """
    from qiskit.circuit import ClassicalRegister, ParameterVector

    template = circuit.copy()
    bits = ClassicalRegister(len(qubits), register)
    template.add_register(bits)
    rows = len(letters) * randomizations
    flips = None if rng is None else rng.integers(0, 2, (rows, len(qubits)), dtype=bool)
    fixed = letters.max(axis=0, initial=1)
    varies = ((letters > 0) & (letters != fixed)).any(axis=0)
    dressed = [i for i in range(len(qubits)) if varies[i] or flips is not None]
    names = ParameterVector(free_name(circuit), 3 * len(dressed))
    for i, qubit in enumerate(qubits):
        if flips is None and not varies[i]:
            _turn(template, qubit, LETTERS[fixed[i]])
    for place, i in enumerate(dressed):
        dress(template, qubits[i], names[3 * place : 3 * place + 3])
    template.barrier(qubits)
    template.measure(qubits, bits)
    angles = np.repeat(to_z(letters)[:, dressed], randomizations, axis=0)
    if flips is not None:
        angles = after(angles, flips, np.zeros_like(flips))
    own = np.repeat(values, randomizations, axis=0)
    columns = np.concatenate([own, angles.reshape(rows, -1)], axis=1)
    parameters = [*circuit.parameters, *names]
    return Lowered(
        template,
        in_order(template, parameters, columns),
        {} if flips is None else {register: flips},
    )


def _turn(circuit: QuantumCircuit, qubit: int, letter: str) -> None:
    """Makes a measurement of Z one of the letter, by gates that every device has."""
    if letter == "Y":
        circuit.sx(qubit)
    elif letter == "X":
        circuit.rz(np.pi / 2, qubit)
        circuit.sx(qubit)
        circuit.rz(np.pi / 2, qubit)
