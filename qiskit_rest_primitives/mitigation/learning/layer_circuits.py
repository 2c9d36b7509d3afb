"""Circuits that repeat a layer, to learn its noise. In: Layer. Out: a Run and its flips. No I/O.

Qubits are prepared in eigenstates of Pauli operators, pass the layer an even number of times
between random Paulis, and are measured in the bases they were prepared in. The layer undoes itself,
and the random Paulis turn its noise into Pauli noise, so that each operator decays by a constant
factor per pair of layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.mitigation.base.layers import Layer, standard_gate
from qiskit_rest_primitives.mitigation.base.steps import Run

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

CREG = "layer"


@dataclass(frozen=True)
class LayerRun:
    """One depth of a layer.

    Attributes:
        run: rows are (basis, randomization), in C order.
        flips: bool ``(bases, randomizations, qubits)``: which measured bits are inverted.
    """

    run: Run
    flips: np.ndarray


@dataclass(frozen=True)
class Place:
    """Where the circuits of a layer run.

    Attributes:
        num_qubits: of the device.
        pub_index: of the first PUB that has the layer, for messages.
    """

    num_qubits: int
    pub_index: int


def pauli_bases(num_qubits: int, edges: Sequence[tuple[int, int]]) -> np.ndarray:
    """Bases in which every pair of neighbours meets all nine pairs of Paulis.

    Neighbours have different colours; colours are columns of an orthogonal array of strength two:
    nine rows for up to four colours, which is enough for heavy-hex lattices.

    Args:
        num_qubits: of the layer.
        edges: pairs of neighbours.

    Returns:
        uint8 ``(bases, num_qubits)``: 0, 1 and 2 stand for X, Y and Z.
    """
    import rustworkx as rx

    graph = rx.PyGraph()
    graph.add_nodes_from(range(num_qubits))
    graph.add_edges_from_no_data(list(edges))
    colours = rx.graph_greedy_color(graph)
    colour = np.array([colours[qubit] for qubit in range(num_qubits)], dtype=int)
    digits = 2
    while (3**digits - 1) // 2 <= colour.max(initial=0):
        digits += 1
    rows = np.indices((3,) * digits).reshape(digits, -1)
    # A column for each vector over GF(3) whose first nonzero digit is 1: no two are multiples.
    vectors = rows.T[1:]
    first = vectors[np.arange(len(vectors)), (vectors != 0).argmax(axis=1)]
    columns = (vectors[first == 1] @ rows) % 3
    return columns[colour].T.astype(np.uint8)


def check_learnable(layer: Layer) -> None:
    """Refuses a layer whose noise can't be learned by repeating it.

    Raises:
        OptionsError: a gate does not undo itself, or is no Clifford gate.
    """
    for name, qubits in sorted(layer.gates):
        if not _undoes_itself(name):
            raise OptionsError(
                f"the noise of {name} on qubits {qubits} can't be learned, since the gate does not "
                "undo itself: use cz, cx or ecr, give resilience.layer_noise_model, or switch off "
                'resilience.pec_mitigation (for ZNE: amplifier "pea")'
            )


def layer_run(
    layer: Layer,
    bases: np.ndarray,
    pairs: int,
    num_randomizations: int,
    shots: int,
    seed: np.random.SeedSequence,
    place: Place,
) -> LayerRun:
    """The circuit that repeats a layer, and its random rows.

    Args:
        layer: to learn.
        bases: of `pauli_bases`.
        pairs: how often the layer is repeated, in pairs.
        num_randomizations: rows for each basis.
        shots: of each row.
        seed: of the random Paulis.
        place: where the circuit runs.
    """
    depth, width = 2 * pairs, len(layer.qubits)
    rng = np.random.default_rng(seed)
    shape = (len(bases), num_randomizations)
    # A random Pauli on each qubit before each layer, and one before the measurement.
    x, z = rng.integers(0, 2, (2, *shape, depth + 1, width), dtype=np.uint8)
    basis = np.broadcast_to(bases[:, None, :], (*shape, width))
    along_z = basis == 2
    tilt = np.where(along_z, 0.0, np.pi / 2)
    turn = np.where(basis == 1, np.pi / 2, 0.0)
    last = _anticommutes(x[..., -1, :], z[..., -1, :], basis)
    # Angles of sx-rz-sx-rz; of rz-sx-rz-sx before the measurement.
    angles = np.empty((*shape, depth + 2, width, 2))
    angles[..., 0, :, 0] = np.pi + tilt
    angles[..., 0, :, 1] = np.pi + turn
    angles[..., 1:-1, :, 0] = np.pi * (1 - x[..., :-1, :].astype(float))
    angles[..., 1:-1, :, 1] = np.pi * (1 - (x ^ z)[..., :-1, :].astype(float))
    angles[..., -1, :, 0] = np.where(along_z, 0.0, np.pi - turn + np.pi * last)
    angles[..., -1, :, 1] = np.pi + np.where(along_z, np.pi * last, tilt)
    return LayerRun(
        Run(
            _template(layer, depth, place.num_qubits),
            angles.reshape(shape[0] * shape[1], -1),
            shots,
            place.pub_index,
        ),
        _flips(layer, x, z, basis),
    )


def _anticommutes(x: np.ndarray, z: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Whether the Pauli with these bits changes the sign of X, Y or Z (basis 0, 1, 2)."""
    return np.choose(basis, [z, x ^ z, x]).astype(bool)


def _flips(layer: Layer, x: np.ndarray, z: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """The measured bits that the random Paulis invert, by what they become at the end."""
    bits = np.stack([x, z], axis=-2)
    now = bits[..., 0, :, :]
    for step in range(1, bits.shape[-3]):
        now = images(layer, now) ^ bits[..., step, :, :]
    return _anticommutes(now[..., 0, :], now[..., 1, :], basis)


def images(layer: Layer, bits: np.ndarray) -> np.ndarray:
    """What Paulis before a layer are after it, without signs.

    Args:
        layer: of Clifford gates.
        bits: uint8 ``(..., 2, qubits)``: x and z bits.
    """
    places = {qubit: index for index, qubit in enumerate(layer.qubits)}
    moved = bits.copy()
    for name, qubits in layer.gates:
        pair = [places[qubit] for qubit in qubits]
        before = bits[..., pair].reshape(*bits.shape[:-2], 4)
        moved[..., pair] = (before @ _moves(name) % 2).reshape(*bits.shape[:-2], 2, 2)
    return moved


def _template(layer: Layer, depth: int, num_qubits: int) -> QuantumCircuit:
    from qiskit import QuantumCircuit
    from qiskit.circuit import (
        Barrier,
        CircuitInstruction,
        ClassicalRegister,
        ParameterVector,
        QuantumRegister,
    )
    from qiskit.circuit.library import RZGate, SXGate

    width = len(layer.qubits)
    circuit = QuantumCircuit(QuantumRegister(num_qubits, "q"), ClassicalRegister(width, CREG))
    # A deep template has tens of thousands of gates; append() takes three times as long.
    append: Any = circuit._append  # pyright: ignore[reportPrivateUsage] - see above
    wires = [circuit.qubits[qubit] for qubit in layer.qubits]
    turns = [CircuitInstruction(SXGate(), (wire,)) for wire in wires]
    gates = [
        CircuitInstruction(standard_gate(name), tuple(circuit.qubits[qubit] for qubit in qubits))
        for name, qubits in sorted(layer.gates)
    ]
    barrier = CircuitInstruction(Barrier(width), wires)
    angles = iter(ParameterVector("angle", (depth + 2) * width * 2))
    for step in range(depth + 2):
        for wire, turn in zip(wires, turns, strict=True):
            first, second = (CircuitInstruction(RZGate(next(angles)), (wire,)) for _ in range(2))
            for item in (
                (first, turn, second, turn) if step > depth else (turn, first, turn, second)
            ):
                append(item)
        append(barrier)
        if 0 < step <= depth:
            for item in (*gates, barrier):
                append(item)
    circuit.measure(layer.qubits, range(width))
    return circuit


@cache
def _moves(name: str) -> np.ndarray:
    """uint8 ``(4, 4)``: what a gate makes of (x, x, z, z) of its qubits, as a matrix over GF(2)."""
    from qiskit.quantum_info import Clifford

    return Clifford(standard_gate(name)).symplectic_matrix.astype(np.uint8)


def _undoes_itself(name: str) -> bool:
    from qiskit import QiskitError, QuantumCircuit
    from qiskit.quantum_info import Clifford

    try:
        gate = Clifford(standard_gate(name))
    except (QiskitError, KeyError):
        return False
    # Up to a phase only: iswap twice is ZZ.
    return gate.compose(gate) == Clifford(QuantumCircuit(2))
