"""Sweeps whose rows differ in the last gates of each qubit only, as one density matrix with Aer.

Rows that twirl the measurements, or measure in other bases, share all gates of two qubits. The
state before the last gates is computed once; a row turns the gates, their noise and the readout
errors of each qubit into what they measure of that state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_rest_primitives.local.simulators.methods.angles import angles_of
from qiskit_rest_primitives.local.simulators.methods.clifford_group import rotations
from qiskit_rest_primitives.local.simulators.methods.pauli_bases import registers_from_bits
from qiskit_rest_primitives.local.simulators.noise.device_noise_in_aer import DeviceNoise

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.base.simulator import ExpectationsWanted, Points


@dataclass(frozen=True)
class Split:
    """A circuit with its noise, in two parts.

    Attributes:
        prefix: without measurements.
        columns: parameters of the prefix, as columns of the rows.
        last: for each qubit the instructions after its last gate of two qubits.
        clbits: for each qubit the bit it is measured into, or None.
    """

    prefix: QuantumCircuit
    columns: list[int]
    last: list[list[Any]]
    clbits: list[int | None] = field(default_factory=list)


def split_circuit(ready: QuantumCircuit, parameters: Sequence[Any]) -> Split | None:
    """Divides a circuit; None if bits or qubits are measured twice, or in the middle.

    Args:
        ready: with its noise, see `DeviceNoise.ready`; without control flow.
        parameters: of the rows' columns.
    """
    qubits = {qubit: number for number, qubit in enumerate(ready.qubits)}
    clbits = {clbit: number for number, clbit in enumerate(ready.clbits)}
    last: list[list[Any]] = [[] for _ in qubits]
    measured: list[int | None] = [None] * len(qubits)
    kept: list[Any] = []
    closed: set[int] = set()
    for instruction in reversed(ready.data):
        places = [qubits[qubit] for qubit in instruction.qubits]
        if instruction.operation.name == "reset":
            return None
        if instruction.operation.name == "measure":
            [qubit], clbit = places, clbits[instruction.clbits[0]]
            if last[qubit] or qubit in closed or clbit in measured or measured[qubit] is not None:
                return None
            measured[qubit] = clbit
        elif len(places) == 1 and places[0] not in closed:
            last[places[0]].append(instruction)
        else:
            closed.update(places)
            kept.append(instruction)
    prefix = ready.copy_empty_like()
    prefix.global_phase = 0
    for instruction in reversed(kept):
        prefix.append(instruction, copy=False)
    numbers = {parameter: column for column, parameter in enumerate(parameters)}
    columns = [numbers[parameter] for parameter in prefix.parameters]
    return Split(prefix, columns, [instructions[::-1] for instructions in last], measured)


@dataclass(frozen=True)
class SharedPrefix:
    """Samples rows that share most of a circuit.

    Attributes:
        noise: of the device.
    """

    noise: DeviceNoise

    @property
    def holds_lock(self) -> bool:
        """Aer does not release it."""
        return True

    def sample(self, points: Points, shots: int) -> dict[str, np.ndarray]:
        """Samples a circuit at each row; see `Simulator`."""
        circuit = points.circuit
        split = split_circuit(self.noise.ready(circuit), list(circuit.parameters))
        assert split is not None, "the circuit was split when it was prepared"
        _, first, kinds = np.unique(
            points.rows[:, split.columns], axis=0, return_index=True, return_inverse=True
        )
        measured = [qubit for qubit, clbit in enumerate(split.clbits) if clbit is not None]
        packed = {
            creg.name: np.zeros((len(points.rows), shots, -(-creg.size // 8)), dtype=np.uint8)
            for creg in circuit.cregs
        }
        for kind, row in enumerate(first):
            points.check()
            state = self._state(split, points.rows[row])
            alike = np.flatnonzero(kinds.ravel() == kind)
            effects = self._effects(split, points, alike)
            for place, number in enumerate(alike.tolist()):
                points.check()
                chances = _probabilities(state, [effect[place] for effect in effects])
                rng = np.random.default_rng(points.seeds.for_rows(points.start + number))
                outcomes = rng.choice(len(chances), p=chances, size=shots)
                bits = np.zeros((shots, circuit.num_clbits), dtype=np.uint8)
                for position, qubit in enumerate(measured):
                    bits[:, split.clbits[qubit]] = (outcomes >> position) & 1
                for name, samples in registers_from_bits(circuit, bits).items():
                    packed[name][number] = samples
        return packed

    def estimate(self, points: Points, wanted: ExpectationsWanted) -> dict[str, np.ndarray]:
        """Not supported: only sampler PUBs are sweeps of this kind."""
        raise TypeError(f"{type(self).__name__} gives samples, not expectation values")

    def _state(self, split: Split, row: np.ndarray) -> np.ndarray:
        """The density matrix after the prefix, one axis of 4 per qubit, the last qubit first."""
        from qiskit_rest_primitives.local.simulators.methods.aer import density_matrix

        values = row[split.columns]
        prefix = split.prefix.assign_parameters(values) if len(values) else split.prefix
        width = prefix.num_qubits
        state = density_matrix(prefix, self.noise).reshape((2,) * (2 * width))
        # Row and column of a qubit side by side.
        axes = [axis for qubit in range(width) for axis in (qubit, width + qubit)]
        return state.transpose(axes).reshape((4,) * width)

    def _effects(self, split: Split, points: Points, alike: np.ndarray) -> list[np.ndarray]:
        """What each row measures of each qubit: complex ``(rows, outcomes, 4)``.

        The last axis is row and column of the qubit's density matrix; there is one outcome, its
        trace, for a qubit that is not measured.
        """
        numbers = {parameter: column for column, parameter in enumerate(points.circuit.parameters)}
        effects: list[np.ndarray] = []
        for qubit, instructions in enumerate(split.last):
            effect = np.array([[[1, 0, 0, 0], [0, 0, 0, 1]]], dtype=complex)
            if split.clbits[qubit] is None:
                effect = effect.sum(axis=1, keepdims=True)
            else:
                wrong = self.noise.part.readout[qubit]
                effect = np.array([[1 - wrong, wrong], [wrong, 1 - wrong]]) @ effect
            for instruction in reversed(instructions):
                effect = effect @ self._channels(instruction, numbers, points.rows[alike])
            effects.append(np.broadcast_to(effect, (len(alike), *effect.shape[1:])))
        return effects

    def _channels(self, instruction: Any, numbers: dict[Any, int], rows: np.ndarray) -> np.ndarray:
        """An operation and its error on row and column of a qubit: ``(rows or 1, 4, 4)``."""
        operation = instruction.operation
        matrices = np.eye(2, dtype=complex)[None]
        if operation.name in ("rz", "rx"):
            matrices = rotations(operation.name[1], angles_of(operation.params[0], numbers, rows))
        elif operation.name != "qerror_loc":
            matrices = np.asarray(operation.to_matrix(), dtype=complex)[None]
        channels = np.einsum("nij,nkl->nikjl", matrices, matrices.conj()).reshape(-1, 4, 4)
        error = None if operation.label is None else self.noise.channel(operation.label)
        return channels if error is None else error @ channels


def _probabilities(state: np.ndarray, effects: Sequence[np.ndarray]) -> np.ndarray:
    """Probabilities of the outcomes; bit 0 is that of the first measured qubit.

    Args:
        state: one axis of 4 per qubit, the last qubit first.
        effects: of each qubit, ``(outcomes, 4)``.
    """
    for effect in reversed(effects):
        # The first axis is measured, and its outcomes go to the end.
        state = np.tensordot(state, effect, axes=([0], [1]))
    chances = np.clip(np.real(state).ravel(), 0.0, None)
    return chances / chances.sum()
