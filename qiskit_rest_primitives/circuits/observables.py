"""Observables -> Pauli strings with real coefficients; projectors are expanded.

In: ObservablesArray. Out: nested lists of ``{pauli: coefficient}``, letters I X Y Z only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.errors import EncodeError

if TYPE_CHECKING:
    from qiskit.primitives.containers.observables_array import ObservablesArray

# Each projector on an eigenstate is (I + P) / 2 or (I - P) / 2.
PROJECTORS = {
    "0": ("Z", 1),
    "1": ("Z", -1),
    "+": ("X", 1),
    "-": ("X", -1),
    "r": ("Y", 1),
    "l": ("Y", -1),
}
_PAULIS = frozenset("IXYZ")
_MOST_TERMS = 1 << 14


def encode_observables(observables: ObservablesArray, num_qubits: int) -> Any:
    """Encodes observables for the wire.

    Args:
        observables: coerced observables of any shape.
        num_qubits: the width of their circuit.

    Returns:
        Lists of ``{pauli: coefficient}``, nested by the shape; for shape ``()`` one such dict.

    Raises:
        EncodeError: an observable has another width, a coefficient that is not finite, or
            projectors that expand to more than 2^14 terms.
    """
    if observables.size and observables.num_qubits != num_qubits:
        raise EncodeError(
            f"the observables have {observables.num_qubits} qubits but the circuit has "
            f"{num_qubits}; for a transpiled circuit use "
            f"observable.apply_layout(circuit.layout)"
        )
    return _encode_nested(observables.tolist(), num_qubits)


def _encode_nested(item: Any, num_qubits: int) -> Any:
    if isinstance(item, list):
        return [_encode_nested(entry, num_qubits) for entry in item]
    return _encode_one(item, num_qubits)


def _encode_one(observable: Mapping[str, Any], num_qubits: int) -> dict[str, float]:
    terms: dict[str, float] = {}
    expanded = 0
    for label, coefficient in observable.items():
        value = float(coefficient)
        if not math.isfinite(value):
            raise EncodeError(f"the coefficient of {label!r} is {value}; it must be finite")
        projectors = [place for place, letter in enumerate(label) if letter not in _PAULIS]
        if not projectors:
            terms[label] = terms.get(label, 0.0) + value
            continue
        expanded += 1 << len(projectors)
        if expanded > _MOST_TERMS:
            raise EncodeError(
                f"the term {label!r} has {len(projectors)} projectors, so the observable "
                f"expands to more than {_MOST_TERMS} Pauli terms; split it, or measure the circuit "
                f"with the sampler"
            )
        for pauli, weight in _expand(label, projectors):
            terms[pauli] = terms.get(pauli, 0.0) + weight * value
    return terms or {"I" * num_qubits: 0.0}


def _expand(label: str, projectors: list[int]) -> Any:
    letters = list(label)
    scale = 0.5 ** len(projectors)
    choices = [(("I", 1), PROJECTORS[label[place]]) for place in projectors]
    for choice in product(*choices):
        sign = 1
        for place, (letter, factor) in zip(projectors, choice, strict=True):
            letters[place] = letter
            sign *= factor
        yield "".join(letters), sign * scale
