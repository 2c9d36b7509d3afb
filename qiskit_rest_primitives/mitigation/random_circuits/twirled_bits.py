"""Twirls the measurements of a circuit, and nothing else of it. Needs no extra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_rest_primitives.circuits.measured import IDLE
from qiskit_rest_primitives.mitigation.random_circuits.dressings import (
    dress,
    free_name,
    in_order,
    pauli,
)
from qiskit_rest_primitives.mitigation.random_circuits.lowered import Lowered

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


def with_twirled_bits(
    circuit: QuantumCircuit, values: np.ndarray, randomizations: int, rng: np.random.Generator
) -> Lowered:
    """Turns the qubits of random measurements before them, and back after them.

    Bits that conditions or stores may read stay as they are: only the measurements after the last
    of these are twirled.

    Args:
        circuit: of a sampler PUB.
        values: float64 ``(points, parameters)``: the circuit's own.
        randomizations: rows of each point.
        rng: draws the flips of each row and measurement.
    """
    from qiskit.circuit import ParameterVector

    first = _first_to_twirl(circuit)
    again = _used_again(circuit)
    twirled = [i for i, item in enumerate(circuit.data) if i >= first and item.name == "measure"]
    rows = len(values) * randomizations
    drawn = rng.integers(0, 2, (rows, len(twirled)), dtype=bool)
    number = {position: column for column, position in enumerate(twirled)}
    names = ParameterVector(free_name(circuit), 3 * len(twirled))
    template = circuit.copy_empty_like()
    # Of the last measurement into each bit.
    flips: dict[Any, np.ndarray] = {}
    for position, item in enumerate(circuit.data):
        column = number.get(position)
        if column is None:
            template.append(item, copy=False)
            continue
        angles = names[3 * column : 3 * column + 3]
        dress(template, item.qubits[0], angles)
        template.append(item, copy=False)
        if position in again:
            dress(template, item.qubits[0], angles)
        flips[item.clbits[0]] = drawn[:, column]
    own = np.repeat(values, randomizations, axis=0)
    angles = pauli(drawn, np.zeros_like(drawn)).reshape(rows, -1)
    none = np.zeros(rows, dtype=bool)
    return Lowered(
        template,
        in_order(template, [*circuit.parameters, *names], np.concatenate([own, angles], axis=1)),
        {
            creg.name: np.stack([flips.get(bit, none) for bit in creg], axis=-1)
            for creg in circuit.cregs
            if len(creg)
        },
    )


def _first_to_twirl(circuit: QuantumCircuit) -> int:
    """The position after the last instruction that may read bits."""
    readers = [
        position
        for position, item in enumerate(circuit.data)
        if item.is_control_flow() or item.name == "store"
    ]
    return max(readers, default=-1) + 1


def _used_again(circuit: QuantumCircuit) -> set[int]:
    """Positions of the measurements whose qubit is used afterwards."""
    used: set[Any] = set()
    found: set[int] = set()
    for position in reversed(range(len(circuit.data))):
        item = circuit.data[position]
        if item.name == "measure" and item.qubits[0] in used:
            found.add(position)
        if item.name not in IDLE:
            used.update(item.qubits)
    return found
