"""Sweeps of Clifford circuits whose rows differ by Paulis, as Pauli frames on stim.

One circuit with random Pauli errors is sampled for all rows together. What a row's own Paulis do to
its bits does not depend on the errors and is added afterwards. Paulis that are random between the
layers of a circuit turn its errors into Pauli errors: so frames are the method for twirled sweeps.
The errors of a dressing's gates act at its end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from qiskit_rest_primitives.local.simulators.devices.device_part import DevicePart
from qiskit_rest_primitives.local.simulators.methods.clifford_group import FRAMES
from qiskit_rest_primitives.local.simulators.methods.clifford_sweep import (
    Coupling,
    DressedCircuit,
    Dressing,
    Reading,
)
from qiskit_rest_primitives.local.simulators.methods.pauli_bases import registers_from_bits
from qiskit_rest_primitives.local.simulators.noise.idle_noise import Relaxation
from qiskit_rest_primitives.local.simulators.noise.pauli_channels import (
    gate_left,
    probabilities,
    relaxation_left,
)

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.simulators.base.simulator import ExpectationsWanted, Points

# Samples, of several rows, that one run of stim gives.
_SAMPLES_TOGETHER = 4096
_SAMPLES_AT_ONCE = 1 << 16
_NEGLIGIBLE = 1e-10
# Quarter turns of rzz, up to a phase.
_RZZ = ("I {0}", "SQRT_ZZ {0} {1}", "Z {0} {1}", "SQRT_ZZ_DAG {0} {1}")

Operation: TypeAlias = "tuple[str, int, tuple[int, ...]]"
"""What happens, its column in the rows or -1, and qubits.

"D" is a dressing, "CZ" and "RZZ" are gates, "M" a measurement, "R" a reset; anything else is noise
in stim's words, with its arguments.
"""


def rows_together(shots: int) -> int:
    """Number of rows that share a run of stim."""
    return max(1, _SAMPLES_TOGETHER // max(1, shots))


def pauli_frames(dressed: DressedCircuit, part: DevicePart) -> PauliFrames:
    """A circuit of a device with its noise, ready to be sampled.

    Args:
        dressed: the circuit.
        part: the device's numbers.
    """
    operations: list[Operation] = []
    # Of the gates that act one after another on the same qubits; the same ones occur often.
    channels: dict[tuple[tuple[str, ...], tuple[int, ...]], list[Operation]] = {}

    def gate_noise(names: tuple[str, ...], qubits: tuple[int, ...]) -> list[Operation]:
        if (names, qubits) not in channels:
            left = np.prod([gate_left(part, name, qubits) for name in names], axis=0)
            channels[names, qubits] = _noise(left, qubits)
        return channels[names, qubits]

    readings: list[Reading] = []
    rzz_column = dressed.num_dressings
    for piece in dressed.pieces:
        if isinstance(piece, Dressing):
            operations.append(("D", piece.number, (piece.qubit,)))
            if piece.names:
                operations += gate_noise(tuple(piece.names), (piece.qubit,))
        elif isinstance(piece, Coupling):
            column = -1
            if piece.angle is not None:
                column, rzz_column = rzz_column, rzz_column + 1
            operations.append((piece.name.upper(), column, piece.qubits))
            operations += gate_noise((piece.name,), piece.qubits)
        elif isinstance(piece, Reading):
            operations.append(("R" if piece.clbit is None else "M", -1, (piece.qubit,)))
            if piece.clbit is not None:
                readings.append(piece)
            elif seconds := part.seconds.get(("reset", (piece.qubit,))):
                left = relaxation_left(part, piece.qubit, seconds)
                operations += _noise(left, (piece.qubit,))
        elif isinstance(piece, Relaxation):
            left = relaxation_left(part, piece.qubit, piece.seconds)
            operations += _noise(left, (piece.qubit,))
        else:
            probability = math.sin(piece.radians / 2) ** 2
            operations.append(_phase_noise(probability, piece.qubits))
    return PauliFrames(
        operations,
        dressed.num_dressings,
        [reading.clbit for reading in readings if reading.clbit is not None],
        np.array([part.readout[reading.qubit] for reading in readings], dtype=np.float32),
        len(part.t1),
    )


def _phase_noise(probability: float, qubits: tuple[int, ...]) -> Operation:
    if len(qubits) == 1:
        return (f"Z_ERROR({probability:.6g})", -1, qubits)
    return (f"E({probability:.6g}) Z{qubits[0]} Z{qubits[1]}", -1, ())


def _noise(left: np.ndarray, qubits: tuple[int, ...]) -> list[Operation]:
    """The channel as an operation of stim; none if it is the identity."""
    errors = probabilities(left)[1:]
    if errors.sum() < _NEGLIGIBLE:
        return []
    values = ",".join(f"{value:.6g}" for value in errors)
    return [(f"PAULI_CHANNEL_{len(qubits)}({values})", -1, qubits)]


@dataclass(frozen=True)
class PauliFrames:
    """Samples rows of Clifford gates; see `clifford_sweep.read_rows`.

    Attributes:
        operations: in the order in which they act.
        num_dressings: columns of the rows that are dressings; the others are rzz gates.
        clbits: of each measurement, in order.
        readout: of each measurement, probability of the wrong bit.
        num_qubits: of the circuit.
    """

    operations: Sequence[Operation]
    num_dressings: int
    clbits: Sequence[int]
    readout: np.ndarray
    num_qubits: int

    @property
    def holds_lock(self) -> bool:
        """Stim does not release it."""
        return True

    def sample(self, points: Points, shots: int) -> dict[str, np.ndarray]:
        """Samples the circuit at each row; see `Simulator`."""
        packed = {
            creg.name: np.zeros((len(points.rows), shots, -(-creg.size // 8)), dtype=np.uint8)
            for creg in points.circuit.cregs
        }
        block = rows_together(shots)
        for first in range(0, len(points.rows), block):
            seeds = points.seeds.for_rows(points.start + first)
            for rows, part, outcomes in self._outcomes(
                points.rows[first : first + block], shots, seeds
            ):
                points.check()
                bits = np.zeros((*outcomes.shape[:2], points.circuit.num_clbits), dtype=np.uint8)
                # One after another: the last measurement into a bit counts.
                for number, clbit in enumerate(self.clbits):
                    bits[..., clbit] = outcomes[..., number]
                for name, samples in registers_from_bits(points.circuit, bits).items():
                    packed[name][first + rows, part] = samples
        return packed

    def estimate(self, points: Points, wanted: ExpectationsWanted) -> dict[str, np.ndarray]:
        """Not supported: expectation values are measured by sampler PUBs."""
        raise TypeError(f"{type(self).__name__} gives samples, not expectation values")

    def _outcomes(
        self, rows: np.ndarray, shots: int, seeds: np.random.SeedSequence
    ) -> Iterator[tuple[np.ndarray, slice, np.ndarray]]:
        """Yields numbers of rows, some of their shots, and bool ``(rows, shots, readings)``."""
        import stim

        frames = frames_of(rows, self.num_dressings)
        _, kinds = np.unique(frames, axis=0, return_inverse=True)
        kinds = kinds.ravel()
        for kind, own in enumerate(seeds.spawn(int(kinds.max()) + 1)):
            alike = np.flatnonzero(kinds == kind)
            for_stim, for_readout = own.spawn(2)
            sampler = stim.Circuit(self._text(frames[alike[0]])).compile_sampler(
                seed=int(for_stim.generate_state(1, np.uint64)[0] >> 1)
            )
            rng = np.random.default_rng(for_readout)
            flips = self._flips(frames[alike[0]], rows[alike, : self.num_dressings] & 3)
            at_once = max(1, _SAMPLES_AT_ONCE // len(alike))
            for begin in range(0, shots, at_once):
                part = slice(begin, min(begin + at_once, shots))
                size = part.stop - part.start
                bits = sampler.sample(len(alike) * size).reshape(len(alike), size, -1)
                bits ^= flips[:, None, :]
                bits ^= rng.random(bits.shape, dtype=np.float32) < self.readout
                yield alike, part, bits

    def _text(self, frames: np.ndarray) -> str:
        """The circuit, where every dressing is the gate of its frame, for stim."""
        lines: list[str] = []
        for what, column, qubits in self.operations:
            if what == "D":
                lines += [f"{gate} {qubits[0]}" for gate in FRAMES[frames[column]]]
            elif what == "RZZ":
                lines.append(_RZZ[frames[column]].format(*qubits))
            else:
                lines.append(" ".join([what, *map(str, qubits)]))
        return "\n".join(lines)

    def _flips(self, frames: np.ndarray, paulis: np.ndarray) -> np.ndarray:
        """The outcomes that the Paulis of each row flip: bool ``(rows, readings)``.

        Args:
            frames: of the dressings, and quarter turns of the rzz gates.
            paulis: ``(rows, dressings)``: 0 to 3 for I, X, Y, Z.
        """
        # An integer has one bit per row.
        x, z = [0] * self.num_qubits, [0] * self.num_qubits
        own_x, own_z = _columns((paulis == 1) | (paulis == 2)), _columns(paulis >= 2)
        flips: list[int] = []
        for what, column, qubits in self.operations:
            if what == "D":
                [a] = qubits
                for gate in FRAMES[frames[column]]:
                    if gate == "H":
                        x[a], z[a] = z[a], x[a]
                    elif gate == "S":
                        z[a] ^= x[a]
                    else:
                        x[a] ^= z[a]
                x[a] ^= own_x[column]
                z[a] ^= own_z[column]
            elif what == "CZ":
                a, b = qubits
                z[a] ^= x[b]
                z[b] ^= x[a]
            elif what == "RZZ" and frames[column] % 2:
                a, b = qubits
                both = x[a] ^ x[b]
                z[a] ^= both
                z[b] ^= both
            elif what == "M":
                flips.append(x[qubits[0]])
            elif what == "R":
                x[qubits[0]] = z[qubits[0]] = 0
        return _rows(flips, len(paulis))


def frames_of(rows: np.ndarray, num_dressings: int) -> np.ndarray:
    """What rows that differ by Paulis have in common: frames, and quarter turns of rzz gates."""
    return np.concatenate([rows[:, :num_dressings] >> 2, rows[:, num_dressings:]], axis=1)


def _columns(bits: np.ndarray) -> list[int]:
    """Each column of a bool array as an integer; row 0 is its lowest bit."""
    packed = np.packbits(bits, axis=0, bitorder="little")
    return [int.from_bytes(column.tobytes(), "little") for column in packed.T]


def _rows(columns: list[int], num_rows: int) -> np.ndarray:
    """The inverse of `_columns`."""
    width = -(-num_rows // 8)
    data = b"".join(column.to_bytes(width, "little") for column in columns)
    packed = np.frombuffer(data, dtype=np.uint8).reshape(len(columns), width)
    return np.unpackbits(packed, axis=1, count=num_rows, bitorder="little").T.astype(bool)
