"""Observables in every form that PUBs may have. In: JSON. Out: nested lists of terms. No I/O.

A Pauli string, ``{pauli: coefficient}``, ``[[pauli, coefficient], ...]``, the envelopes of
qiskit.quantum_info's operators, and (nested) lists of those.
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.values.arrays import decode_array
from qiskit_rest_primitives.wire.values.excerpt import brief

MAX_COEFFICIENT_BYTES = 1 << 28
"""Limit of the decoded coefficients of one operator, in bytes."""

_MAX_DEPTH = 32

Observables = str | dict[str, float] | list["Observables"]
"""A Pauli string, Pauli strings with real coefficients, or a nested list of either."""


def type_of(value: object) -> object:
    """Returns the type of an envelope; None if the value is not one."""
    return cast("dict[str, object]", value).get("__type__") if isinstance(value, dict) else None


def decode_observables(value: object, place: str, depth: int = 0) -> Observables:
    """Reads the observables of a PUB.

    Raises:
        ProtocolError: another form, a coefficient that is not a finite real number, or nesting
            without end; names the place.
    """
    if depth > _MAX_DEPTH:
        raise ProtocolError(f"{place}: lists nested more than {_MAX_DEPTH} deep")
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        if "__type__" in value:
            return _decode_operator(cast("dict[str, object]", value), place, depth)
        terms = cast("dict[str, object]", value)
        return {
            pauli: _coefficient(each, f"{place} {brief(pauli)}") for pauli, each in terms.items()
        }
    if isinstance(value, list):
        items = cast("list[object]", value)
        if _is_term_list(items):
            return _sum_terms(items, place)
        return [
            decode_observables(each, f"{place}[{i}]", depth + 1) for i, each in enumerate(items)
        ]
    raise ProtocolError(
        f"{place}: expected a Pauli string, an object of coefficients or a list of those, "
        f"found {brief(value)}"
    )


def _is_term_list(items: list[object]) -> bool:
    """Returns whether it is SparsePauliOp's list form, ``[["XX", 0.5], ["ZZ", 1]]``."""
    return bool(items) and all(
        isinstance(item, list)
        and len(pair := cast("list[object]", item)) == 2
        and isinstance(pair[0], str)
        and not isinstance(pair[1], (str, bool))
        and (isinstance(pair[1], (int, float)) or type_of(pair[1]) == "complex")
        for item in items
    )


def _sum_terms(items: list[object], place: str) -> dict[str, float]:
    terms: dict[str, float] = {}
    for item in items:
        pauli, coefficient = cast("list[object]", item)
        name = cast("str", pauli)
        terms[name] = terms.get(name, 0.0) + _coefficient(coefficient, f"{place} {brief(name)}")
    return terms


def _decode_operator(value: dict[str, object], place: str, depth: int) -> Observables:
    """Reads the envelopes of ObservablesArray and of qiskit.quantum_info's Pauli operators."""
    content = value.get("__value__")
    if value["__type__"] == "ObservablesArray":
        return decode_observables(content, place, depth + 1)
    kind = value.get("__class__")
    settings = cast("dict[str, object]", content) if isinstance(content, dict) else {}
    data = settings.get("data")
    if value["__type__"] == "settings" and kind == "Pauli" and isinstance(data, str):
        return data
    if value["__type__"] == "settings" and kind in ("PauliList", "SparsePauliOp"):
        if type_of(data) == "settings":
            data = _decode_operator(cast("dict[str, object]", data), place, depth + 1)
        if isinstance(data, list) and all(isinstance(each, str) for each in data):
            labels = cast("list[object]", data)
            if kind == "PauliList":
                return cast("Observables", labels)
            coeffs = decode_array(
                settings.get("coeffs"), max_bytes=MAX_COEFFICIENT_BYTES, place=place
            )
            if coeffs.shape == (len(labels),) and coeffs.dtype.kind in "iufc":
                coeffs = coeffs.astype(np.complex128)
                if np.any(coeffs.imag):
                    raise ProtocolError(f"{place}: coefficients must be real, found complex ones")
                return _sum_terms(
                    [[label, float(c.real)] for label, c in zip(labels, coeffs, strict=True)], place
                )
    raise ProtocolError(f"{place}: unknown type {brief(kind or value['__type__'])}")


def _coefficient(value: object, place: str) -> float:
    if type_of(value) == "complex":
        pair = cast("dict[str, object]", value).get("__value__")
        if isinstance(pair, list) and len(cast("list[object]", pair)) == 2 and pair[1] == 0:
            value = cast("list[object]", pair)[0]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ProtocolError(
            f"{place}: a coefficient must be a finite real number, found {brief(value)}"
        )
    return float(value)
