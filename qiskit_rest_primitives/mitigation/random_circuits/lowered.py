"""A PUB as random circuits: what is run, and what its samples must be corrected by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from qiskit.primitives.containers import BitArray

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


@dataclass(frozen=True)
class Lowered:
    """One circuit and its random versions.

    Attributes:
        circuit: to be run.
        values: float64 ``(rows, parameters)``, in ``circuit.parameters`` order; row
            ``i * randomizations + k`` is the k-th version of the i-th circuit.
        flips: creg name -> bool ``(rows, bits)``: which bits twirling has flipped.
        signs: int8 ``(rows,)``, +1 or -1: the factor of each row's values; None: all +1.
        scale: the factor of all values.
    """

    circuit: QuantumCircuit
    values: np.ndarray
    flips: Mapping[str, np.ndarray] = field(default_factory=dict)
    signs: np.ndarray | None = None
    scale: float = 1.0

    def shared(self, among: int, randomizations: int) -> list[Lowered]:
        """Divides the random versions of each circuit.

        Args:
            among: number of parts.
            randomizations: of each circuit in each part.
        """

        def of_parts(rows: np.ndarray) -> np.ndarray:
            """The rows of each part, along a new first axis."""
            split = rows.reshape(-1, among, randomizations, *rows.shape[1:])
            return split.swapaxes(0, 1).reshape(among, -1, *rows.shape[1:])

        values = of_parts(self.values)
        flips = {name: of_parts(rows) for name, rows in self.flips.items()}
        signs = None if self.signs is None else of_parts(self.signs)
        return [
            replace(
                self,
                values=values[part],
                flips={name: rows[part] for name, rows in flips.items()},
                signs=None if signs is None else signs[part],
            )
            for part in range(among)
        ]


def unflipped(bits: BitArray, flips: np.ndarray | None) -> np.ndarray:
    """Undoes the flips of twirled measurements.

    Args:
        bits: of shape ``(rows,)``.
        flips: bool ``(rows, bits)``.

    Returns:
        uint8 ``(rows, shots, bytes)``, as in a `BitArray`.
    """
    if flips is None:
        return bits.array
    return bits.array ^ packed(flips)[:, np.newaxis]


def packed(bits: np.ndarray) -> np.ndarray:
    """Packs bits, lowest first, as a `BitArray` does: bool ``(..., n)`` -> uint8 bytes."""
    return BitArray.from_bool_array(bits[..., np.newaxis, :], order="little").array[..., 0, :]
