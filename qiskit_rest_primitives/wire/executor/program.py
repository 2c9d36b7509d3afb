"""``params`` of the program ``executor``: JSON <-> typed structs. No I/O, no circuits.

The same structs hold schemas v2.0 and v1.1; what differs is how bytes are encoded (`compressed`).
"""

from __future__ import annotations

import struct
import zlib
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
import numpy as np
from msgspec import UNSET, Meta, UnsetType

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.executor.tensors import (
    MAX_AXES,
    Tensor,
    decode_bytes,
    encode_tensor,
)
from qiskit_rest_primitives.wire.limits import INT32_MAX, Count, NotNegative
from qiskit_rest_primitives.wire.values.excerpt import brief

VERSIONS = ("v2.0", "v1.1")
"""Schema versions that are read, newest first."""

SEED: Final = "seed_simulator"
"""The member of ``options.experimental`` that seeds a job on the embedded service; the schema has
none for it."""

QPY_HEADER: Final = struct.Struct("!6sBBBBQc")
"""The header of a QPY file: magic, QPY version, Qiskit's version, number of circuits, encoding."""

Shape: TypeAlias = Annotated[
    list[Annotated[int, Meta(ge=0, le=INT32_MAX)]], Meta(max_length=MAX_AXES)
]
ChunkSize: TypeAlias = Count | Literal["auto"]
MeasLevel: TypeAlias = Literal["classified", "kerneled", "avg_kerneled", "both"]
"""What each shot of a quantum program gives."""


class _Struct(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A JSON object without unknown members."""


class CircuitItem(_Struct, tag_field="item_type", tag="circuit"):
    """A circuit and values of its parameters, ``(*shape, num_parameters)`` when broadcast."""

    circuit_arguments: Tensor
    shape: Shape
    chunk_size: ChunkSize = "auto"


class Samplex(_Struct):
    """A samplex as samplomatic writes it; `ssv` is the version of its format."""

    ssv: Count
    samplex_json: str


class SamplexItem(_Struct, tag_field="item_type", tag="samplex"):
    """A template circuit, and the samplex that draws the values of its parameters.

    The arguments are JSON, since a map of errors takes much more memory once it is read.
    """

    samplex: Samplex
    samplex_arguments: dict[str, msgspec.Raw]
    shape: Shape
    chunk_size: ChunkSize = "auto"


Item: TypeAlias = CircuitItem | SamplexItem


class Circuits(_Struct, omit_defaults=True):
    """The circuits of all items: a QPY file (the first three members), or texts (``data``)."""

    b64_data: str | UnsetType = UNSET
    qpy_version: Count | UnsetType = UNSET
    num_programs: Count | UnsetType = UNSET
    data: list[str] | UnsetType = UNSET

    def __post_init__(self) -> None:
        qpy = (self.b64_data, self.qpy_version, self.num_programs)
        if (self.data is UNSET) is (UNSET in qpy) or (
            self.data is not UNSET and set(qpy) != {UNSET}
        ):
            raise ValueError(
                "circuits are either a QPY file, in b64_data, qpy_version and num_programs, or "
                "OpenQASM 3 texts, in data"
            )

    @property
    def count(self) -> int:
        """How many circuits it says that it has."""
        if self.data is not UNSET:
            return len(self.data)
        assert self.num_programs is not UNSET
        return self.num_programs


class QuantumProgram(_Struct):
    """Items to run, each with its circuit, and what comes back unchanged."""

    shots: Count
    circuits: Circuits
    items: list[Item]
    semantic_role: str | None = None
    meas_level: MeasLevel = "classified"
    passthrough_data: msgspec.Raw = msgspec.Raw(b"null")

    def __post_init__(self) -> None:
        if self.circuits.count != len(self.items):
            raise ValueError(
                f"{self.circuits.count} circuits for {len(self.items)} items; send one circuit an "
                "item"
            )
        sizes = [item.chunk_size for item in self.items]
        automatic = [size == "auto" for size in sizes]
        if any(automatic) and not all(automatic):
            first = automatic.index(not automatic[0])
            raise ValueError(
                f"item {first} has chunk_size {sizes[first]!r}, item 0 has {sizes[0]!r}; all are "
                "integers, or all are 'auto'"
            )

    @property
    def has_chunk_sizes(self) -> bool:
        """Whether the items say how many points are run at once."""
        return any(item.chunk_size != "auto" for item in self.items)


class Options(_Struct, omit_defaults=True):
    """Options of the program; ``rep_delay`` in seconds."""

    init_qubits: bool = True
    rep_delay: NotNegative | None = None
    scheduler_timing: bool = False
    stretch_values: bool = False
    experimental: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class ExecutorParams(_Struct):
    """``params`` of the program ``executor``."""

    quantum_program: QuantumProgram
    options: Options
    schema_version: str = VERSIONS[0]

    @property
    def compressed(self) -> bool:
        """Whether bytes are compressed in this schema version, in params and results."""
        return self.schema_version != "v1.1"


class _Version(msgspec.Struct):
    """The member that is read first: it decides what the others mean."""

    schema_version: str = VERSIONS[0]


_VERSION = msgspec.json.Decoder(_Version)
_PARAMS = msgspec.json.Decoder(ExecutorParams)


def encode_executor_params(params: ExecutorParams) -> bytes:
    """Writes ``params`` as JSON."""
    return msgspec.json.encode(params)


def decode_executor_params(params: msgspec.Raw | bytes) -> ExecutorParams:
    """Reads ``params``, except the bytes of tensors and circuits.

    Raises:
        msgspec.ValidationError: a member that is wrong, with its path.
        msgspec.DecodeError: it is not JSON.
    """
    version = _VERSION.decode(params).schema_version
    if version not in VERSIONS:
        raise msgspec.ValidationError(
            f"schema version {brief(version)} is not supported; send {' or '.join(VERSIONS)}"
            " - at `$.schema_version`"
        )
    decoded = _PARAMS.decode(params)
    if not decoded.compressed and decoded.quantum_program.circuits.data is not UNSET:
        raise msgspec.ValidationError(
            "schema v1.1 has no OpenQASM 3; send QPY, or schema v2.0"
            " - at `$.quantum_program.circuits.data`"
        )
    return decoded


def encode_circuit_item(values: np.ndarray, chunk_size: int | None = None) -> dict[str, Any]:
    """A circuit item as it is sent.

    Args:
        values: float64 ``(*shape, parameters)``.
        chunk_size: the most points that run at once, or None.
    """
    return {
        "item_type": "circuit",
        "circuit_arguments": msgspec.to_builtins(encode_tensor(values)),
        "shape": list(values.shape[:-1]),
        "chunk_size": chunk_size or "auto",
    }


def encode_qpy(data: bytes, *, compressed: bool = True) -> Circuits:
    """Wraps a QPY file; its header says the version and the number of circuits."""
    import binascii

    header = QPY_HEADER.unpack_from(data)
    text = binascii.b2a_base64(zlib.compress(data) if compressed else data, newline=False)
    return Circuits(b64_data=text.decode("ascii"), qpy_version=header[1], num_programs=header[5])


def decode_qpy(circuits: Circuits, *, compressed: bool, max_bytes: int) -> bytes:
    """Unwraps a QPY file.

    Args:
        circuits: not texts.
        compressed: `ExecutorParams.compressed`.
        max_bytes: refuse files that are larger.

    Raises:
        ProtocolError: not base64 or zlib, too large, or another version or another number of
            circuits than the other members say.
    """
    place = "circuits"
    assert circuits.b64_data is not UNSET
    data = decode_bytes(circuits.b64_data, place, compressed=compressed, max_bytes=max_bytes)
    if len(data) < QPY_HEADER.size or not data.startswith(b"QISKIT"):
        raise ProtocolError(f"{place}: b64_data is not a QPY file")
    header = QPY_HEADER.unpack_from(data)
    for name, said, found in (
        ("qpy_version", circuits.qpy_version, header[1]),
        ("num_programs", circuits.num_programs, header[5]),
    ):
        if said != found:
            raise ProtocolError(f"{place}: {name} is {said}, but {found} in the QPY file")
    return data
