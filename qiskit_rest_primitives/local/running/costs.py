"""What a simulation costs in time and memory, roughly, and which method of Aer it leaves."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from qiskit_rest_primitives.local.running.analysis import is_dynamic
from qiskit_rest_primitives.local.running.clifford import is_clifford
from qiskit_rest_primitives.local.running.outcome import RefusedError

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

_PATIENCE_SECONDS = 60.0
# Aer keeps each shot as a text; ten million is what the service runs for a whole job.
MAX_AER_SHOTS = 20_000_000


def affordable_method(circuit: QuantumCircuit, shots: int) -> tuple[str, str]:
    """The method that runs a device's circuit, and how much of the noise it can take along."""
    operations, width = max(1, len(circuit.data)), circuit.num_qubits
    dynamic = is_dynamic(circuit)
    density = operations * (1e-5 + 1e-8 * 4.0**width)
    trajectories = shots * seconds_per_shot(circuit, "statevector", noisy=True)
    # A density matrix gives all shots at once, unless each of them takes its own way.
    if not dynamic and density < min(trajectories, _PATIENCE_SECONDS):
        return "density_matrix", "full"
    if trajectories < _PATIENCE_SECONDS:
        return "statevector", "full"
    if width <= statevector_limit() and 5e-9 * operations * 2.0**width < _PATIENCE_SECONDS:
        return "statevector", "readout only"
    if is_clifford(circuit):
        return "stabilizer", "readout only"
    return "matrix_product_state", "readout only"


def seconds_per_shot(circuit: QuantumCircuit, method: str, *, noisy: bool) -> float:
    """Seconds a shot, roughly; where one run gives all shots, the time to write one down."""
    if not noisy or method == "density_matrix":
        return 2e-6
    width = circuit.num_qubits
    if method in ("stabilizer", "matrix_product_state"):
        return len(circuit.data) * (2e-6 + 1e-7 * width)
    return len(circuit.data) * (2e-5 + 1.4e-8 * 2.0 ** min(width, 60))


def statevector_limit() -> int:
    """Qubits whose statevector, with the copies made on the way, fits in this machine's memory."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not on this system
        memory = 8 * 2**30
    return min(30, int(math.log2(memory / (6 * 16))))


def check_width(width: int, pub_index: int, *, squared: bool = False) -> None:
    """Refuses a circuit whose statevector, or density matrix, memory can't hold."""
    limit = statevector_limit() // (2 if squared else 1)
    if width > limit:
        raise RefusedError(
            f"PUB {pub_index}: {width} qubits in use; this machine's memory holds {limit}",
            solution="Use aer_stabilizer or aer_matrix_product_state, or fewer qubits.",
        )


def check_shots(shots: float, pub_index: int) -> int:
    """Returns the shots of a point as an integer.

    Raises:
        RefusedError: more than Aer, which keeps each as a text, has memory for.
    """
    if shots > MAX_AER_SHOTS:
        raise RefusedError(
            f"PUB {pub_index}: {shots:.3g} shots a point; at most {MAX_AER_SHOTS} are run here",
            solution="Ask for fewer shots or less precision, or split them over several jobs.",
        )
    return int(shots)
