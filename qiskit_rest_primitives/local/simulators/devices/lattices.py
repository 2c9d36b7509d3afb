"""Where the qubits of a device of any size lie, and which are neighbours: IBM's lattices.

A lattice is drawn on a grid, and qubits one step apart are neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

Place = tuple[int, int]
Edge = tuple[int, int]


def places_of(num_qubits: int) -> list[Place]:
    """The (row, column) of each qubit, from 0: what `plot_gate_map` takes as coordinates.

    Devices of IBM's sizes have IBM's numbering. Any other size is a connected part of the next
    larger heavy-hex lattice.

    >>> places_of(5)
    [(0, 0), (0, 1), (0, 2), (1, 1), (2, 1)]
    """
    return [place for _, place in _chosen(num_qubits)]


def edges_of(num_qubits: int) -> list[Edge]:
    """Every pair of neighbours, the lower number first, sorted.

    >>> edges_of(5)
    [(0, 1), (1, 2), (1, 3), (3, 4)]
    """
    size, _ = _lattice(num_qubits)
    new = {old: number for number, (old, _) in enumerate(_chosen(num_qubits))}
    return [(new[a], new[b]) for a, b in _all_edges(size) if a in new and b in new]


@lru_cache(maxsize=16)
def _chosen(num_qubits: int) -> tuple[tuple[int, Place], ...]:
    """The qubits of the lattice that the device has: their numbers in it, and places."""
    size, places = _lattice(num_qubits)
    neighbours: dict[int, list[int]] = {}
    for a, b in _all_edges(size):
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    chosen: set[int] = set()
    near = {0}
    while len(chosen) < num_qubits:
        # The neighbour of lowest number, so that the part has the shape of a device.
        chosen.add(min(near))
        near = near.union(neighbours[min(near)]) - chosen
    return tuple((qubit, places[qubit]) for qubit in sorted(chosen))


def _lattice(num_qubits: int) -> tuple[int, Sequence[Place]]:
    if num_qubits in _LATTICES:
        return num_qubits, _LATTICES[num_qubits]
    size = next(size for size in _HEAVY_HEX if size > num_qubits)
    return size, _LATTICES[size]


@lru_cache(maxsize=16)
def _all_edges(size: int) -> tuple[Edge, ...]:
    number = {place: qubit for qubit, place in enumerate(_LATTICES[size])}
    steps = [
        (qubit, number[other])
        for (row, column), qubit in number.items()
        for other in ((row, column + 1), (row + 1, column))
        if other in number
    ]
    found = sorted((min(pair), max(pair)) for pair in steps)
    return tuple(pair for pair in found if size != 20 or pair not in _NOT_COUPLED_OF_20)


def _rows(*rows: Iterable[int]) -> list[Place]:
    """Numbered along the rows, each given by its columns."""
    return [(row, column) for row, columns in enumerate(rows) for column in columns]


def _columns(*columns: Iterable[int]) -> list[Place]:
    """Numbered along the columns, each given by its rows."""
    return [(row, column) for column, rows in enumerate(columns) for row in rows]


def _long_rows(count: int, length: int, *bridges: Iterable[int]) -> list[Iterable[int]]:
    """Full rows, with rows of bridges between them that alternate."""
    rows: list[Iterable[int]] = []
    for number in range(count):
        rows += [range(length), bridges[number % 2]]
    return rows


_FALCON = ((1,), (1, 2, 3), (1, 3), (0, 1, 3, 4), (1, 3), (1, 2, 3))
_FROM_0, _FROM_2 = (0, 4, 8, 12), (2, 6, 10, 14)
_HUMMINGBIRD = _long_rows(4, 11, (0, 4, 8), (2, 6, 10))
_EAGLE = _long_rows(6, 15, _FROM_0, _FROM_2)

_LATTICES: dict[int, list[Place]] = {
    5: _rows((0, 1, 2), (1,), (1,)),
    7: _rows((0, 1, 2), (1,), (0, 1, 2)),  # Falcon H
    15: [*_rows(range(7)), *((1, column) for column in range(7, -1, -1))],  # Canary
    16: _columns(*_FALCON, (1,)),  # Falcon P
    20: _rows(*[range(5)] * 4),  # Johannesburg
    27: _columns(*_FALCON, (1, 3), (0, 1, 3, 4), (1, 3), (1, 2, 3), (3,)),  # Falcon
    28: _rows(range(2, 7), (2, 6), range(9), (0, 4, 8), range(9)),  # Cambridge
    53: _rows(range(2, 7), (2, 6), *_long_rows(4, 9, (0, 4, 8), (2, 6))),  # Rochester
    65: _rows(range(10), *_HUMMINGBIRD[1:], range(1, 11)),
    127: _rows(range(14), *_EAGLE[1:], range(1, 15)),
    133: _rows(*_long_rows(7, 15, _FROM_0, _FROM_2)),  # Heron r1
    156: _rows(*_long_rows(8, 16, (3, 7, 11, 15), (1, 5, 9, 13))[:-1]),  # Heron r2
}
_HEAVY_HEX = (7, 16, 27, 65, 127, 133, 156)
_NOT_COUPLED_OF_20 = {
    *((1, 6), (2, 7), (3, 8), (6, 11), (8, 13)),
    *((11, 16), (12, 17), (13, 18)),
}
