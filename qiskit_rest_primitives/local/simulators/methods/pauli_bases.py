"""Circuits with measured observables, and measured bits -> expectation values with their errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from qiskit_rest_primitives.mitigation.base.bases import Bases
from qiskit_rest_primitives.wire.shots import shots_of

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.base.simulator import ExpectationsWanted, Points

RunMeasured = Callable[["list[QuantumCircuit]", int, int], np.ndarray]
"""Bound circuits, shots and a seed -> uint8 bits ``(circuits, shots, clbits)``."""


def estimate_from_bits(
    run: RunMeasured,
    bases: Bases,
    points: Points,
    wanted: ExpectationsWanted,
) -> dict[str, np.ndarray]:
    """Measures every basis of every row with the shots whose standard error is the precision.

    Args:
        run: runs the circuits.
        bases: of the whole PUB.
        points: whose circuit has no measurements at its end.
        wanted: with a precision above 0.

    Returns:
        ``evs`` and ``stds``, the standard errors of the means, float64 ``(n,)``.
    """
    shots, pairs, start = shots_of(wanted.precision), wanted.pairs, points.start
    num_qubits = points.circuit.num_qubits
    circuits: list[QuantumCircuit] = []
    for row in range(len(points.rows)):
        bound = points.bound(row)
        circuits += [_measured(bound, b) for b in bases.sets[bases.of_row[start + row]][0]]
    first = bases.first[start]
    signs = np.empty((0, shots, num_qubits))
    if circuits:
        bits = run(circuits, shots, points.seeds.for_circuit(first))
        signs = 1 - 2 * bits[..., -num_qubits:].astype(np.int8)
    evs, stds = np.zeros(len(pairs)), np.zeros(len(pairs))
    for position, (row, index) in enumerate(pairs):
        offset = bases.first[start + row] - first
        by_basis: dict[int, np.ndarray] = {}
        for number, pauli, coefficient in bases.sets[bases.of_row[start + row]][1][int(index)]:
            if number < 0:
                evs[position] += coefficient
                continue
            qubits = [len(pauli) - 1 - place for place, p in enumerate(pauli) if p != "I"]
            values = coefficient * signs[offset + number][:, qubits].prod(axis=-1)
            by_basis[number] = by_basis.get(number, 0.0) + values
        evs[position] += sum(values.mean() for values in by_basis.values())
        stds[position] = math.sqrt(sum(values.var() / shots for values in by_basis.values()))
    return {"evs": evs, "stds": stds}


def registers_from_bits(circuit: QuantumCircuit, bits: np.ndarray) -> dict[str, np.ndarray]:
    """Bits ``(..., clbits)`` -> creg name -> big-endian uint8 ``(..., bytes)``."""
    numbers = {clbit: index for index, clbit in enumerate(circuit.clbits)}
    return {creg.name: _pack(bits, [numbers[bit] for bit in creg]) for creg in circuit.cregs}


def _pack(bits: np.ndarray, sources: Sequence[int]) -> np.ndarray:
    """Picks the bits of a register, lowest first, into big-endian bytes."""
    padding = -len(sources) % 8
    picked = bits[..., list(sources)[::-1]]
    padded = np.pad(picked, [(0, 0)] * (bits.ndim - 1) + [(padding, 0)])
    return np.packbits(padded, axis=-1)


def _measured(circuit: QuantumCircuit, basis: str) -> QuantumCircuit:
    """Turns each qubit to its letter's basis, by gates that every device has, and measures it."""
    from qiskit.circuit import ClassicalRegister

    measured = circuit.copy()
    name = "observed"
    while any(creg.name == name for creg in circuit.cregs):
        name += "_"
    outcome = ClassicalRegister(circuit.num_qubits, name)
    measured.add_register(outcome)
    for qubit, letter in enumerate(reversed(basis)):
        if letter == "Y":
            measured.sx(qubit)
        elif letter == "X":
            measured.rz(math.pi / 2, qubit)
            measured.sx(qubit)
            measured.rz(math.pi / 2, qubit)
        if letter != "I":
            measured.measure(qubit, outcome[qubit])
    return measured
