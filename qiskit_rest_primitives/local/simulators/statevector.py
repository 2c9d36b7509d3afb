"""Circuits on `quantum_info.Statevector`, equal to the reference primitives to the bit.

The reference primitives take whole PUBs; these functions take any points of one, so that a sweep
can be divided. Random numbers are drawn exactly as `StatevectorSampler` draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from qiskit.primitives.utils import bound_circuit_to_instruction
from qiskit.quantum_info import SparsePauliOp, Statevector

from qiskit_rest_primitives.local.simulators.circuit_analysis import without_final_measurements

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.simulator import ExpectationsWanted, Points


# Samples of a point that are drawn together: each takes some thirty bytes until it is packed.
SHOTS_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class Measurements:
    """Which qubit ends in which classical bit.

    Attributes:
        qubits: measured qubits, ascending.
        registers: creg name -> for each of its bits the position in `qubits`, or -1 (stays 0).
    """

    qubits: list[int]
    registers: dict[str, list[int]]


def final_measurements(circuit: QuantumCircuit) -> Measurements:
    """Finds the measurement that ends in each bit; the last one on a bit counts."""
    bits = {clbit: index for index, clbit in enumerate(circuit.clbits)}
    qubits = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    source = [-1] * len(bits)
    for instruction in circuit.data:
        if instruction.operation.name == "measure":
            source[bits[instruction.clbits[0]]] = qubits[instruction.qubits[0]]
    measured = sorted({qubit for qubit in source if qubit >= 0})
    position = {qubit: index for index, qubit in enumerate(measured)} | {-1: -1}
    registers = {creg.name: [position[source[bits[bit]]] for bit in creg] for creg in circuit.cregs}
    return Measurements(measured, registers)


@dataclass(frozen=True)
class ReferenceSimulator:
    """Runs unitary circuits, measured at their end, as the reference primitives do."""

    @property
    def holds_lock(self) -> bool:
        """NumPy and Qiskit release it now and then."""
        return False

    def sample(self, points: Points, shots: int) -> dict[str, np.ndarray]:
        """Samples a circuit at each row; see `Simulator`."""
        measurements = final_measurements(points.circuit)
        bare = replace(points, circuit=without_final_measurements(points.circuit))
        packed = {
            name: np.zeros((len(points.rows), shots, -(-len(sources) // 8)), dtype=np.uint8)
            for name, sources in measurements.registers.items()
        }
        for row in range(len(points.rows)):
            points.check()
            if not measurements.qubits or not any(measurements.registers.values()):
                continue
            probabilities = _state(bare.bound(row)).probabilities(measurements.qubits)
            rng = points.seeds.for_point(points.start + row)
            for first in range(0, shots, SHOTS_AT_ONCE):
                points.check()
                part = slice(first, min(first + SHOTS_AT_ONCE, shots))
                # The generator continues where it stopped: the samples are those of a single call.
                size = part.stop - part.start
                outcomes = rng.choice(len(probabilities), p=probabilities, size=size)
                for name, sources in measurements.registers.items():
                    packed[name][row, part] = pack_bits(outcomes, sources)
        return packed

    def estimate(self, points: Points, wanted: ExpectationsWanted) -> dict[str, np.ndarray]:
        """Computes exact expectation values; see `Simulator`."""
        observables, pairs = wanted.observables, wanted.pairs
        operators = {
            int(index): SparsePauliOp(
                list(observables[index]), np.array(list(observables[index].values()))
            )
            for index in np.unique(pairs[:, 1])
        }
        evs = np.empty(len(pairs))
        state, at = None, -1
        for position, (row, index) in enumerate(pairs):
            points.check()
            if state is None or at != row:
                state, at = _state(points.bound(row)), row
            evs[position] = np.real(state.expectation_value(operators[int(index)]))
        return {"evs": evs}


def pack_bits(outcomes: np.ndarray, sources: Sequence[int]) -> np.ndarray:
    """Gathers bits of integers into big-endian bytes; source -1 is a bit that stays 0."""
    columns = np.zeros((len(outcomes), -(-len(sources) // 8) * 8), dtype=np.uint8)
    for bit, source in enumerate(sources):
        if source >= 0:
            columns[:, columns.shape[1] - 1 - bit] = (outcomes >> source) & 1
    return np.packbits(columns, axis=-1)


def _state(circuit: QuantumCircuit) -> Statevector:
    start = Statevector.from_int(0, 2**circuit.num_qubits)
    return start.evolve(bound_circuit_to_instruction(circuit))
