"""Where the qubits of the simulated devices lie, beside Qiskit's own maps of IBM's devices."""

from __future__ import annotations

import ast
import inspect

import pytest
from qiskit.transpiler import CouplingMap
from qiskit.visualization import plot_gate_map

from qiskit_rest_primitives.local.simulators.devices.fake_devices import FEWEST_QUBITS, MOST_QUBITS
from qiskit_rest_primitives.local.simulators.devices.lattices import edges_of, places_of


def coordinates_of_qiskit():
    """Size -> (row, column) of each qubit, as written down in Qiskit's function."""
    tree = ast.parse(inspect.getsource(plot_gate_map))
    return {
        ast.literal_eval(node.targets[0].slice): [tuple(at) for at in ast.literal_eval(node.value)]
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
    }


@pytest.mark.parametrize("size", [7, 15, 16, 20, 27, 28, 53, 65, 127])
def test_places_are_those_of_qiskit(size):
    """Qiskit draws our devices of IBM's sizes with its own coordinates: they are the same."""
    assert places_of(size) == coordinates_of_qiskit()[size]


def test_every_size_is_a_connected_part_of_a_lattice():
    """As many qubits as named, no two at one place, and at most three neighbours each."""
    for size in range(FEWEST_QUBITS, MOST_QUBITS + 1):
        coupling = CouplingMap(edges_of(size))
        assert coupling.size() == len(set(places_of(size))) == size
        assert coupling.is_connected()
        coupling.make_symmetric()
        assert max(len(coupling.neighbors(qubit)) for qubit in range(size)) <= 3


def test_neighbours_are_one_step_apart():
    """So no two edges of a drawing cross, whatever the size."""
    for size in range(FEWEST_QUBITS, MOST_QUBITS + 1):
        places = places_of(size)
        for a, b in edges_of(size):
            (row, column), (other_row, other_column) = places[a], places[b]
            assert abs(row - other_row) + abs(column - other_column) == 1
