"""Observables -> bases to measure in: what one measurement of every qubit gives together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


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

    def of_circuits(self) -> list[tuple[int, str]]:
        """The row and the basis of each circuit, in order."""
        return [
            (row, basis) for row, number in enumerate(self.of_row) for basis in self.sets[number][0]
        ]


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
