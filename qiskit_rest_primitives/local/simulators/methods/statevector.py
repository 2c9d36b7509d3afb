"""Circuits on `quantum_info.Statevector`, equal to the reference primitives to the bit.

The reference primitives take whole PUBs; these functions take any points of one, so that a sweep
can be divided. Random numbers are drawn exactly as `StatevectorSampler` draws them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from qiskit.primitives.utils import bound_circuit_to_instruction
from qiskit.quantum_info import SparsePauliOp, Statevector

from qiskit_rest_primitives.local.simulators.base.circuit_analysis import split_final_measurements
from qiskit_rest_primitives.local.simulators.methods.pauli_bases import registers_from_bits

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.base.simulator import ExpectationsWanted, Points


# Samples of a point that are drawn together: each bit of one takes a byte until it is packed.
SHOTS_AT_ONCE = 1 << 18


@dataclass(frozen=True)
class ReferenceSimulator:
    """Runs unitary circuits, measured at their end, as the reference primitives do."""

    @property
    def holds_lock(self) -> bool:
        """NumPy and Qiskit release it now and then."""
        return False

    def sample(self, points: Points, shots: int) -> dict[str, np.ndarray]:
        """Samples a circuit at each row; see `Simulator`."""
        circuit = points.circuit
        bare, measured = split_final_measurements(circuit)
        bare_points = replace(points, circuit=bare)
        qubit_of = {clbit: qubit for qubit, clbit in measured}  # the last measurement counts
        qubits = sorted(set(qubit_of.values()))
        packed = {
            creg.name: np.zeros((len(points.rows), shots, -(-creg.size // 8)), dtype=np.uint8)
            for creg in circuit.cregs
        }
        for row in range(len(points.rows) if qubits else 0):
            points.check()
            probabilities = _state(bare_points.bound(row)).probabilities(qubits)
            rng = points.seeds.for_point(points.start + row)
            for first in range(0, shots, SHOTS_AT_ONCE):
                points.check()
                part = slice(first, min(first + SHOTS_AT_ONCE, shots))
                # The generator continues where it stopped: the samples are those of a single call.
                size = part.stop - part.start
                outcomes = rng.choice(len(probabilities), p=probabilities, size=size)
                bits = np.zeros((size, circuit.num_clbits), dtype=np.uint8)
                for clbit, qubit in qubit_of.items():
                    bits[:, clbit] = (outcomes >> qubits.index(qubit)) & 1
                for name, samples in registers_from_bits(circuit, bits).items():
                    packed[name][row, part] = samples
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


def _state(circuit: QuantumCircuit) -> Statevector:
    start = Statevector.from_int(0, 2**circuit.num_qubits)
    return start.evolve(bound_circuit_to_instruction(circuit))
