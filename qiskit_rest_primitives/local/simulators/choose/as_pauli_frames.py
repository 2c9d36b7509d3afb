"""A sweep on a device -> its `Setup` as Pauli frames, where its rows differ by Paulis."""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from qiskit_rest_primitives.local.simulators.base.setup import Setup
from qiskit_rest_primitives.local.simulators.devices.device_part import DevicePart, has_open_delay
from qiskit_rest_primitives.local.simulators.methods.clifford_sweep import (
    Coupling,
    DressedCircuit,
    Dressing,
    dressed_circuit,
    read_rows,
)
from qiskit_rest_primitives.local.simulators.methods.pauli_frames import (
    frames_of,
    pauli_frames,
    rows_together,
)

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.base.simulator import SamplesWanted


@cache
def stim_is_installed() -> bool:
    """Whether stim can be imported, without importing it."""
    return importlib.util.find_spec("stim") is not None


def prepare_frames(
    circuit: QuantumCircuit, wanted: SamplesWanted, part: DevicePart, *, exact: bool
) -> Setup | None:
    """Runs a sweep with the noise of a device, twirled; None if it is no sweep for frames.

    That takes two rows or more with the same frames, on average.

    Args:
        circuit: of the width of `part`.
        wanted: with the values of the sweep.
        part: the device's numbers.
        exact: whether such circuits have exact noise. Then random Paulis have to act before all
            gates of two qubits: only they make of errors what frames have.
    """
    rows = wanted.rows
    if rows is None or len(rows) < 2 or has_open_delay(circuit.data) or not stim_is_installed():
        return None
    dressed = dressed_circuit(circuit, part)
    if dressed is None:
        return None
    numbers = read_rows(dressed, list(circuit.parameters), rows)
    if numbers is None:
        return None
    frames = frames_of(numbers, dressed.num_dressings)
    _, first, kinds = np.unique(frames, axis=0, return_index=True, return_inverse=True)
    if len(numbers) < 2 * len(first):
        return None
    if exact:
        differ = np.any(numbers != numbers[first][kinds.ravel()], axis=0)
        if not _is_twirled(dressed, differ):
            return None
    registers = circuit.copy_empty_like()
    registers.global_phase = 0
    seconds = _seconds(dressed, len(numbers), wanted.shots, circuit.num_clbits)
    return Setup(
        pauli_frames(dressed, part),
        registers,
        seconds,
        {"simulation": {"method": "pauli_frames", "noise": "pauli-twirled"}},
        limited=True,
        rows=numbers,
        rows_together=rows_together(wanted.shots),
    )


def _is_twirled(dressed: DressedCircuit, differ: np.ndarray) -> bool:
    """Whether a dressing that differs between rows acts before each gate of two qubits."""
    latest: dict[int, int] = {}
    for piece in dressed.pieces:
        if isinstance(piece, Dressing):
            latest[piece.qubit] = piece.number
        elif isinstance(piece, Coupling) and not all(
            qubit in latest and differ[latest[qubit]] for qubit in piece.qubits
        ):
            return False
    return True


def _seconds(dressed: DressedCircuit, rows: int, shots: int, num_clbits: int) -> float:
    """Seconds per row on one processor."""
    block = min(rows, rows_together(shots))
    per_run = 1e-2 + 1.2e-5 * len(dressed.pieces)
    return per_run / block + shots * (5e-9 * len(dressed.pieces) + 1e-7 * num_clbits)
