"""Layers of two-qubit gates and their noise. In: boxed circuit. Out: Layer. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from qiskit.quantum_info import PauliLindbladMap

Gates: TypeAlias = frozenset[tuple[str, tuple[int, ...]]]
"""Names and qubits of two-qubit gates that act at the same time."""

# Gates for which the order of the qubits does not matter.
_SYMMETRIC = frozenset({"cz", "swap", "iswap", "rzz", "cp", "rxx", "ryy"})


@dataclass(frozen=True)
class Layer:
    """A layer of a circuit.

    Attributes:
        gates: on qubits of the device.
        qubits: of the device, ascending; those of the gates, and idle ones that are twirled too.
    """

    gates: Gates
    qubits: tuple[int, ...]


@dataclass(frozen=True)
class LayerNoise:
    """The noise of a layer.

    Attributes:
        layer: on all qubits of which the noise is known.
        noise: its qubit k is ``layer.qubits[k]``.
    """

    layer: Layer
    noise: PauliLindbladMap

    def on(self, qubits: Sequence[int]) -> PauliLindbladMap:
        """The noise that some of the device's qubits see; qubit k of it is ``qubits[k]``.

        Where a generator acts on other qubits too, only its part on these remains.
        """
        from qiskit.quantum_info import PauliLindbladMap

        place = {qubit: index for index, qubit in enumerate(qubits)}
        numbers = [place.get(qubit) for qubit in self.layer.qubits]
        rates: Counter[tuple[str, tuple[int, ...]]] = Counter()
        for letters, indices, rate in self.noise.to_sparse_list():
            kept = sorted(
                (number, letter)
                for letter, index in zip(letters, indices, strict=True)
                if (number := numbers[index]) is not None
            )
            if kept:
                places, paulis = zip(*kept, strict=True)
                rates["".join(paulis), places] += rate
        return PauliLindbladMap.from_sparse_list(
            [(letters, places, rate) for (letters, places), rate in rates.items()],
            num_qubits=len(qubits),
        )


def gates_of(circuit: QuantumCircuit, qubits: Sequence[int]) -> Gates:
    """The two-qubit gates of a circuit.

    Args:
        circuit: a layer.
        qubits: of the device, one for each of the circuit's.
    """
    numbers = dict(zip(circuit.qubits, qubits, strict=True))
    found: set[tuple[str, tuple[int, ...]]] = set()
    for item in circuit.data:
        if len(item.qubits) == 2 and item.name != "barrier":
            pair = tuple(numbers[qubit] for qubit in item.qubits)
            found.add((item.name, tuple(sorted(pair)) if item.name in _SYMMETRIC else pair))
    return frozenset(found)


def circuit_of(layer: Layer) -> QuantumCircuit:
    """The gates of a layer on as many qubits as it has: qubit k is ``layer.qubits[k]``."""
    from qiskit import QuantumCircuit

    places = {qubit: index for index, qubit in enumerate(layer.qubits)}
    circuit = QuantumCircuit(len(layer.qubits))
    for name, qubits in sorted(layer.gates):
        circuit.append(standard_gate(name), [places[qubit] for qubit in qubits])
    return circuit


@cache
def standard_gate(name: str) -> Any:
    """Qiskit's gate of that name.

    Raises:
        KeyError: there is none.
    """
    from qiskit.circuit.library import get_standard_gate_name_mapping

    return get_standard_gate_name_mapping()[name]


def noisy_layers(boxed: QuantumCircuit, qubits: Sequence[int]) -> list[tuple[str, Layer]]:
    """The layers into which samplomatic injects noise, in the order of the circuit.

    Args:
        boxed: by a pass manager with ``inject_noise_targets="gates"``.
        qubits: of the device, one for each of the circuit's, ascending.

    Returns:
        The reference of the noise, and the layer, of each box with gates.
    """
    from samplomatic import InjectNoise
    from samplomatic.utils import get_annotation

    numbers = dict(zip(boxed.qubits, qubits, strict=True))
    layers: dict[str, Layer] = {}
    refs: list[str] = []
    for item in boxed.data:
        if item.name != "box":
            continue
        annotation = get_annotation(item.operation, InjectNoise)
        if annotation is None:
            continue
        ref = annotation.ref
        if ref not in layers:
            places = [numbers[qubit] for qubit in item.qubits]
            layers[ref] = Layer(gates_of(item.operation.body, places), tuple(sorted(places)))
        refs.append(ref)
    return [(ref, layers[ref]) for ref in refs]


def layers_to_learn(
    pubs: Sequence[Iterable[Layer]], most: int | None
) -> tuple[list[tuple[Layer, int]], list[Layer]]:
    """The distinct layers of all circuits of a job, the most frequent first.

    Layers with the same gates are one, on all qubits that any of them twirls.

    Args:
        pubs: the layers of each circuit, each as often as it occurs.
        most: how many at most; None: all.

    Returns:
        Those to learn, each with the first PUB that has it, and those that are left over.
    """
    counts: Counter[Gates] = Counter()
    first: dict[Gates, int] = {}
    qubits: dict[Gates, set[int]] = {}
    for pub_index, layers in enumerate(pubs):
        for layer in layers:
            counts[layer.gates] += 1
            first.setdefault(layer.gates, pub_index)
            qubits.setdefault(layer.gates, set()).update(layer.qubits)
    distinct = [
        (Layer(gates, tuple(sorted(qubits[gates]))), first[gates])
        for gates, _ in counts.most_common()
    ]
    kept = distinct if most is None else distinct[:most]
    return kept, [layer for layer, _ in distinct[len(kept) :]]
