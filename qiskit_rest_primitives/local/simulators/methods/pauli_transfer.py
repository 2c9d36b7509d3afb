"""Sweeps on a device with all of its noise, many rows at once, as Pauli transfer matrices.

The rows share what does not depend on their values: gates before the first that does, the walk
along the circuit and the channels of its noise. Rows that twirl the measurements, or measure in
other bases, share all gates of two qubits. Qubits that nothing joins, neither a gate nor noise,
have states of their own: so a circuit that measures a whole device needs no more than its gates do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_rest_primitives.local.simulators.base.transfer_matrices import (
    FIXED_GATES,
    RESET,
    ROTATIONS,
    TransferState,
    of_gate,
    of_rotation,
)
from qiskit_rest_primitives.local.simulators.devices.device_part import DevicePart
from qiskit_rest_primitives.local.simulators.methods.angles import angles_of
from qiskit_rest_primitives.local.simulators.methods.pauli_bases import registers_from_bits
from qiskit_rest_primitives.local.simulators.methods.qubit_groups import joined
from qiskit_rest_primitives.local.simulators.noise.idle_noise import Phase, Relaxation, noisy_events
from qiskit_rest_primitives.local.simulators.noise.pauli_channels import (
    gate_transfer,
    relaxation_transfer,
)

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.base.simulator import ExpectationsWanted, Points

# They fit in a processor's cache.
_BYTES_AT_ONCE = 1 << 22
_ROWS_AT_ONCE = 32
_KNOWN = FIXED_GATES | ROTATIONS | {"measure", "reset"}
# A measured bit is 0 or 1 with the probabilities (I + Z) / 2 and (I - Z) / 2.
_OUTCOMES = np.array([[0.5, 0, 0, 0.5], [0.5, 0, 0, -0.5]])
_TRACE = np.array([[1.0, 0, 0, 0]])


def rows_together(num_qubits: int) -> int:
    """Number of rows whose states are computed together; the widest has so many qubits."""
    return max(1, min(_ROWS_AT_ONCE, _BYTES_AT_ONCE // (8 * 4**num_qubits)))


def final_measurements(circuit: QuantumCircuit) -> list[int | None] | None:
    """The bit that each qubit is measured into, None for a qubit that is not.

    None instead of a list if a bit or qubit is measured twice, if a qubit is used afterwards, or
    if there are operations other than measurements, resets, delays and gates of a device.
    """
    qubits = {qubit: number for number, qubit in enumerate(circuit.qubits)}
    clbits = {clbit: number for number, clbit in enumerate(circuit.clbits)}
    measured: list[int | None] = [None] * len(qubits)
    for instruction in circuit.data:
        places = [qubits[qubit] for qubit in instruction.qubits]
        name = instruction.operation.name
        if name in ("barrier", "delay"):
            continue
        if name not in _KNOWN or any(measured[place] is not None for place in places):
            return None
        if name == "measure":
            clbit = clbits[instruction.clbits[0]]
            if clbit in measured:
                return None
            measured[places[0]] = clbit
    return measured


@dataclass(frozen=True)
class PauliTransfer:
    """Samples rows of a circuit without control flow that is measured at its end.

    Attributes:
        part: numbers of the device's qubits.
    """

    part: DevicePart

    @property
    def holds_lock(self) -> bool:
        """NumPy keeps it for small matrices."""
        return True

    def sample(self, points: Points, shots: int) -> dict[str, np.ndarray]:
        """Samples a circuit at each row; see `Simulator`."""
        circuit = points.circuit
        clbits = final_measurements(circuit)
        assert clbits is not None, "measurements were looked at when the circuit was prepared"
        packed = {
            creg.name: np.zeros((len(points.rows), shots, -(-creg.size // 8)), dtype=np.uint8)
            for creg in circuit.cregs
        }
        for row, found in enumerate(self.probabilities(points)):
            points.check()
            rng = np.random.default_rng(points.seeds.for_rows(points.start + row))
            bits = np.zeros((shots, circuit.num_clbits), dtype=np.uint8)
            for group, chances in found:
                targets = [clbit for qubit in group if (clbit := clbits[qubit]) is not None]
                if len(targets) == 1:
                    bits[:, targets[0]] = rng.random(shots) < chances[1]
                elif targets:
                    outcomes = rng.choice(len(chances), p=chances, size=shots)
                    bits[:, targets] = (outcomes[:, None] >> np.arange(len(targets))) & 1
            for name, samples in registers_from_bits(circuit, bits).items():
                packed[name][row] = samples
        return packed

    def estimate(self, points: Points, wanted: ExpectationsWanted) -> dict[str, np.ndarray]:
        """Not supported: only sampler PUBs are sweeps of this kind."""
        raise TypeError(f"{type(self).__name__} gives samples, not expectation values")

    def probabilities(self, points: Points) -> Iterator[list[tuple[list[int], np.ndarray]]]:
        """Yields for each row the probabilities of the outcomes, readout errors included.

        They come with the qubits that they are about: one group after another. The lowest bit of an
        outcome is that of the first measured qubit of its group.
        """
        circuit = points.circuit
        clbits = final_measurements(circuit) or []
        effects = [
            _TRACE if clbit is None else _confusion(wrong) @ _OUTCOMES
            for clbit, wrong in zip(clbits, self.part.readout, strict=True)
        ]
        numbers = {parameter: column for column, parameter in enumerate(circuit.parameters)}
        steps = steps_of(circuit, self.part)
        groups = joined(circuit.num_qubits, (step.qubits for step in steps))
        group_of = {qubit: number for number, group in enumerate(groups) for qubit in group}
        place = {qubit: place for group in groups for place, qubit in enumerate(group)}
        block = rows_together(max(map(len, groups)))
        for first in range(0, len(points.rows), block):
            rows = points.rows[first : first + block]
            states = [TransferState(len(group)) for group in groups]
            for step in steps:
                points.check()
                matrix = step.matrix(rows, numbers)
                state = states[group_of[step.qubits[0]]]
                if len(step.qubits) == 1:
                    state.turn(place[step.qubits[0]], matrix)
                else:
                    state.join((place[step.qubits[0]], place[step.qubits[1]]), matrix)
            for row in range(len(rows)):
                yield [
                    (group, state.probabilities([effects[qubit] for qubit in group], row))
                    for group, state in zip(groups, states, strict=True)
                ]


@dataclass(frozen=True)
class Step:
    """An operation and its error.

    Attributes:
        qubits: one or two.
        fixed: matrix of all rows, ``(1, 4**qubits, 4**qubits)``; of a rotation with parameters,
            that of its error.
        rotation: name of a rotation with parameters.
        angle: of the rotation.
    """

    qubits: tuple[int, ...]
    fixed: np.ndarray
    rotation: str | None = None
    angle: Any = None

    def matrix(self, rows: np.ndarray, numbers: dict[Any, int]) -> np.ndarray:
        """Matrices ``(rows, 4**qubits, 4**qubits)``, or one for all rows."""
        if self.rotation is None:
            return self.fixed
        used = [numbers[parameter] for parameter in self.angle.parameters]
        if np.all(rows[:, used] == rows[0, used]):
            rows = rows[:1]
        turned = of_rotation(self.rotation, angles_of(self.angle, numbers, rows))
        return turned if self.rotation == "rz" else self.fixed @ turned


def steps_of(circuit: QuantumCircuit, part: DevicePart) -> list[Step]:
    """What acts on the state before the measurements, noise included.

    Args:
        circuit: in gates of the device, on the qubits of `part`, without control flow.
        part: the device's numbers.
    """
    errors: dict[tuple[str, tuple[int, ...]], np.ndarray] = {}
    steps: list[Step] = []
    for event in noisy_events(circuit, part):
        if isinstance(event, Relaxation):
            matrix = relaxation_transfer(part, event.qubit, event.seconds)
            steps.append(Step((event.qubit,), matrix[None]))
            continue
        if isinstance(event, Phase):
            name = "rz" if len(event.qubits) == 1 else "rzz"
            steps.append(Step(event.qubits, of_rotation(name, np.array([event.radians]))))
            continue
        operation, qubits = event.instruction.operation, event.qubits
        name = operation.name
        if name == "measure":
            continue
        if (name, qubits) not in errors:
            errors[name, qubits] = gate_transfer(part, name, qubits)[None]
        error = errors[name, qubits]
        if name == "reset":
            steps.append(Step(qubits, error @ RESET))
        elif name not in ROTATIONS:
            steps.append(Step(qubits, error @ of_gate(name)))
        elif isinstance(operation.params[0], (int, float)):
            angle = np.array([operation.params[0]], dtype=float)
            steps.append(Step(qubits, error @ of_rotation(name, angle)))
        else:
            steps.append(Step(qubits, error, name, operation.params[0]))
    return steps


def _confusion(wrong: float) -> np.ndarray:
    """Probabilities of the bits that are read, for those that are true."""
    return np.array([[1 - wrong, wrong], [wrong, 1 - wrong]])
