"""Gate folding: two-qubit gates are repeated, each time twirled anew, to raise their noise."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from qiskit_rest_primitives.mitigation.random_circuits.dressings import before, in_order, pauli
from qiskit_rest_primitives.mitigation.random_circuits.lowered import Lowered

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

FOLDABLE = frozenset({"cx", "cy", "cz", "ecr", "swap"})
"""Names of the gates that can be folded; each is its own inverse."""

Gate: TypeAlias = tuple[str, tuple[int, ...], int]
"""Name, qubits, and how many such gates come before it on these qubits."""

_DRESSING = ["rz", "sx", "rz", "sx", "rz"]


def choose_folds(
    circuit: QuantumCircuit, factor: float, amplifier: str, rng: np.random.Generator
) -> dict[Gate, int]:
    """Says how often each gate is folded: n folds make it 2n + 1 gates.

    The choice is that of ``qiskit_mitigation.zne.gate_folding.GateFoldingPass``.

    Args:
        circuit: whose gates are folded.
        factor: noise factor, at least 1. Where it is no odd integer, some gates have one fold more.
        amplifier: gate_folding (those are random ones), gate_folding_front or gate_folding_back.
        rng: for gate_folding.
    """
    from qiskit.converters import circuit_to_dag

    numbers = {qubit: number for number, qubit in enumerate(circuit.qubits)}
    counts: Counter[tuple[str, tuple[int, ...]]] = Counter()
    gates: list[Gate] = []
    for node in circuit_to_dag(circuit).topological_op_nodes():
        if node.name in FOLDABLE:
            gates.append(_counted(counts, node.name, tuple([numbers[q] for q in node.qargs])))
    folds = dict.fromkeys(gates, int((factor - 1) // 2))
    wanted = (factor - 1) % 2 / 2 * len(gates)
    if np.isclose(wanted, 0):
        return folds
    extra = max(1, round(wanted))
    if amplifier == "gate_folding_front":
        chosen = gates[:extra]
    elif amplifier == "gate_folding_back":
        chosen = gates[-extra:]
    else:
        chosen = [gates[i] for i in rng.choice(len(gates), extra, replace=False)]
    for gate in chosen:
        folds[gate] += 1
    return folds


def folded(circuit: QuantumCircuit, folds: Mapping[Gate, int]) -> QuantumCircuit:
    """Repeats gates without twirling them."""
    if not any(folds.values()):
        return circuit
    result = circuit.copy_empty_like()
    for item, _, count in _with_folds(circuit, folds):
        for _ in range(2 * count + 1):
            result.append(item, copy=False)
    return result


class FoldableTemplate:
    """A twirled template whose gates can be repeated, with new random Pauli gates in between.

    What is left of the Pauli gates goes into the angles of the dressing that follows.
    """

    def __init__(self, template: QuantumCircuit):
        """Reads the template.

        Args:
            template: its gates have dressings before and, most of them, after them.
        """
        self.template = template
        self._following = _following_dressings(template)
        self._columns = {parameter: i for i, parameter in enumerate(template.parameters)}

    def folded(
        self, lowered: Lowered, folds: Mapping[Gate, int], rng: np.random.Generator
    ) -> Lowered:
        """Repeats gates.

        Args:
            lowered: random versions of the template.
            folds: of the gates of the circuit from which the template was made.
            rng: draws the Pauli gates.
        """
        if not any(folds.values()):
            return lowered
        rows = len(lowered.values)
        built = _Building(self.template)
        into: list[list[int]] = []
        merged: list[np.ndarray] = []
        for position, (item, name, count) in enumerate(_with_folds(self.template, folds)):
            built.add(item.operation, item.qubits, item.clbits)
            if not count:
                continue
            matrix = _conjugation(name)
            # x and z of both qubits, for each row.
            left = np.zeros((rows, 4), dtype=np.uint8)
            for drawn in rng.integers(0, 2, (2 * count, rows, 4), dtype=np.uint8):
                for place, qubit in enumerate(item.qubits):
                    built.add_paulis(qubit, drawn[:, place::2])
                built.add(item.operation, item.qubits, ())
                left = (left ^ drawn) @ matrix % 2
            for place, qubit in enumerate(item.qubits):
                dressing = self._following.get((position, qubit))
                if dressing is None:
                    built.add_paulis(qubit, left[:, place::2])
                else:
                    into.append([self._columns[parameter] for parameter in dressing])
                    merged.append(left[:, place::2])
        values = lowered.values.copy()
        if merged:
            x, z = _bits(merged)
            values[:, into] = before(values[:, into], x, z)
        circuit = built.circuit()
        every = np.concatenate([values, built.angles(rows)], axis=1)
        parameters = [*self.template.parameters, *built.parameters]
        return replace(lowered, circuit=circuit, values=in_order(circuit, parameters, every))


class _Building:
    """A circuit of the same bits as another one, with Pauli gates that have parameters."""

    def __init__(self, like: QuantumCircuit):
        from qiskit.circuit.library import SXGate
        from qiskit.converters import circuit_to_dag

        # Adding to a graph costs half of what adding to a circuit does.
        self.dag = circuit_to_dag(like.copy_empty_like())
        self.parameters: list[Any] = []
        self.paulis: list[np.ndarray] = []
        self.sx = SXGate()

    def add(self, operation: Any, qubits: Any, clbits: Any) -> None:
        """Adds an instruction."""
        self.dag.apply_operation_back(operation, qubits, clbits, check=False)

    def add_paulis(self, qubit: Any, paulis: np.ndarray) -> None:
        """Adds a dressing that is a Pauli gate: x and z of each row, ``(rows, 2)``."""
        from qiskit.circuit import Parameter
        from qiskit.circuit.library import RZGate

        first = len(self.parameters)
        # Its first angle is 0.
        for number in (first, first + 1):
            angle = Parameter(f"q{number:07}")
            self.parameters.append(angle)
            self.add(self.sx, (qubit,), ())
            self.add(RZGate(angle), (qubit,), ())
        self.paulis.append(paulis)

    def angles(self, rows: int) -> np.ndarray:
        """The values of the parameters: float64 ``(rows, parameters)``."""
        if not self.paulis:
            return np.empty((rows, 0))
        return pauli(*_bits(self.paulis))[..., 1:].reshape(rows, -1)

    def circuit(self) -> QuantumCircuit:
        """What was added."""
        from qiskit.converters import dag_to_circuit

        return dag_to_circuit(self.dag, copy_operations=False)


def _bits(paulis: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Many of x and z, each ``(rows, 2)`` -> x and z, bool ``(rows, many)``."""
    x, z = np.array(paulis).transpose(2, 1, 0) == 1
    return x, z


def _with_folds(
    circuit: QuantumCircuit, folds: Mapping[Gate, int]
) -> Iterator[tuple[Any, str, int]]:
    """Each instruction, its name and its number of folds."""
    numbers = {qubit: number for number, qubit in enumerate(circuit.qubits)}
    counts: Counter[tuple[str, tuple[int, ...]]] = Counter()
    for item in circuit.data:
        name = item.name
        count = 0
        if name in FOLDABLE:
            gate = _counted(counts, name, tuple([numbers[qubit] for qubit in item.qubits]))
            count = folds[gate]
        yield item, name, count


def _counted(
    counts: Counter[tuple[str, tuple[int, ...]]], name: str, qubits: tuple[int, ...]
) -> Gate:
    number = counts[name, qubits]
    counts[name, qubits] += 1
    return name, qubits, number


def _following_dressings(template: QuantumCircuit) -> dict[tuple[int, Any], Sequence[Any]]:
    """The dressing right after each foldable gate: (position, qubit) -> parameters (c, b, a)."""
    of_qubit: defaultdict[Any, list[tuple[int, str, Any]]] = defaultdict(list)
    for position, item in enumerate(template.data):
        name = item.name
        # Pauli gates go through these.
        if name not in ("barrier", "delay"):
            angle = item.params[0] if name == "rz" else None
            for qubit in item.qubits:
                of_qubit[qubit].append((position, name, angle))
    found: dict[tuple[int, Any], Sequence[Any]] = {}
    own = set(template.parameters)
    for qubit, items in of_qubit.items():
        for place, (position, name, _) in enumerate(items):
            window = items[place + 1 : place + 6]
            if name in FOLDABLE and [entry[1] for entry in window] == _DRESSING:
                angles = [angle for _, _, angle in window[::2]]
                if all(angle in own for angle in angles):
                    found[position, qubit] = angles
    return found


def _conjugation(name: str) -> np.ndarray:
    """What a gate makes of Pauli gates: uint8 ``(4, 4)``, from (x0, x1, z0, z1) to the same."""
    if name not in _MATRICES:
        from qiskit.circuit.library import get_standard_gate_name_mapping
        from qiskit.quantum_info import Clifford

        gate = get_standard_gate_name_mapping()[name]
        _MATRICES[name] = Clifford(gate).symplectic_matrix.astype(np.uint8)
    return _MATRICES[name]


_MATRICES: dict[str, np.ndarray] = {}
