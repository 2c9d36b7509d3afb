"""The choice of Aer's method for a device's circuit: the cheapest that simulates all its noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qiskit_rest_primitives.local.simulators.base.circuit_analysis import is_dynamic
from qiskit_rest_primitives.local.simulators.base.clifford import is_clifford
from qiskit_rest_primitives.local.simulators.base.cost_model import (
    density_matrix_fits,
    density_matrix_seconds,
    seconds_per_shot,
    statevector_limit,
)

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

# Clifford circuits of more qubits run with twirled noise.
EXACT_NOISE_UP_TO = 12


@dataclass(frozen=True)
class NoisyRun:
    """How a device's circuit is simulated with all of its noise.

    Attributes:
        method: as AerSimulator knows it.
        noise: "full", or "pauli-twirled" where the errors are approximated by Paulis and resets.
        seconds: estimate for all shots of a circuit that was not run before, on one processor.
    """

    method: str
    noise: str
    seconds: float


def choose_noisy_run(
    circuit: QuantumCircuit, shots: int, noisy: QuantumCircuit | None = None
) -> NoisyRun:
    """The cheapest method that simulates all noise of a device.

    A Clifford circuit of many qubits runs with twirled noise, whatever the number of its shots:
    that number never changes the noise. All other circuits run with the exact noise.

    Args:
        circuit: for the device.
        shots: of each point.
        noisy: the circuit with its idle noise, which takes time too.
    """
    noisy = noisy or circuit
    width = circuit.num_qubits
    if width > EXACT_NOISE_UP_TO and is_clifford(circuit):
        per_shot = seconds_per_shot(noisy, "stabilizer", noisy=True)
        return NoisyRun("stabilizer", "pauli-twirled", 0.02 * width + shots * per_shot)
    methods = ["matrix_product_state"]
    if width <= statevector_limit():
        methods.append("statevector")
    runs = [
        NoisyRun(method, "full", 0.05 + shots * seconds_per_shot(noisy, method, noisy=True))
        for method in methods
    ]
    # A density matrix gives all shots at once, unless control flow makes them differ.
    if density_matrix_fits(width) and not is_dynamic(circuit):
        per_shot = seconds_per_shot(noisy, "density_matrix", noisy=True)
        seconds = density_matrix_seconds(noisy) + shots * per_shot
        runs.append(NoisyRun("density_matrix", "full", seconds))
    return min(runs, key=lambda run: run.seconds)
