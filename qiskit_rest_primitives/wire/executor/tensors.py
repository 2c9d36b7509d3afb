"""NumPy arrays <-> tensors of the program ``executor``. No I/O.

A tensor is ``{"data": text, "shape": [...], "dtype": "f64"}``: base64 of the elements in C order,
little-endian; bits are packed over the whole of the array, lowest first. From schema v2.0 on, the
bytes are compressed with zlib.
"""

from __future__ import annotations

import binascii
import math
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec
import numpy as np
from msgspec import Meta
from qiskit.primitives.containers import BitArray

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.limits import INT32_MAX
from qiskit_rest_primitives.wire.values.arrays import (
    decode_base64,
    inflate_text,
    iter_array_text,
    text_slice,
)
from qiskit_rest_primitives.wire.values.excerpt import brief, brief_message

MAX_AXES = 32
MAX_TENSOR_BYTES = 1 << 30
"""Default limit of one decoded tensor, in bytes in memory."""

_BLOCK_BITS = 1 << 22

Dtype: TypeAlias = Literal[
    "f16", "f32", "f64", "bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "c64", "c128"
]
_DTYPES: dict[Dtype, np.dtype[Any]] = {
    name: np.dtype(bool) if name == "bool" else np.dtype(f"<{name[0]}{int(name[1:]) // 8}")
    for name in get_args(Dtype)
}
_NAMES: dict[np.dtype[Any], Dtype] = {dtype: name for name, dtype in _DTYPES.items()}
_UNCOMPRESSED = ("f64", "bool", "u8", "c128")


class Tensor(msgspec.Struct, forbid_unknown_fields=True):
    """A tensor as it is sent; its data are read by `decode_tensor`."""

    data: str
    shape: Annotated[list[Annotated[int, Meta(ge=0, le=INT32_MAX)]], Meta(max_length=MAX_AXES)]
    dtype: Dtype


def encode_tensor(
    array: np.ndarray | BitArray,
    *,
    compressed: bool = True,
    check: Callable[[], None] = lambda: None,
) -> Tensor:
    """Encodes an array.

    Args:
        array: of any shape; a `BitArray` becomes bits ``(*shape, shots, num_bits)``, bit 0 of the
            register first.
        compressed: True from schema v2.0 on.
        check: called again and again while a large array is encoded; it may raise.

    Raises:
        ProtocolError: a dtype that tensors do not have.
    """
    if isinstance(array, BitArray):
        shape = [*array.shape, array.num_shots, array.num_bits]
        return Tensor(_encode_bytes(_packed_bits(array, check), compressed, check), shape, "bool")
    name = _NAMES.get(array.dtype.newbyteorder("<"))
    if name is None or not (compressed or name in _UNCOMPRESSED):
        allowed = ", ".join(_DTYPES if compressed else _UNCOMPRESSED)
        raise ProtocolError(f"a tensor can't have the dtype {array.dtype}; it can have: {allowed}")
    if name == "bool":
        data = np.packbits(array, axis=None, bitorder="little")
    else:
        data = np.ascontiguousarray(array, _DTYPES[name]).reshape(-1).view(np.uint8)
    return Tensor(_encode_bytes(data, compressed, check), list(array.shape), name)


def decode_tensor(
    tensor: Tensor,
    place: str,
    *,
    compressed: bool = True,
    max_bytes: int = MAX_TENSOR_BYTES,
) -> np.ndarray:
    """Decodes a tensor.

    Args:
        tensor: as it was sent.
        place: position in the body, for messages.
        compressed: True from schema v2.0 on.
        max_bytes: refuse arrays that are larger in memory.

    Returns:
        The array, writable, of the tensor's shape and dtype.

    Raises:
        ProtocolError: the text is not base64 or zlib, or holds more or fewer bytes than the shape
            and dtype need, or the array is too large.
    """
    if not compressed and tensor.dtype not in _UNCOMPRESSED:
        allowed = ", ".join(_UNCOMPRESSED)
        raise ProtocolError(f"{place}: dtype {tensor.dtype} before schema v2.0; send: {allowed}")
    dtype = _DTYPES[tensor.dtype]
    count = math.prod(tensor.shape)
    claimed = claimed_bytes(tensor)
    if claimed > max_bytes:
        raise ProtocolError(
            f"{place}: an array of shape {tensor.shape} takes {claimed} bytes; at most {max_bytes} "
            "are read"
        )
    size = -(-count // 8) if tensor.dtype == "bool" else count * dtype.itemsize
    data = decode_bytes(tensor.data, place, compressed=compressed, max_bytes=size)
    if len(data) != size:
        raise ProtocolError(
            f"{place}: {len(data)} bytes; shape {tensor.shape} and dtype {tensor.dtype} need {size}"
        )
    if tensor.dtype == "bool":
        bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count, bitorder="little")
        return bits.view(bool).reshape(tensor.shape)
    return np.frombuffer(bytearray(data), dtype).reshape(tensor.shape)


def claimed_bytes(tensor: Tensor) -> int:
    """What the array would take in memory, by its shape.

    Axes of length 0 don't hide the others: NumPy has no such arrays, either.
    """
    return math.prod(max(1, length) for length in tensor.shape) * _DTYPES[tensor.dtype].itemsize


def tensor_of(value: object, place: str) -> Tensor:
    """Checks that a JSON value is a tensor.

    Raises:
        ProtocolError: it is none.
    """
    try:
        return msgspec.convert(value, Tensor)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"{place}: {brief_message(error)}; found {brief(value)}") from None


def decode_bytes(text: str, place: str, *, compressed: bool, max_bytes: int) -> bytes:
    """Decodes base64 text, of which no more than `max_bytes` are ever made.

    Raises:
        ProtocolError: it is not base64 or not zlib, or holds more bytes.
    """
    content = text_slice(text, place)
    if compressed:
        return inflate_text(content, max_bytes=max_bytes, place=place)
    try:
        data = decode_base64(b'"%b"' % content.text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ProtocolError(f"{place}: the text is not base64") from None
    if len(data) > max_bytes:
        raise ProtocolError(f"{place}: holds more than {max_bytes} bytes")
    return data


def _encode_bytes(data: np.ndarray, compressed: bool, check: Callable[[], None]) -> str:
    """Encodes bytes, uint8 ``(n,)``."""
    if compressed:
        pieces: list[bytes] = []
        for piece in iter_array_text(data, header=False):
            check()
            pieces.append(piece)
        return b"".join(pieces).decode("ascii")
    return binascii.b2a_base64(data.tobytes(), newline=False).decode("ascii")


def _packed_bits(bits: BitArray, check: Callable[[], None]) -> np.ndarray:
    """Packs all bits without gaps: uint8 ``(ceil(shots of all points * num_bits / 8),)``."""
    rows = bits.array.reshape(-1, bits.array.shape[-1])
    # So many rows at once fill whole bytes.
    block = 8 * max(1, _BLOCK_BITS // (64 * rows.shape[-1] + 1))
    packed = [np.empty(0, np.uint8)]
    for start in range(0, len(rows), block):
        check()
        single = np.unpackbits(rows[start : start + block, ::-1], axis=-1, bitorder="little")
        packed.append(np.packbits(single[:, : bits.num_bits], axis=None, bitorder="little"))
    return np.concatenate(packed)
