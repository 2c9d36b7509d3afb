"""Samples of narrow runs, drawn from the exact probabilities of every row at once. NumPy only."""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit.primitives.containers import BitArray

from qiskit_rest_primitives.mitigation.base.steps import Run, Samples
from tests.mitigation.running import Sample

_SX = np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2


def drawn(
    rng: np.random.Generator, *, kept: float = 1.0, readout: tuple[float, float] = (0.0, 0.0)
) -> Sample:
    """Samples runs of rz, rx, sx, x and cz with measurements at the end.

    Args:
        rng: draws the shots.
        kept: each cz leaves the state of all qubits with this probability, else it is mixed.
        readout: probabilities of 1 for |0> and of 0 for |1>.
    """
    confusion = np.array([[1 - readout[0], readout[1]], [readout[0], 1 - readout[1]]])

    def sample(run: Run) -> Samples:
        probabilities, register = _probabilities(run, kept)
        rows = len(run.values)
        bits = probabilities.ndim - 1
        for axis in range(1, bits + 1):
            probabilities = np.moveaxis(
                np.tensordot(confusion, probabilities, axes=(1, axis)), 0, axis
            )
        counts = rng.multinomial(run.shots, probabilities.reshape(rows, -1))
        # Bit 0 is the first axis; a BitArray counts from the right.
        codes = np.arange(2**bits)
        of_axes = (codes[:, np.newaxis] >> np.arange(bits)[::-1]) & 1
        rows_of_bits = np.stack([np.repeat(of_axes, row, axis=0) for row in counts])
        shuffled = rng.permuted(np.arange(run.shots)[np.newaxis].repeat(rows, 0), axis=1)
        mixed = np.take_along_axis(rows_of_bits, shuffled[..., np.newaxis], axis=1)
        return {register: BitArray.from_bool_array(mixed.astype(bool), order="little")}

    return sample


def _probabilities(run: Run, kept: float) -> tuple[np.ndarray, str]:
    """Of the measured bits: ``(rows, 2, 2, ...)``, bit 0 first; and the register's name."""
    circuit, rows = run.circuit, len(run.values)
    place = {qubit: i for i, qubit in enumerate(circuit.qubits)}
    columns = {parameter: i for i, parameter in enumerate(circuit.parameters)}
    state = np.zeros((rows, *[2] * circuit.num_qubits), dtype=complex)
    state[(slice(None), *[0] * circuit.num_qubits)] = 1
    measured: dict[int, int] = {}
    purity = 1.0
    (register,) = circuit.cregs
    for item in circuit.data:
        axes = [place[qubit] + 1 for qubit in item.qubits]
        if item.name == "rz":
            phase = np.exp(0.5j * _angles(item.params[0], columns, run.values))
            factors = np.stack([phase.conj(), phase], axis=-1)
            shape = [rows] + [2 if axis == axes[0] else 1 for axis in range(1, state.ndim)]
            state = state * factors.reshape(shape)
        elif item.name == "rx":
            half = _angles(item.params[0], columns, run.values) / 2
            flipped = np.flip(state, axis=axes[0])
            shape = [rows] + [1] * (state.ndim - 1)
            state = np.cos(half).reshape(shape) * state - 1j * np.sin(half).reshape(shape) * flipped
        elif item.name in ("sx", "x"):
            gate = _SX if item.name == "sx" else _SX @ _SX
            state = np.moveaxis(np.tensordot(gate, state, axes=(1, axes[0])), 0, axes[0])
        elif item.name == "cz":
            ones: list[slice | int] = [slice(None)] * state.ndim
            ones[axes[0]] = ones[axes[1]] = 1
            state = state.copy()
            state[tuple(ones)] *= -1
            purity *= kept
        elif item.name == "measure":
            measured[list(register).index(item.clbits[0])] = axes[0]
        else:
            assert item.name in ("barrier", "delay"), item.name
    others = tuple(axis for axis in range(1, state.ndim) if axis not in measured.values())
    found = (np.abs(state) ** 2).sum(axis=others)
    order = np.argsort(np.argsort([measured[bit] for bit in range(len(measured))]))
    found = found.transpose(0, *(order + 1))
    return purity * found + (1 - purity) / 2 ** len(measured), register.name


def _angles(angle: Any, columns: dict[Any, int], values: np.ndarray) -> np.ndarray:
    """An angle in each row."""
    if angle in columns:
        return values[:, columns[angle]]
    free = getattr(angle, "parameters", ())
    if not free:
        return np.full(len(values), float(angle))
    return np.array(
        [float(angle.bind({name: row[columns[name]] for name in free})) for row in values]
    )
