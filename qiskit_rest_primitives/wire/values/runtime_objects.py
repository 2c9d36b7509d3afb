"""Objects of Qiskit <-> the official client's envelopes, one level at a time. No I/O.

Wider than `typed_values`, which carries what results hold: this is for files of users' own, written
by `RuntimeEncoder`. Encoders give an envelope whose content may hold further objects. Decoders
build Qiskit's classes from the list below; no name in a file makes Python import anything else.
"""

from __future__ import annotations

import base64
import io
import json
import uuid
import warnings
from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
from qiskit.circuit import Instruction, Parameter, QuantumCircuit
from qiskit.circuit.parametertable import ParameterView
from qiskit.primitives import DataBin, PrimitiveResult, PubResult, SamplerPubResult
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.quantum_info import PauliLindbladMap

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.values.arrays import encode_array
from qiskit_rest_primitives.wire.values.decoders import DECODERS, list_of, object_of
from qiskit_rest_primitives.wire.values.excerpt import brief
from qiskit_rest_primitives.wire.values.typed_values import (
    LEARNED_MODULE,
    Decoder,
    Encoder,
    Read,
    envelope,
    qpy_text,
)

SETTINGS: Final = (
    "Chi",
    "Choi",
    "DensityMatrix",
    "Kraus",
    "Operator",
    "PTM",
    "Pauli",
    "PauliList",
    "SparsePauliOp",
    "Statevector",
    "Stinespring",
    "SuperOp",
)
"""Classes of qiskit.quantum_info that are written as the arguments that make them."""


def encode_object(value: object, metadata: type[json.JSONEncoder]) -> object:
    """Writes one object; what it holds is left to the caller.

    Args:
        value: an object that JSON lacks.
        metadata: writes the metadata of circuits.

    Raises:
        EncodeError: there is no envelope for it.
    """
    if isinstance(value, QuantumCircuit):
        return envelope("QuantumCircuit", qpy_text(value, metadata))
    if isinstance(value, Parameter):
        parameter = cast(Any, value)  # Qiskit's types for it lack its attributes
        name = parameter.name.encode()
        data = len(name).to_bytes(2, "big") + parameter.uuid.bytes + name
        return envelope("Parameter", base64.b64encode(data).decode("ascii"))
    if isinstance(value, Instruction):
        circuit = QuantumCircuit(value.num_qubits, value.num_clbits)
        circuit.append(value, circuit.qubits, circuit.clbits)
        return envelope("Instruction", qpy_text(circuit, metadata))
    for kind, encode in _ENCODERS.items():
        if isinstance(value, kind):
            return encode(value)
    return _encode_by_name(value)


def _encode_by_name(value: Any) -> object:
    """Objects of classes whose import is slow or that may be missing."""
    cls = type(value)
    if cls.__name__ in SETTINGS and cls.__module__.startswith("qiskit.quantum_info."):
        return _of_class("settings", cls.__module__, value, value.settings)
    if cls.__name__ == "CouplingMap":
        return [list(edge) for edge in value.get_edges()]
    if cls.__name__ == "NoiseModel":
        return envelope("NoiseModel", value.to_dict())
    if cls.__name__ == "NoiseLearnerResult":
        return envelope("NoiseLearnerResult", {"data": value.data, "metadata": value.metadata})
    if cls.__name__ in ("LayerError", "PauliLindbladError"):
        return _of_class("_json", LEARNED_MODULE, value, value._json())
    if cls.__module__ == "qiskit.result.result":
        return envelope("Result", value.to_dict())
    if cls.__module__.startswith("scipy.sparse"):
        from scipy.sparse import save_npz

        stream = io.BytesIO()
        save_npz(stream, value)
        return envelope("spmatrix", base64.b64encode(stream.getvalue()).decode("ascii"))
    return Encoder(encode_array).value(value, cls.__name__)


def _of_class(kind: str, module: str, value: object, content: object) -> object:
    return {**envelope(kind, content), "__module__": module, "__class__": type(value).__name__}


def _encode_bindings(value: BindingsArray) -> object:
    data = {json.dumps(names): array for names, array in value.data.items()}
    return envelope("BindingsArray", {"shape": value.shape, "data": data})


def _encode_bin(value: DataBin) -> object:
    content = {
        "field_names": list(value.keys()),
        "shape": value.shape,
        "fields": dict(value.items()),
    }
    return envelope("DataBin", content)


def _encode_pub_result(value: PubResult) -> object:
    # The official client has a class of its own for the estimator's.
    names = {cls.__name__ for cls in type(value).__mro__}
    found = names & {"SamplerPubResult", "EstimatorPubResult"}
    kind = found.pop() if found else "PubResult"
    return envelope(kind, {"data": value.data, "metadata": value.metadata})


def _encode_result(value: PrimitiveResult[Any]) -> object:
    content = {"pub_results": value[:], "metadata": value.metadata}
    return envelope("PrimitiveResult", content)


def _values(pub: SamplerPub | EstimatorPub) -> np.ndarray:
    return pub.parameter_values.as_array(pub.circuit.parameters)


_ENCODERS: Final[dict[type, Callable[[Any], object]]] = {
    ParameterView: lambda value: list(value),
    BindingsArray: _encode_bindings,
    ObservablesArray: lambda value: envelope("ObservablesArray", value.tolist()),
    SamplerPub: lambda pub: [pub.circuit, _values(pub), pub.shots],
    EstimatorPub: lambda pub: [
        pub.circuit,
        pub.observables.tolist(),
        _values(pub),
        pub.precision,
    ],
    DataBin: _encode_bin,
    PubResult: _encode_pub_result,
    PrimitiveResult: _encode_result,
    PauliLindbladMap: lambda value: envelope(
        "PauliLindbladMap", {"paulis": value.to_sparse_list(), "num_qubits": value.num_qubits}
    ),
}


def _content(read: Decoder, fields: dict[str, object], place: str, depth: int) -> Any:
    """The content of an envelope, with all that it holds."""
    return read.value(fields["__value__"], place, depth + 1)


def _circuit(read: Decoder, fields: dict[str, object], place: str, depth: int) -> QuantumCircuit:
    found = DECODERS["QuantumCircuit"](read, fields, place, depth)
    if not isinstance(found, QuantumCircuit):
        raise ProtocolError(
            f"{place}: the circuit was written by a newer Qiskit: pip install -U qiskit"
        )
    return found


def _instruction(read: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    return _circuit(read, fields, place, depth).data[0].operation


def _parameter(read: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    text = fields["__value__"]
    data = base64.b64decode(text if isinstance(text, str) else "", validate=True)
    length = int.from_bytes(data[:2], "big")
    if len(data) != 18 + length:
        raise ValueError(f"{len(data)} bytes for a name of {length}")
    return Parameter(data[18:].decode(), uuid=uuid.UUID(bytes=data[2:18]))


def _settings(read: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    module, name = fields.get("__module__"), fields.get("__class__")
    if not str(module).startswith("qiskit.quantum_info.") or name not in SETTINGS:
        known = ", ".join(SETTINGS)
        raise ProtocolError(
            f"{place}: {brief(module)}.{brief(name)} is not made from a file; of "
            f"qiskit.quantum_info these are: {known}"
        )
    from qiskit import quantum_info

    settings = cast("dict[str, Any]", object_of(_content(read, fields, place, depth)))
    settings.pop("__int_keys__", None)
    return getattr(quantum_info, str(name))(**settings)


def _bindings(read: Decoder, fields: dict[str, object], place: str, depth: int) -> BindingsArray:
    content = object_of(_content(read, fields, place, depth))
    shape, data = content.get("shape"), object_of(content.get("data") or {})
    arrays = {tuple(map(str, list_of(json.loads(names)))): data[names] for names in data}
    return BindingsArray(cast(Any, arrays), shape=None if shape is None else _shape(shape))


def _shape(value: object) -> Any:
    return tuple(list_of(value)) if isinstance(value, list) else value


def _bin(read: Decoder, fields: dict[str, object], place: str, depth: int) -> DataBin:
    content = object_of(_content(read, fields, place, depth))
    return DataBin(shape=_shape(content.get("shape")), **object_of(content["fields"]))


def _pub_result(read: Decoder, fields: dict[str, object], place: str, depth: int) -> PubResult:
    content: dict[str, Any] = object_of(_content(read, fields, place, depth))
    kind = SamplerPubResult if fields["__type__"] == "SamplerPubResult" else PubResult
    return kind(content["data"], content.get("metadata"))


def _result(
    read: Decoder, fields: dict[str, object], place: str, depth: int
) -> PrimitiveResult[Any]:
    content: dict[str, Any] = object_of(_content(read, fields, place, depth))
    return PrimitiveResult(content["pub_results"], content.get("metadata"))


def _qiskit_result(read: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    from qiskit.result import Result

    return Result.from_dict(_content(read, fields, place, depth))


def _observables(read: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    return ObservablesArray(_content(read, fields, place, depth))


def _lindblad(read: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    content: dict[str, Any] = object_of(_content(read, fields, place, depth))
    paulis = [tuple(pauli) for pauli in content["paulis"]]
    return PauliLindbladMap.from_sparse_list(paulis, num_qubits=content["num_qubits"])


def _sparse_matrix(read: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    from scipy.sparse import load_npz

    return load_npz(io.BytesIO(base64.b64decode(str(fields["__value__"]), validate=True)))


def _noise_model(read: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    try:
        from qiskit_aer.noise import NoiseModel
    except ImportError:
        raise ProtocolError(
            f"{place}: a noise model needs qiskit-aer: pip install 'qiskit-rest-primitives[aer]'"
        ) from None
    content = _content(read, fields, place, depth)
    with warnings.catch_warnings():
        # from_dict is deprecated, and is the only way from a file to a noise model.
        warnings.simplefilter("ignore", DeprecationWarning)
        return NoiseModel.from_dict(content)


def _learned(read: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    content = object_of(_content(read, fields, place, depth))
    return {"__class__": "NoiseLearnerResult", **content}


OBJECTS: Final[dict[str, Read]] = {
    **DECODERS,
    "QuantumCircuit": _circuit,
    "Instruction": _instruction,
    "Parameter": _parameter,
    "settings": _settings,
    "ObservablesArray": _observables,
    "BindingsArray": _bindings,
    "DataBin": _bin,
    "PubResult": _pub_result,
    "SamplerPubResult": _pub_result,
    "EstimatorPubResult": _pub_result,
    "PrimitiveResult": _result,
    "Result": _qiskit_result,
    "PauliLindbladMap": _lindblad,
    "spmatrix": _sparse_matrix,
    "NoiseModel": _noise_model,
    "NoiseLearnerResult": _learned,
    "to_json": _content,
}
"""The types of envelopes that are read, each with its reader."""
