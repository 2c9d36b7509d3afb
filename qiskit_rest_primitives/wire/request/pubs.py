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
from qiskit_rest_primitives.wire.request.observables import Observables, decode_observables, type_of
from qiskit_rest_primitives.wire.values.arrays import (
    array_of_numbers,
    decode_array,
    encode_array,
    inflate_text,
    text_slice,
)
from qiskit_rest_primitives.wire.values.decoders import MAX_QPY_BYTES
from qiskit_rest_primitives.wire.values.excerpt import brief

MAX_VALUES_BYTES = 1 << 28
"""Limit of the decoded parameter values of one PUB, in bytes."""

_MAX_SHOTS = (1 << 63) - 1

ParameterValues = np.ndarray | list[object] | dict[str, np.ndarray] | None


@dataclass(frozen=True, slots=True)
class WireSamplerPub:
    """A sampler PUB as received.

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
    """An estimator PUB as received.

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
        precision: target precision of this PUB; None if not set.
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
        place: name of the PUB in error messages, such as ``"PUB 3"``.

    Raises:
        ProtocolError: the item has another form; names the place.
    """
    circuit, values, shots = _parts(item, 3, "[circuit, parameter_values, shots]", place)
    return WireSamplerPub(
        circuit=decode_circuit(circuit, place),
        parameter_values=_decode_values(values, place),
        shots=_decode_shots(shots, place),
    )


def decode_estimator_pub(item: object, *, place: str = "PUB") -> WireEstimatorPub:
    """Reads ``[circuit, observables, parameter_values?, precision?]``.

    Args:
        item: the parsed item of ``params.pubs``.
        place: name of the PUB in error messages, such as ``"PUB 3"``.

    Raises:
        ProtocolError: the item has another form; names the place.
    """
    form = "[circuit, observables, parameter_values, precision]"
    circuit, observables, values, precision = _parts(item, 4, form, place)
    if observables is None:
        raise ProtocolError(f"{place}: no observables; the form is {form}")
    return WireEstimatorPub(
        circuit=decode_circuit(circuit, place),
        observables=decode_observables(observables, f"{place}, observables"),
        parameter_values=_decode_values(values, place),
        precision=_decode_precision(precision, place),
    )


def _parts(item: object, length: int, form: str, place: str) -> list[object]:
    """Splits an item into its parts, absent ones None."""
    if isinstance(item, (list, tuple)) and 0 < len(cast("list[object]", item)) <= length:
        parts = list(cast("list[object]", item))
    elif length == 3 and (isinstance(item, str) or type_of(item) == "QuantumCircuit"):
        parts = [item]
    else:
        raise ProtocolError(f"{place}: expected {form}, found {brief(item)}")
    return parts + [None] * (length - len(parts))


def decode_circuit(value: object, place: str) -> str | bytes:
    """Reads a circuit: OpenQASM 3 text, or the bytes of a QPY file.

    Raises:
        ProtocolError: it has another form; names the place.
    """
    if isinstance(value, str):
        return value
    if type_of(value) != "QuantumCircuit":
        raise ProtocolError(
            f"{place}: the circuit must be OpenQASM 3 text or a QuantumCircuit envelope, "
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
    if type_of(value) == "ndarray":
        return _checked(decode_array(value, max_bytes=MAX_VALUES_BYTES, place=place), place)
    if isinstance(value, dict):
        named = cast("dict[str, object]", value)
        return {name: _numbers(each, f"{place} {name!r}") for name, each in named.items()}
    if isinstance(value, list):
        # Nested empty lists mean "no parameters"; arrays keep the sweep's shape.
        values = cast("list[object]", value)
        return _numbers(values, place) if values else []
    raise ProtocolError(
        f"{place}: expected a list, an object of names or an ndarray envelope, found {brief(value)}"
    )


def _numbers(value: object, place: str) -> np.ndarray:
    """Makes a float64 array of a number, nested lists of numbers, or an ndarray envelope."""
    if type_of(value) == "ndarray":
        return _checked(decode_array(value, max_bytes=MAX_VALUES_BYTES, place=place), place)
    return _checked(array_of_numbers(value, place), place)


def _checked(array: np.ndarray, place: str) -> np.ndarray:
    """Refuses values that are not real, finite numbers."""
    if not array.size:
        return np.zeros(array.shape)
    if array.dtype.kind not in "iuf":
        raise ProtocolError(f"{place}: expected real numbers, found {array.dtype}")
    if array.size * 8 > MAX_VALUES_BYTES:  # small integers may have one byte on the wire
        raise ProtocolError(f"{place}: {array.size} values; at most {MAX_VALUES_BYTES // 8}")
    array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        raise ProtocolError(f"{place}: all values must be finite")
    return array


def _decode_shots(value: object, place: str) -> int | None:
    if value is None:
        return None
    number = value
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number <= _MAX_SHOTS:
        raise ProtocolError(f"{place}: shots must be a positive integer, found {brief(value)}")
    return number


def _decode_precision(value: object, place: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ProtocolError(f"{place}: precision must be a positive number, found {brief(value)}")
    return float(value)
