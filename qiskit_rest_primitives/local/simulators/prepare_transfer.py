"""A sweep on a device -> its `Setup` as Pauli transfer matrices of many rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_rest_primitives.local.simulators.cost_model import transfer_fits, transfer_seconds
from qiskit_rest_primitives.local.simulators.device_part import DevicePart, has_open_delay
from qiskit_rest_primitives.local.simulators.pauli_transfer import (
    PauliTransfer,
    final_measurements,
    rows_together,
)
from qiskit_rest_primitives.local.simulators.setup import Setup

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.simulator import SamplesWanted


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
    rows, width = wanted.rows, circuit.num_qubits
    if rows is None or len(rows) < 2 or not transfer_fits(width):
        return None
    if has_open_delay(circuit.data) or final_measurements(circuit) is None:
        return None
    together = min(rows_together(width), len(rows))
    own = transfer_seconds(noisy, together) + 1e-4 * width + 2e-7 * wanted.shots
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
