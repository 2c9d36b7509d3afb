"""A sweep on a device -> its `Setup` as one density matrix, if rows differ in their last gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qiskit_rest_primitives.local.simulators.base.circuit_analysis import is_dynamic
from qiskit_rest_primitives.local.simulators.base.cost_model import (
    density_matrix_fits,
    density_matrix_seconds,
)
from qiskit_rest_primitives.local.simulators.base.setup import Setup
from qiskit_rest_primitives.local.simulators.devices.device_part import has_open_delay
from qiskit_rest_primitives.local.simulators.methods.shared_prefix import (
    SharedPrefix,
    split_circuit,
)
from qiskit_rest_primitives.local.simulators.noise.device_noise_in_aer import DeviceNoise

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.base.simulator import SamplesWanted


def prepare_shared(
    circuit: QuantumCircuit,
    noisy: QuantumCircuit,
    wanted: SamplesWanted,
    noise: DeviceNoise,
    seconds: float,
) -> Setup | None:
    """Runs a sweep with exact noise; None if rows share too little for that to be faster.

    Args:
        circuit: on the qubits of `noise`.
        noisy: the same, see `DeviceNoise.ready`.
        wanted: with the values of the sweep.
        noise: of the device.
        seconds: of a row by itself, by the best other method.
    """
    rows, width = wanted.rows, circuit.num_qubits
    if rows is None or len(rows) < 2 or not density_matrix_fits(width):
        return None
    if is_dynamic(circuit) or has_open_delay(circuit.data):
        return None
    if (split := split_circuit(noisy, list(circuit.parameters))) is None:
        return None
    _, kinds = np.unique(rows[:, split.columns], axis=0, return_inverse=True)
    kinds = kinds.ravel()
    groups = int(kinds.max()) + 1
    own = 1e-4 * width + 4e-8 * 4.0**width + 2e-7 * wanted.shots
    shared = groups / len(rows) * density_matrix_seconds(noisy) + own
    if 2 * groups > len(rows) or shared > seconds:
        return None
    return Setup(
        SharedPrefix(noise),
        circuit,
        shared,
        {"simulation": {"method": "density_matrix", "noise": "full"}},
        limited=True,
        rows_together=_block(kinds, groups),
    )


def _block(kinds: np.ndarray, groups: int) -> int:
    """Rows of a group, if groups follow one another and are equally large; else all rows."""
    size = len(kinds) // groups
    blocks = kinds[: size * groups].reshape(groups, size)
    alike = len(kinds) == size * groups and bool(np.all(blocks == blocks[:, :1]))
    return size if alike else len(kinds)
