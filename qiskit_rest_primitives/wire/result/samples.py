"""Samples of plain JSON results -> rows of bits, and their shape. No I/O."""

from __future__ import annotations

import itertools
import math
from typing import cast

import numpy as np

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.result.hex_samples import decode_hex_list, decode_hex_text
from qiskit_rest_primitives.wire.values.excerpt import brief
from qiskit_rest_primitives.wire.values.long_values import parse_json
from qiskit_rest_primitives.wire.values.typed_values import Decoder


def decode_samples(
    decoder: Decoder, samples: object, num_bits: int, place: str
) -> tuple[np.ndarray, tuple[int, ...] | None]:
    """Reads the samples of one register.

    Args:
        decoder: holds the bytes of a long list.
        samples: a list of hex strings, flat or nested, or the mark of one that was cut out.
        num_bits: width of the register.
        place: PUB and register, for the error message.

    Returns:
        uint8 rows ``(samples, ceil(num_bits / 8))``, and the nesting of a nested list, else None.

    Raises:
        ProtocolError: not hex, too wide, or nested unevenly; names the sample.
    """
    cut = decoder.body.cut(samples)
    if cut is not None:
        rows = decode_hex_text(cut, num_bits)
        if rows is not None:
            return rows, None
        samples = parse_json(cut.text[cut.start - 1 : cut.end + 1])
    if not isinstance(samples, list):
        raise ProtocolError(f"{place}: samples must be a list, found {brief(samples)}")
    flat = cast("list[object]", samples)
    nesting: list[int] = []
    while flat and isinstance(flat[0], list):
        lengths = {len(cast("list[object]", x)) if isinstance(x, list) else -1 for x in flat}
        if len(lengths) > 1:
            raise ProtocolError(f"{place}: nested samples of unequal lengths {sorted(lengths)[:5]}")
        nesting.append(len(flat))
        flat = [each for inner in cast("list[list[object]]", flat) for each in inner]
    rows = decode_hex_list(flat, num_bits, place)
    if not nesting:
        return rows, None
    steps = [*nesting, len(flat)]
    shape = [steps[0]] + [b // a if a else 0 for a, b in itertools.pairwise(steps)]
    return rows, tuple(shape)


def sample_shape(
    count: int,
    nested: tuple[int, ...] | None,
    shape: tuple[int, ...] | None,
    shots: int | None,
    place: str,
) -> tuple[int, ...]:
    """Returns the shape ``(*pub_shape, shots)`` of the samples.

    Args:
        count: number of samples.
        nested: lengths of their nested lists, or None for a flat list, which is in C order.
        shape: the PUB's shape, or None if unknown: then flat samples belong to one point.
        shots: the PUB's shots, or None if unknown.
        place: PUB and register, for the error message.

    Raises:
        ProtocolError: the numbers do not fit.
    """
    if nested is not None:
        if (shape is not None and nested[:-1] != shape) or (
            shots is not None and nested[-1] != shots
        ):
            raise ProtocolError(
                f"{place}: samples nested as {nested} for shape {shape} and {shots} shots"
            )
        return nested
    points = 1 if shape is None else math.prod(shape)
    each = shots if shots is not None else count // points if points else 0
    if points * each != count:
        raise ProtocolError(
            f"{place}: {count} samples for {points} points of shape {shape or ()} and "
            f"{each if shots is not None else 'equally many'} shots"
        )
    return (*(shape or ()), each)
