"""Circuits on Aer whose qubits fall into groups that nothing joins: one run for some groups each.

A template of a quantum program measures all qubits that a backend has. Aer would hold the
amplitudes of all of them together, those of idle qubits included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qiskit_rest_primitives.local.simulators.base.circuit_analysis import keep_qubits
from qiskit_rest_primitives.local.simulators.base.simulator import Points
from qiskit_rest_primitives.local.simulators.methods.aer import AerSimulation
from qiskit_rest_primitives.local.simulators.methods.qubit_groups import qubit_groups

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.base.simulator import ExpectationsWanted

# Up to this width a run of Aer takes milliseconds, and bits are those of Aer with the same seed.
_ONE_RUN_UP_TO = 16
# So many qubits take less time than the other costs of a run.
_QUBITS_TOGETHER = 12


def groups_for_aer(circuit: QuantumCircuit, *, squared: bool = False) -> list[list[int]] | None:
    """Groups of qubits to run one after another; None if they are better run together.

    Args:
        circuit: without control flow. Where two measurements write the same bit, their order
            counts, and the qubits stay together.
        squared: whether the state is a density matrix.
    """
    if circuit.num_qubits <= _ONE_RUN_UP_TO:
        return None
    written = [i.clbits[0] for i in circuit.data if i.name == "measure"]
    if len(set(written)) < len(written):
        return None
    most = _QUBITS_TOGETHER // (2 if squared else 1)
    together: list[list[int]] = []
    for group in sorted(qubit_groups(circuit), key=len, reverse=True):
        if together and len(together[-1]) + len(group) <= most:
            together[-1] = sorted(together[-1] + group)
        else:
            together.append(group)
    return together if len(together) > 1 else None


@dataclass(frozen=True)
class AerGroups:
    """Samples groups of qubits one after another.

    Attributes:
        simulation: of each group; without noise.
        groups: qubits of each.
    """

    simulation: AerSimulation
    groups: Sequence[list[int]]

    @property
    def holds_lock(self) -> bool:
        """As Aer does."""
        return self.simulation.holds_lock

    def sample(self, points: Points, shots: int) -> dict[str, np.ndarray]:
        """Samples a circuit at each row; see `Simulator`."""
        columns = {parameter: place for place, parameter in enumerate(points.circuit.parameters)}
        packed: dict[str, np.ndarray] = {}
        for number, group in enumerate(self.groups):
            circuit = keep_qubits(points.circuit, group)
            circuit.global_phase = 0
            rows = points.rows[:, [columns[parameter] for parameter in circuit.parameters]]
            seeds = points.seeds.of_group(number)
            own = Points(circuit, rows, points.start, seeds, points.check)
            # Bits of other groups are 0.
            for name, samples in self.simulation.sample(own, shots).items():
                packed[name] = packed[name] | samples if name in packed else samples
        return packed

    def estimate(self, points: Points, wanted: ExpectationsWanted) -> dict[str, np.ndarray]:
        """Not supported: only samplers measure whole devices."""
        raise TypeError(f"{type(self).__name__} gives samples, not expectation values")
