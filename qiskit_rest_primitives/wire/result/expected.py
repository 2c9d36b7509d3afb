"""What a result must match: program, PUB count, shapes, shots, fields. No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from qiskit.primitives import BitArray, DataBin

from qiskit_rest_primitives.errors import ProtocolError

MOST_BYTES_OF_A_POINT: Final = 1 << 16
"""Of an array that is not of samples, for each point and shot: four thousand complex numbers, such
as one for each qubit, or for each noise factor and extrapolator."""


@dataclass(frozen=True)
class Expected:
    """The known properties of a result before it is decoded.

    Attributes:
        program_id: ``sampler`` or ``estimator``.
        pub_shapes: broadcast shape of each PUB, or None if the PUBs are unknown.
        pub_shots: shots of each PUB, or None.
    """

    program_id: str
    pub_shapes: Sequence[tuple[int, ...]] | None = None
    pub_shots: Sequence[int] | None = None

    @property
    def field(self) -> str:
        """The word for a part of a PUB's data in an error message."""
        return "register" if self.program_id == "sampler" else "field"

    def check_count(self, count: int) -> None:
        """Refuses another number of PUBs than submitted."""
        for known in (self.pub_shapes, self.pub_shots):
            if known is not None and len(known) != count:
                raise ProtocolError(f"{count} PUB results for {len(known)} PUBs")

    def shape(self, index: int) -> tuple[int, ...] | None:
        """The expected shape of a PUB, or None."""
        return None if self.pub_shapes is None else tuple(self.pub_shapes[index])

    def check_shape(self, index: int, shape: tuple[int, ...]) -> None:
        """Refuses another shape than the PUB's."""
        known = self.shape(index)
        if known is not None and known != shape:
            raise ProtocolError(f"PUB {index}: expected shape {known}, found {shape}")

    def most_bytes(self, index: int) -> int | None:
        """The largest array that a PUB of this shape and these shots can have, or None."""
        if self.pub_shapes is None or (self.program_id == "sampler" and self.pub_shots is None):
            return None
        shots = 1 if self.pub_shots is None else max(1, int(self.pub_shots[index]))
        return MOST_BYTES_OF_A_POINT * shots * math.prod(self.pub_shapes[index])

    def shots(self, index: int, metadata: Mapping[str, Any]) -> int | None:
        """The expected shots of a PUB, or None.

        None with twirling, which may round the shots up to whole randomizations.
        """
        if self.pub_shots is None or metadata.get("num_randomizations") is not None:
            return None
        return int(self.pub_shots[index])


def make_data_bin(
    fields: Mapping[str, Any], shape: tuple[int, ...], place: str, expected: Expected
) -> DataBin:
    """Makes the data of a PUB from its fields.

    Args:
        fields: BitArrays and arrays, each leading with shape; or None.
        shape: shape of the PUB.
        place: the PUB, for the error message.
        expected: the result's known properties; its program decides which fields are valid.

    Raises:
        ProtocolError: shapes or shots differ, or the fields are another program's.
    """
    sampler = expected.program_id == "sampler"
    if not sampler and not isinstance(fields.get("evs"), np.ndarray):
        raise ProtocolError(f"{place}: no field 'evs' in an estimator's result")
    shots: dict[int, str] = {}
    for name, value in fields.items():
        where = f"{place}, {expected.field} {name!r}"
        if isinstance(value, BitArray) and not sampler:
            raise ProtocolError(f"{where}: samples in an estimator's result")
        if not isinstance(value, BitArray) and sampler and not isinstance(value, np.ndarray):
            raise ProtocolError(f"{where}: no samples")
        if isinstance(value, np.ndarray) and value.dtype.kind not in ("iufc" if sampler else "iuf"):
            raise ProtocolError(f"{where}: expected numbers, found {value.dtype}")
        if value is not None and value.shape[: len(shape)] != shape:
            raise ProtocolError(f"{where}: shape {value.shape} in a PUB of shape {shape}")
        if isinstance(value, BitArray):
            shots[value.num_shots] = name
    if len(shots) > 1:
        raise ProtocolError(f"{place}: registers {list(shots.values())} have {list(shots)} shots")
    try:
        return DataBin(shape=shape, **fields)
    except (ValueError, TypeError) as error:
        raise ProtocolError(f"{place}: {error}") from None
