"""Twelve circuits with observables and their exact values, by state vectors or Clifford algebra.

Up to twelve qubits they are written for a line and have generic angles; wider ones fill a connected
part of a device, gates on its own pairs, and have multiples of pi/2.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import Pauli, SparsePauliOp, StabilizerState, Statevector

WIDEST_STATEVECTOR = 12


@dataclass(frozen=True)
class Example:
    """A circuit, and what is estimated of it.

    Attributes:
        family: what it is.
        circuit: without measurements.
        observables: one Pauli each.
        dominated_by: "readout" or "gates": whose errors are most of the error of level 0.
        qubits: its place on the device; None lets the transpiler choose.
    """

    family: str
    circuit: QuantumCircuit
    observables: list[SparsePauliOp]
    dominated_by: str
    qubits: list[int] | None = None

    @property
    def name(self) -> str:
        """As printed."""
        return f"{self.family}, {self.circuit.num_qubits} qubits"

    @property
    def exact(self) -> np.ndarray:
        """The values without noise."""
        state = (
            Statevector(self.circuit)
            if self.circuit.num_qubits <= WIDEST_STATEVECTOR
            else StabilizerState(self.circuit)
        )
        return np.array([_value(state, observable) for observable in self.observables])


def _value(state: Statevector | StabilizerState, observable: SparsePauliOp) -> float:
    return sum(
        float(np.real(coefficient)) * float(np.real(state.expectation_value(Pauli(label))))
        for label, coefficient in observable.to_list()
    )


Layers = list[list[tuple[int, int]]]
"""Pairs of neighbours, no two of a layer on one qubit."""


def line(num_qubits: int) -> Layers:
    """The pairs of a line, in two layers."""
    return [[(qubit, qubit + 1) for qubit in range(first, num_qubits - 1, 2)] for first in (0, 1)]


@dataclass(frozen=True)
class Region:
    """A connected part of a device.

    Attributes:
        qubits: their numbers on the device; in circuits they are 0, 1, ...
        layers: all pairs of neighbours.
        tree: pairs that connect a known qubit with a new one, in order.
    """

    qubits: list[int]
    layers: Layers
    tree: list[tuple[int, int]]


def region(edges: Iterable[tuple[int, int]], num_qubits: int) -> Region:
    """The first qubits of a device in breadth-first order, from its best connected one."""
    near: dict[int, set[int]] = {}
    for a, b in edges:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    middle = sorted(near)[len(near) // 2]
    order = {max(near, key=lambda qubit: (len(near[qubit]), -abs(qubit - middle))): 0}
    tree: list[tuple[int, int]] = []
    waiting = deque(order)
    while waiting:
        known = waiting.popleft()
        for new in sorted(near[known] - order.keys())[: num_qubits - len(order)]:
            tree.append((order[known], len(order)))
            order[new] = len(order)
            waiting.append(new)
    pairs = sorted({tuple(sorted((order[a], order[b]))) for a in order for b in near[a] & {*order}})
    layers: Layers = []
    for a, b in pairs:
        free = (layer for layer in layers if not any({a, b} & {*pair} for pair in layer))
        layer = next(free, None)
        if layer is None:
            layers.append([(a, b)])
        else:
            layer.append((a, b))
    return Region(list(order), layers, tree)


def ghz(num_qubits: int, tree: Sequence[tuple[int, int]], rounds: int) -> QuantumCircuit:
    """A GHZ state; each further round takes it apart and makes it again."""
    spread = QuantumCircuit(num_qubits)
    for known, new in tree:
        spread.cx(known, new)
    circuit = QuantumCircuit(num_qubits)
    circuit.h(tree[0][0])
    circuit.compose(spread, inplace=True)
    for _ in range(rounds - 1):
        circuit.barrier()
        circuit.compose(spread.inverse(), inplace=True)
        circuit.barrier()
        circuit.compose(spread, inplace=True)
    return circuit


def ising(num_qubits: int, layers: Layers, steps: int, angle: float, kick: float) -> QuantumCircuit:
    """A Trotterised Ising model: exp(-i angle/2 ZZ) of neighbours, then exp(-i kick/2 X)."""
    circuit = QuantumCircuit(num_qubits)
    for _ in range(steps):
        _add_rzz(circuit, layers, angle)
        circuit.rx(kick, range(num_qubits))
    return circuit


def qaoa(num_qubits: int, layers: Layers, angles: Sequence[float]) -> QuantumCircuit:
    """QAOA for the largest cut of a graph: cost and mixer of each round by a pair of angles."""
    circuit = QuantumCircuit(num_qubits)
    circuit.h(range(num_qubits))
    for cost, mixer in zip(angles[::2], angles[1::2], strict=True):
        _add_rzz(circuit, layers, cost)
        circuit.rx(mixer, range(num_qubits))
    return circuit


def random_clifford(num_qubits: int, layers: Layers, depth: int, seed: int) -> QuantumCircuit:
    """Random Clifford layers and their inverse: every Z is 1 at its end."""
    rng = np.random.default_rng(seed)
    half = QuantumCircuit(num_qubits)
    for turn in range(depth):
        for qubit in range(num_qubits):
            getattr(half, rng.choice(["h", "s", "sx", "x"]))(qubit)
        for pair in layers[turn % len(layers)]:
            half.cz(*pair)
    circuit = half.copy()
    circuit.barrier()
    circuit.compose(half.inverse(), inplace=True)
    return circuit


def _add_rzz(circuit: QuantumCircuit, layers: Layers, angle: float) -> None:
    for layer in layers:
        for a, b in layer:
            circuit.cx(a, b)
            circuit.rz(angle, b)
            circuit.cx(a, b)


def neighbours(layers: Layers, num_qubits: int) -> list[SparsePauliOp]:
    """ZZ of neighbours."""
    return [_sparse("ZZ", pair, num_qubits) for layer in layers for pair in layer]


def singles(num_qubits: int) -> list[SparsePauliOp]:
    """Z of single qubits."""
    return [_sparse("Z", [qubit], num_qubits) for qubit in range(num_qubits)]


def _sparse(letters: str, qubits: Sequence[int], num_qubits: int) -> SparsePauliOp:
    return SparsePauliOp.from_sparse_list([(letters, qubits, 1.0)], num_qubits=num_qubits)


def stabilizers(circuit: QuantumCircuit) -> list[SparsePauliOp]:
    """Paulis whose values are +1 or -1, no two on one qubit: measured in one basis."""
    taken: set[int] = set()
    found: list[SparsePauliOp] = []
    for label in StabilizerState(circuit).clifford.to_labels(mode="S"):
        letters = label[1:]
        places = {at for at, letter in enumerate(reversed(letters)) if letter != "I"}
        if not places & taken:
            taken |= places
            found.append(SparsePauliOp(letters))
    return found


def examples(edges: Iterable[tuple[int, int]]) -> list[Example]:
    """The twelve circuits, made anew.

    Args:
        edges: pairs of neighbours of the device, at least 127 connected qubits.
    """
    edges = list(edges)
    wide = {size: region(edges, size) for size in (21, 40, 64, 127)}
    right = math.pi / 2
    small, large = (0.5, 0.6, 0.4, 0.5, 0.3, 0.4, 0.6, 0.3), (right,) * 4
    chain = [(0, 1), (1, 2), (2, 3)]
    return [
        Example("GHZ", ghz(4, chain, 7), neighbours(line(4), 4), "gates"),
        _ghz(wide[21]),
        _ghz(wide[127]),
        Example("Ising", ising(5, line(5), 6, 0.5, 0.4), singles(5), "gates"),
        Example("Ising", ising(8, line(8), 4, 0.4, 0.6), singles(8), "gates"),
        _clifford("Ising", ising(127, wide[127].layers, 2, right, right), wide[127]),
        Example("QAOA", qaoa(4, line(4), small), neighbours(line(4), 4), "gates"),
        Example("QAOA", qaoa(6, line(6), small[:4]), neighbours(line(6), 6), "readout"),
        _clifford("QAOA", qaoa(64, wide[64].layers, large), wide[64]),
        Example("random Clifford", random_clifford(6, line(6), 20, 1), singles(6), "gates"),
        _clifford(
            "random Clifford", random_clifford(40, wide[40].layers, 1, 2), wide[40], "readout"
        ),
        _clifford("random Clifford", random_clifford(127, wide[127].layers, 10, 3), wide[127]),
    ]


def _ghz(part: Region) -> Example:
    size = len(part.qubits)
    observables = neighbours(part.layers, size)
    return Example("GHZ", ghz(size, part.tree, 1), observables, "readout", part.qubits)


def _clifford(
    family: str, circuit: QuantumCircuit, part: Region, dominated_by: str = "gates"
) -> Example:
    return Example(family, circuit, stabilizers(circuit), dominated_by, part.qubits)
