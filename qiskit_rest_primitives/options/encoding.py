"""Option values -> JSON, those that JSON lacks in the envelopes of the official client.

``{"__type__": ..., "__value__": ...}`` carries arrays, circuits, complex numbers, Pauli lists, Aer
noise models and the results of noise learning (``NoiseLearnerResult``, ``LayerError``,
``PauliLindbladError``). A random generator is written as a new seed, a coupling map as its pairs.
"""

from __future__ import annotations

import base64
import io
import math
import zlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from numbers import Integral, Real
from typing import Any, cast

import numpy as np
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import PauliList

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.wire.limits import INT32_MAX
from qiskit_rest_primitives.wire.request.option_values import (
    is_coupling_map,
    is_generator,
    is_learned_noise,
    is_noise_model,
)
from qiskit_rest_primitives.wire.values.arrays import encode_array
from qiskit_rest_primitives.wire.values.typed_values import LEARNED_MODULE

# Where the service's decoder looks for the class: ibm-quantum-schemas, layer_noise_model.
PAULI_LIST_MODULE = "qiskit.quantum_info.operators.symplectic.pauli_list"
MAX_DEPTH = 100


def encode_value(value: Any, path: str, depth: int = 0) -> Any:
    """Writes any value that a service can read.

    Args:
        value: what the user set.
        path: its place in the options, for the error.
        depth: how deep it is nested.

    Returns:
        JSON-able objects.

    Raises:
        OptionsError: another kind of object, a number that is not finite, or endless nesting.
    """
    if depth > MAX_DEPTH:
        raise OptionsError(f"option {path}: nested more than {MAX_DEPTH} levels deep")
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        if not math.isfinite(value):
            raise OptionsError(f"option {path}: {float(value)} can't be written as JSON")
        return float(value)
    if isinstance(value, (complex, np.complexfloating)):
        number = complex(value)
        return _typed("complex", [number.real, number.imag])
    if isinstance(value, np.ndarray):
        return encode_array(cast("np.ndarray[Any, Any]", value))
    if isinstance(value, Mapping):
        return _encode_mapping(cast("Mapping[Any, Any]", value), path, depth)
    if isinstance(value, QuantumCircuit):
        return _encode_circuit(value)
    if isinstance(value, PauliList):
        return {
            "__type__": "settings",
            "__module__": PAULI_LIST_MODULE,
            "__class__": "PauliList",
            "__value__": {"data": value.to_labels()},
        }
    if is_generator(value):
        return int(value.integers(INT32_MAX, endpoint=True))
    if is_coupling_map(value):
        return [list(edge) for edge in value.get_edges()]
    if is_noise_model(value):
        return _typed("NoiseModel", encode_value(value.to_dict(True), path, depth + 1))
    if is_learned_noise(value):
        return _encode_learned(value, path, depth)
    if isinstance(value, (Sequence, AbstractSet)) and not isinstance(value, (bytes, bytearray)):
        items = cast("Sequence[Any]", value)
        written = [encode_value(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(items)]
        return _typed("set", written) if isinstance(value, AbstractSet) else written
    raise OptionsError(f"option {path}: {type(value).__name__} can't be written as JSON")


def _typed(name: str, value: Any) -> dict[str, Any]:
    return {"__type__": name, "__value__": value}


def _encode_mapping(value: Mapping[Any, Any], path: str, depth: int) -> dict[str, Any]:
    for key in value:
        if not isinstance(key, str):
            raise OptionsError(f"option {path}: the key {key!r} is not a string")
    return {k: encode_value(v, f"{path}.{k}", depth + 1) for k, v in value.items()}


def _encode_circuit(circuit: QuantumCircuit) -> dict[str, Any]:
    from qiskit import qpy

    buffer = io.BytesIO()
    # The oldest version that Qiskit 2 writes, which every service reads: ibm-quantum-schemas, qpy.
    qpy.dump(circuit, buffer, version=13)
    return _typed("QuantumCircuit", base64.b64encode(zlib.compress(buffer.getvalue())).decode())


def _encode_learned(value: Any, path: str, depth: int) -> dict[str, Any]:
    name = type(value).__name__
    if name == "NoiseLearnerResult":
        return _typed(
            name,
            encode_value({"data": value.data, "metadata": value.metadata}, path, depth + 1),
        )
    members = (
        ("generators", "rates") if name == "PauliLindbladError" else ("circuit", "qubits", "error")
    )
    return {
        "__type__": "_json",
        "__module__": LEARNED_MODULE,
        "__class__": name,
        "__value__": {
            m: encode_value(getattr(value, m), f"{path}.{m}", depth + 1) for m in members
        },
    }
