"""A sweep on a device -> its `Setup` as Pauli transfer matrices of many rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_rest_primitives.local.simulators.base.cost_model import transfer_fits, transfer_seconds
from qiskit_rest_primitives.local.simulators.base.setup import Setup
from qiskit_rest_primitives.local.simulators.devices.device_part import DevicePart, has_open_delay
from qiskit_rest_primitives.local.simulators.methods.pauli_transfer import (
    PauliTransfer,
    final_measurements,
    rows_together,
)
from qiskit_rest_primitives.local.simulators.methods.qubit_groups import qubit_groups

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.base.simulator import SamplesWanted


def prepare_transfer(
    circuit: QuantumCircuit,
    noisy: QuantumCircuit,
    wanted: SamplesWanted,
    part: DevicePart,
    seconds: float,
) -> Setup | None:
    """Runs a sweep with exact noise; None where something else is faster.

    Args:
        circuit: on the qubits of `part`.
        noisy: the circuit with its idle noise, which takes time too.
        wanted: with the values of the sweep.
        part: the device's numbers.
        seconds: of a row by itself, by the best other method.
    """
    rows = wanted.rows
    if rows is None or has_open_delay(circuit.data) or final_measurements(circuit) is None:
        return None
    groups = qubit_groups(noisy)
    widest = max(map(len, groups))
    if (len(rows) < 2 and len(groups) == 1) or not transfer_fits(widest):
        return None
    together = min(rows_together(widest), len(rows))
    own = transfer_seconds(noisy, together, groups) + 1e-4 * circuit.num_qubits
    own += 2e-7 * wanted.shots + 1e-8 * wanted.shots * len(groups)
    if own > seconds:
        return None
    return Setup(
        PauliTransfer(part),
        circuit,
        own,
        {"simulation": {"method": "pauli_transfer", "noise": "full"}},
        limited=True,
        rows_together=together,
    )
