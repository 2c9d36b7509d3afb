"""PUBs <-> the items of ``params.pubs``. In: OpenQASM text, values, shots. Out: JSON. No I/O.

Sent is always the strict official form: ``[circuit, values, shots]`` and
``[circuit, observables, values, precision]``. Read is every form the API's documents show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.arrays import (
    array_of_numbers,
    brief,
    decode_array,
    encode_array,
    inflate_text,
    text_slice,
)

MAX_VALUES_BYTES = 1 << 28
"""Limit of the decoded parameter values of one PUB, in bytes."""

MAX_QPY_BYTES = 1 << 28
"""Limit of one decompressed QPY circuit, in bytes."""

_MAX_DEPTH = 32
_MAX_SHOTS = (1 << 63) - 1

ParameterValues = np.ndarray | list[object] | dict[str, np.ndarray] | None
Observables = str | dict[str, float] | list["Observables"]


@dataclass(frozen=True, slots=True)
class WireSamplerPub:
    """A sampler PUB as it came.

    Attributes:
        circuit: OpenQASM 3 text, or the bytes of a QPY file.
        parameter_values: array or nested list whose last axis is the circuit's parameters; or name
            to values; or None.
        shots: shots of this PUB, or None.
    """

    circuit: str | bytes
    parameter_values: ParameterValues
    shots: int | None


@dataclass(frozen=True, slots=True)
class WireEstimatorPub:
    """An estimator PUB as it came.

    Attributes:
        circuit: OpenQASM 3 text, or the bytes of a QPY file.
        observables: a Pauli string, a map of Pauli strings to real coefficients, or a nested list.
        parameter_values: as in `WireSamplerPub`.
        precision: precision of this PUB, or None.
    """

    circuit: str | bytes
    observables: Observables
    parameter_values: ParameterValues
    precision: float | None


def encode_sampler_pub(qasm: str, values: np.ndarray, shots: int) -> list[object]:
    """Makes the item of a sampler PUB.

    Args:
        qasm: the circuit as OpenQASM 3 text.
        values: float64, ``(*pub_shape, num_parameters)``.
        shots: shots of this PUB.
    """
    return [qasm, encode_array(values), int(shots)]


def encode_estimator_pub(
    qasm: str, observables: object, values: np.ndarray, precision: float | None
) -> list[object]:
    """Makes the item of an estimator PUB.

    Args:
        qasm: the circuit as OpenQASM 3 text.
        observables: nested list of ``{pauli: coefficient}``, or one such map.
        values: float64, ``(*parameter_shape, num_parameters)``.
        precision: target precision of this PUB; None where nobody set one.
    """
    return [
        qasm,
        observables,
        encode_array(values),
        None if precision is None else float(precision),
    ]


def decode_sampler_pub(item: object, *, place: str = "PUB") -> WireSamplerPub:
    """Reads ``[circuit, parameter_values?, shots?]``, a bare circuit, or such an object.

    Args:
        item: the parsed item of ``params.pubs``.
        place: how to name the PUB in an error message, such as ``"PUB 3"``.

    Raises:
        ProtocolError: the item has another form; names the place.
    """
    circuit, values, shots = _parts(item, 3, "[circuit, parameter_values, shots]", place)
    return WireSamplerPub(
        circuit=_decode_circuit(circuit, place),
        parameter_values=_decode_values(values, place),
        shots=_decode_shots(shots, place),
    )


def decode_estimator_pub(item: object, *, place: str = "PUB") -> WireEstimatorPub:
    """Reads ``[circuit, observables, parameter_values?, precision?]``.

    Args:
        item: the parsed item of ``params.pubs``.
        place: how to name the PUB in an error message, such as ``"PUB 3"``.

    Raises:
        ProtocolError: the item has another form; names the place.
    """
    form = "[circuit, observables, parameter_values, precision]"
    circuit, observables, values, precision = _parts(item, 4, form, place)
    if observables is None:
        raise ProtocolError(f"{place}: no observables; the form is {form}")
    return WireEstimatorPub(
        circuit=_decode_circuit(circuit, place),
        observables=_decode_observables(observables, f"{place}, observables"),
        parameter_values=_decode_values(values, place),
        precision=_decode_precision(precision, place),
    )


def _parts(item: object, length: int, form: str, place: str) -> list[object]:
    """Splits an item into its parts, absent ones None."""
    if isinstance(item, (list, tuple)) and 0 < len(cast("list[object]", item)) <= length:
        parts = list(cast("list[object]", item))
    elif length == 3 and (isinstance(item, str) or _type_of(item) == "QuantumCircuit"):
        parts = [item]
    else:
        raise ProtocolError(f"{place}: expected {form}, found {brief(item)}")
    return parts + [None] * (length - len(parts))


def _type_of(value: object) -> object:
    return cast("dict[str, object]", value).get("__type__") if isinstance(value, dict) else None


def _decode_circuit(value: object, place: str) -> str | bytes:
    if isinstance(value, str):
        return value
    if _type_of(value) != "QuantumCircuit":
        raise ProtocolError(
            f"{place}: the circuit is OpenQASM 3 text or a QuantumCircuit envelope, "
            f"found {brief(value)}"
        )
    text = cast("dict[str, object]", value).get("__value__")
    place = f"{place}, circuit"
    if not isinstance(text, str):
        raise ProtocolError(f"{place}: expected base64 text, found {brief(text)}")
    data = inflate_text(text_slice(text, place), max_bytes=MAX_QPY_BYTES, place=place)
    if not data.startswith(b"QISKIT"):
        raise ProtocolError(f"{place}: the data are not a QPY file")
    return data


def _decode_values(value: object, place: str) -> ParameterValues:
    place = f"{place}, parameter_values"
    if value is None:
        return None
    if _type_of(value) == "ndarray":
        return _checked(decode_array(value, max_bytes=MAX_VALUES_BYTES, place=place), place)
    if isinstance(value, dict):
        named = cast("dict[str, object]", value)
        return {name: _numbers(each, f"{place} {name!r}") for name, each in named.items()}
    if isinstance(value, list):
        # An empty list says "no parameters", whatever its nesting; arrays keep the sweep's shape.
        values = cast("list[object]", value)
        return _numbers(values, place) if values else []
    raise ProtocolError(
        f"{place}: expected a list, an object of names or an ndarray envelope, found {brief(value)}"
    )


def _numbers(value: object, place: str) -> np.ndarray:
    """Makes a float64 array of a number, nested lists of numbers, or an ndarray envelope."""
    if _type_of(value) == "ndarray":
        return _checked(decode_array(value, max_bytes=MAX_VALUES_BYTES, place=place), place)
    return _checked(array_of_numbers(value, place), place)


def _checked(array: np.ndarray, place: str) -> np.ndarray:
    """Refuses what is not a real, finite number."""
    if not array.size:
        return np.zeros(array.shape)
    if array.dtype.kind not in "iuf":
        raise ProtocolError(f"{place}: expected real numbers, found {array.dtype}")
    array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        raise ProtocolError(f"{place}: the values are not all finite")
    return array


def _decode_shots(value: object, place: str) -> int | None:
    if value is None:
        return None
    number = value
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number <= _MAX_SHOTS:
        raise ProtocolError(f"{place}: shots is a positive integer, found {brief(value)}")
    return number


def _decode_precision(value: object, place: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ProtocolError(f"{place}: precision is a positive number, found {brief(value)}")
    return float(value)


def _decode_observables(value: object, place: str, depth: int = 0) -> Observables:
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
            _decode_observables(each, f"{place}[{i}]", depth + 1) for i, each in enumerate(items)
        ]
    raise ProtocolError(
        f"{place}: expected a Pauli string, an object of coefficients or a list of those, "
        f"found {brief(value)}"
    )


def _is_term_list(items: list[object]) -> bool:
    """Tells ``[["XX", 0.5], ["ZZ", 1]]``, the list form of SparsePauliOp, from nested strings."""
    return bool(items) and all(
        isinstance(item, list)
        and len(pair := cast("list[object]", item)) == 2
        and isinstance(pair[0], str)
        and not isinstance(pair[1], (str, bool))
        and (isinstance(pair[1], (int, float)) or _type_of(pair[1]) == "complex")
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
        return _decode_observables(content, place, depth + 1)
    kind = value.get("__class__")
    settings = cast("dict[str, object]", content) if isinstance(content, dict) else {}
    data = settings.get("data")
    if value["__type__"] == "settings" and kind == "Pauli" and isinstance(data, str):
        return data
    if value["__type__"] == "settings" and kind in ("PauliList", "SparsePauliOp"):
        if _type_of(data) == "settings":
            data = _decode_operator(cast("dict[str, object]", data), place, depth + 1)
        if isinstance(data, list) and all(isinstance(each, str) for each in data):
            labels = cast("list[object]", data)
            if kind == "PauliList":
                return cast("Observables", labels)
            coeffs = decode_array(settings.get("coeffs"), max_bytes=MAX_VALUES_BYTES, place=place)
            if coeffs.shape == (len(labels),) and coeffs.dtype.kind in "iufc":
                if np.any(coeffs.imag):
                    raise ProtocolError(f"{place}: complex coefficients are not observable")
                return _sum_terms(
                    [[label, float(c.real)] for label, c in zip(labels, coeffs, strict=True)], place
                )
    raise ProtocolError(f"{place}: unknown type {brief(kind or value['__type__'])}")


def _coefficient(value: object, place: str) -> float:
    if _type_of(value) == "complex":
        pair = cast("dict[str, object]", value).get("__value__")
        if isinstance(pair, list) and len(cast("list[object]", pair)) == 2 and pair[1] == 0:
            value = cast("list[object]", pair)[0]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ProtocolError(f"{place}: a coefficient is a finite real number, found {brief(value)}")
    return float(value)
