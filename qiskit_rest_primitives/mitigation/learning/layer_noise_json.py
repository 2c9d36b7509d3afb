"""Learned noise in the official client's form: ``NoiseLearnerResult``, ``LayerError``. No I/O.

In: the option ``resilience.layer_noise_model`` as JSON. Out: LayerNoise; and back, for metadata.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from qiskit_rest_primitives.errors import OptionsError, ProtocolError
from qiskit_rest_primitives.mitigation.base.layers import (
    Gates,
    Layer,
    LayerNoise,
    circuit_of,
    gates_of,
)
from qiskit_rest_primitives.wire.values.long_values import ParsedBody
from qiskit_rest_primitives.wire.values.typed_values import LEARNED_MODULE, Decoder

if TYPE_CHECKING:
    from qiskit.quantum_info import PauliLindbladMap

OPTION = "resilience.layer_noise_model"


def read_layer_noise(option: object) -> dict[Gates, LayerNoise]:
    """Reads noise that was learned before.

    Args:
        option: a ``NoiseLearnerResult``, a list of ``LayerError``, or their JSON.

    Returns:
        The noise by the gates of the layer; of layers with the same gates, on most qubits. Layers
        without an error are left out.

    Raises:
        OptionsError: it has another form; names the layer.
    """
    from qiskit_rest_primitives.wire.values.runtime_objects import OBJECTS

    try:
        content: Any = Decoder(ParsedBody(option), OBJECTS).value(option, OPTION)
    except ProtocolError as error:
        raise OptionsError(f"option {error}") from error
    layers = content.get("data", [content]) if isinstance(content, dict) else content
    if not isinstance(layers, list):
        raise OptionsError(f"option {OPTION} holds no list of layers")
    known: dict[Gates, LayerNoise] = {}
    for number, layer in enumerate(cast("list[Any]", layers)):
        try:
            if layer["error"] is None:
                continue
            noise = _layer_noise(layer["circuit"], layer["qubits"], layer["error"])
        except (TypeError, KeyError, ValueError, IndexError, AttributeError) as error:
            raise OptionsError(
                f"option {OPTION}: layer {number} is not a LayerError with a circuit, its qubits "
                f"and an error: {type(error).__name__}: {error}"[:300]
            ) from error
        other = known.get(noise.layer.gates)
        if other is None or len(other.layer.qubits) <= len(noise.layer.qubits):
            known[noise.layer.gates] = noise
    return known


def _layer_noise(circuit: Any, qubits: Any, error: Any) -> LayerNoise:
    gates = gates_of(circuit, qubits)
    used = [qubit for _, pair in gates for qubit in pair]
    if len(set(used)) < len(used):
        raise ValueError("a qubit has two gates")
    labels = error["generators"].to_labels()
    rates = np.asarray(error["rates"], dtype=float)
    if not np.isfinite(rates).all():
        raise ValueError("a rate is not finite")
    return LayerNoise(Layer(gates, tuple(map(int, qubits))), _model(labels, rates, len(qubits)))


def _model(labels: list[str], rates: np.ndarray, num_qubits: int) -> PauliLindbladMap:
    from qiskit.quantum_info import PauliLindbladMap

    generators = [
        (label.lstrip("+-i"), float(rate)) for label, rate in zip(labels, rates, strict=True)
    ]
    return PauliLindbladMap.from_list(generators, num_qubits=num_qubits)


def write_layer_noise(known: Iterable[LayerNoise]) -> list[dict[str, Any]]:
    """Noise as the metadata of a result have it.

    Returns:
        An envelope ``LayerError`` for each layer; circuits, Pauli lists and arrays in it are left
        as they are.
    """
    from qiskit.quantum_info import PauliList

    written: list[dict[str, Any]] = []
    for each in known:
        num_qubits = len(each.layer.qubits)
        terms = each.noise.to_sparse_list() or [("", [], 0.0)]
        labels = PauliList(
            ["".join(_letters(num_qubits, paulis, places)) for paulis, places, _ in terms]
        )
        error = _envelope(
            "PauliLindbladError",
            {"generators": labels, "rates": np.array([rate for *_, rate in terms])},
        )
        content = {
            "circuit": circuit_of(each.layer),
            "qubits": list(each.layer.qubits),
            "error": error,
        }
        written.append(_envelope("LayerError", content))
    return written


def _letters(num_qubits: int, paulis: str, places: Iterable[int]) -> list[str]:
    letters = ["I"] * num_qubits
    for letter, place in zip(paulis, places, strict=True):
        letters[num_qubits - 1 - place] = letter
    return letters


def _envelope(name: str, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "__type__": "_json",
        "__module__": LEARNED_MODULE,
        "__class__": name,
        "__value__": content,
    }
