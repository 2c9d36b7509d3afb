"""Observables -> bases to measure in, and measured bits -> expectation values with their errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qiskit_rest_primitives.wire.shots import shots_of

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.simulator import ExpectationsWanted, Points

RunMeasured = Callable[["list[QuantumCircuit]", int, int], np.ndarray]
"""Bound circuits, shots and a seed -> uint8 bits ``(circuits, shots, clbits)``."""


@dataclass(frozen=True)
class Bases:
    """How to measure the observables of each point.

    Attributes:
        total: circuits of all rows.
        of_row: for each row of the PUB the number of its set of observables.
        first: for each row of the PUB the number of its first circuit, in order of rows.
        sets: for each set its bases, Pauli strings without coefficients; and for each of its
            observables the terms: (basis, pauli, coefficient).
    """

    total: int
    of_row: list[int]
    first: list[int]
    sets: list[tuple[list[str], dict[int, list[tuple[int, str, float]]]]]


def choose_bases(
    observables: Sequence[dict[str, float]], pairs: np.ndarray, num_rows: int
) -> Bases:
    """Groups, for each row, the terms that one measurement of every qubit can give together."""
    wanted: list[list[int]] = [[] for _ in range(num_rows)]
    for row, index in pairs:
        wanted[row].append(int(index))
    sets: list[tuple[list[str], dict[int, list[tuple[int, str, float]]]]] = []
    numbers: dict[tuple[int, ...], int] = {}
    of_row: list[int] = []
    first: list[int] = []
    circuits = 0
    for indices in wanted:
        key = tuple(indices)
        if key not in numbers:
            numbers[key] = len(sets)
            sets.append(_group({index: observables[index] for index in indices}))
        of_row.append(numbers[key])
        first.append(circuits)
        circuits += len(sets[numbers[key]][0])
    return Bases(circuits, of_row, first, sets)


def _group(
    observables: dict[int, dict[str, float]],
) -> tuple[list[str], dict[int, list[tuple[int, str, float]]]]:
    bases: list[str] = []
    place: dict[str, int] = {}
    for pauli in sorted({pauli for terms in observables.values() for pauli in terms}):
        if not pauli.strip("I"):
            continue
        for number, basis in enumerate(bases):
            if all(a == b or "I" in (a, b) for a, b in zip(basis, pauli, strict=True)):
                bases[number] = "".join(
                    b if a == "I" else a for a, b in zip(basis, pauli, strict=True)
                )
                place[pauli] = number
                break
        else:
            place[pauli] = len(bases)
            bases.append(pauli)
    terms = {
        index: [(place.get(pauli, -1), pauli, value) for pauli, value in observable.items()]
        for index, observable in observables.items()
    }
    return bases, terms


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
