"""Estimates of a simulation's time and memory."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.outcome import RefusedError

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

TRANSFER_UP_TO = 11
# Operations without duration and noise on a device.
_FREE = frozenset({"barrier", "rz"})
_TURNS_OF_WHILE = 10
# Aer stores each shot as text. IBM's service runs at most ten million per job.
MAX_AER_SHOTS = 20_000_000


def density_matrix_fits(width: int) -> bool:
    """Whether a density matrix of so many qubits, with temporary copies, fits in memory."""
    return width <= statevector_limit() // 2


def density_matrix_seconds(circuit: QuantumCircuit) -> float:
    """Seconds to compute the density matrix after a circuit that was not run before."""
    operations = sum(times for _, _, times in _operations(circuit))
    return 0.02 + operations * (8e-5 + 1e-8 * 4.0**circuit.num_qubits)


def transfer_fits(width: int) -> bool:
    """Whether the Pauli expectation values of so many qubits, with copies, fit in 200 MB."""
    return width <= TRANSFER_UP_TO


def transfer_seconds(
    circuit: QuantumCircuit, rows_together: int, groups: Sequence[Sequence[int]]
) -> float:
    """Seconds per row to apply Pauli transfer matrices, on one processor.

    Measured with NumPy 2.3 on 2 to 11 qubits: half to twice the estimate.

    Args:
        circuit: with its noise.
        rows_together: number of rows.
        groups: of its qubits; each has a state of its own.
    """
    widths = {qubit: len(group) for group in groups for qubit in group}
    pairs = steps = 0.0
    for _, qubits, times in _operations(circuit):
        if len(qubits) == 2:
            pairs += times * (5e-6 + 3e-9 * 4.0 ** widths[qubits[0]])
        steps += times
    shared = 2e-3 + 1e-4 * steps
    return shared / rows_together + pairs


def seconds_per_shot(circuit: QuantumCircuit, method: str, *, noisy: bool) -> float:
    """Seconds per shot on one processor; if one run gives all shots, of recording a shot.

    Measured with Aer 0.18 on circuits of fake_127q with 20 to 4,000 operations: half to twice the
    estimate, except for matrix product states, whose bonds may stay below their bound.
    """
    width = circuit.num_qubits
    if not noisy or method == "density_matrix":
        return 2e-6 + 2e-8 * width
    if method == "matrix_product_state":
        return 2e-5 + _matrix_product_seconds(circuit)
    if method == "stabilizer":
        return 1e-5 * width + 3e-6 * sum(times for _, _, times in _operations(circuit))
    # To choose a Kraus operator of relaxation takes long. After gates of two qubits it costs most:
    # Aer fuses less of it.
    amplitudes = 2.0 ** min(width, 60)
    return 2e-5 + sum(
        times * (1e-5 + (8e-10 if len(qubits) == 1 else 1.8e-8) * amplitudes)
        for _, qubits, times in _operations(circuit)
    )


def _matrix_product_seconds(circuit: QuantumCircuit) -> float:
    """Seconds per shot: a decomposition takes the third power of its bond dimension.

    The bond between qubits ``0..i`` and the rest is at most two to the number of gates across it,
    and to the number of qubits on its smaller side.
    """
    width = circuit.num_qubits
    most = [min(cut + 1, width - cut - 1) for cut in range(width - 1)]
    bonds = [0.0] * (width - 1)
    seconds = 0.0
    for _, qubits, times in _operations(circuit):
        first, last = min(qubits), max(qubits)
        for cut in range(first, last):
            bonds[cut] = min(bonds[cut] + times, most[cut])
        bond = 2.0 ** min(20, max(bonds[max(0, first - 1) : last + 1], default=0))
        # Aer swaps qubits that are not neighbours through those between them.
        seconds += times * (2e-5 + 1e-6 * width + 2e-8 * bond**2)
        seconds += times * (last - first) * (5e-5 + 1.5e-7 * bond**3)
    return seconds


def _operations(
    circuit: QuantumCircuit, numbers: Sequence[int] | None = None, times: float = 1
) -> Iterator[tuple[str, tuple[int, ...], float]]:
    """Name, qubits and count of the operations that take time; loops count every iteration."""
    places = dict(zip(circuit.qubits, numbers or range(circuit.num_qubits), strict=True))
    for instruction in circuit.data:
        operation: Any = instruction.operation
        qubits = tuple(places[qubit] for qubit in instruction.qubits)
        turns = times
        if operation.name == "for_loop":
            turns *= len(operation.params[0])
        elif operation.name == "while_loop":
            turns *= _TURNS_OF_WHILE
        for block in getattr(operation, "blocks", ()):
            yield from _operations(block, qubits, turns)
        if qubits and operation.name not in _FREE and not instruction.is_control_flow():
            yield operation.name, qubits, times


def statevector_limit() -> int:
    """Most qubits whose statevector, with temporary copies, fits in this machine's memory."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not on this system
        memory = 8 * 2**30
    return min(30, int(math.log2(memory / (6 * 16))))


def check_width(width: int, pub_index: int, *, squared: bool = False) -> None:
    """Refuses a circuit whose statevector or density matrix does not fit in memory."""
    limit = statevector_limit() // (2 if squared else 1)
    if width > limit:
        raise RefusedError(
            f"PUB {pub_index}: {width} qubits in use; this machine's memory holds {limit}",
            solution="Use aer_stabilizer or aer_matrix_product_state, or fewer qubits.",
        )


def check_shots(shots: float, pub_index: int) -> int:
    """Returns the shots of a point as an integer.

    Raises:
        RefusedError: more than fit in memory; Aer stores each as text.
    """
    if shots > MAX_AER_SHOTS:
        raise RefusedError(
            f"PUB {pub_index}: {shots:.3g} shots per point; at most {MAX_AER_SHOTS} are supported",
            solution="Ask for fewer shots or less precision, or split them over several jobs.",
        )
    return int(shots)
