"""Results of jobs <-> PrimitiveResult. In: the body of GET /jobs/{id}/results. No I/O.

The service writes results in two forms, by ``params.support_qiskit``: Qiskit-encoded
(`qiskit_json`), which carries the shape of sweeps, and plain JSON (`plain_json`). The body itself
shows which it is.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
from qiskit.primitives import PrimitiveResult

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.result.expected import Expected
from qiskit_rest_primitives.wire.result.plain_json import decode_plain, encode_plain
from qiskit_rest_primitives.wire.result.qiskit_json import decode_encoded, encode_encoded
from qiskit_rest_primitives.wire.values.arrays import MAX_ARRAY_BYTES, iter_array_text
from qiskit_rest_primitives.wire.values.decoders import DECODERS
from qiskit_rest_primitives.wire.values.excerpt import brief
from qiskit_rest_primitives.wire.values.long_values import Splicer, parse_body
from qiskit_rest_primitives.wire.values.typed_values import Decoder, Encoder, envelope

_PROGRAMS = ("sampler", "estimator")


def decode_result(
    body: bytes | bytearray,
    *,
    program_id: str,
    pub_shapes: Sequence[tuple[int, ...]] | None = None,
    pub_shots: Sequence[int] | None = None,
    max_bytes: int = MAX_ARRAY_BYTES,
) -> PrimitiveResult[Any]:
    """Reads a result from the bytes received, in either form.

    Args:
        body: the reply's body, uncompressed; a bytearray is not copied.
        program_id: ``sampler`` or ``estimator``.
        pub_shapes: broadcast shape of each PUB where known. Plain JSON needs it for the shape of
            the flat samples of a sweep; without it their shape is ().
        pub_shots: shots of each PUB where known.
        max_bytes: limit of all arrays together, in bytes.

    Returns:
        For samplers, ``SamplerPubResult`` items with a ``BitArray`` a register, or a complex array
        where measurements weren't classified. For estimators, ``PubResult`` items with float64
        arrays that lead with the PUB's shape.

    Raises:
        ProtocolError: the body is something else; names PUB, register and place.
        ReplyTooLargeError: the arrays are larger than ``max_bytes``.
    """
    if program_id not in _PROGRAMS:
        raise ProtocolError(f"no decoder for the results of program {program_id!r}")
    expected = Expected(program_id, pub_shapes, pub_shots)
    parsed = parse_body(body)
    decoder = Decoder(parsed, DECODERS, max_bytes)
    value = parsed.value
    fields = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    try:
        if "__type__" in fields:
            return decode_encoded(decoder, fields, expected)
        if "results" in fields:
            return decode_plain(decoder, fields, expected)
    except RecursionError:
        raise ProtocolError("the result is nested too deeply") from None
    raise ProtocolError(f"not the result of a {program_id} job: {brief(value)}")


def encode_result(result: PrimitiveResult[Any], *, program_id: str, support_qiskit: bool) -> bytes:
    """Writes a result in the requested form; inverse of `decode_result`.

    Raises:
        EncodeError: the metadata hold an object that has no place on the wire.
    """
    # Its value is not a copy, as that of b"".join would be.
    stream = io.BytesIO()
    stream.writelines(
        iter_encoded_result(result, program_id=program_id, support_qiskit=support_qiskit)
    )
    return stream.getvalue()


def iter_encoded_result(
    result: PrimitiveResult[Any], *, program_id: str, support_qiskit: bool
) -> Iterator[bytes]:
    """Writes a result in pieces of at most some hundred kilobytes; see `encode_result`."""
    splicer = Splicer()
    encoder = Encoder(lambda array: envelope("ndarray", splicer.mark(_quoted(array))))
    if support_qiskit:
        value = encode_encoded(encoder, result, program_id)
    else:
        value = encode_plain(encoder, splicer, result)
    return splicer.write(value)


def _quoted(array: np.ndarray) -> Iterator[bytes]:
    yield b'"'
    yield from iter_array_text(array)
    yield b'"'
