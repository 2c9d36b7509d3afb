"""Where a PUB is simulated: in threads of the service, or in worker processes. In: its Setup."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.simulators.base.setup import Setup

SMALL_SECONDS = 0.1
"""Sending work to a process and fetching its result takes a few percent of this."""
# Estimates are rough, but on this few qubits an operation takes at most two milliseconds.
SMALL_QUBITS = 16
_NOT_GATES = frozenset({"barrier", "delay", "measure", "reset"})


def is_small(setup: Setup, points: int) -> bool:
    """Whether a PUB may be simulated in threads, which can't be killed, but end soon.

    Args:
        setup: how the PUB is run.
        points: how many times.

    Returns:
        True if the simulator lets other threads run, the whole PUB is estimated to take less than
        `SMALL_SECONDS`, and that estimate is reliable: few qubits, and no operation that
        expands to many others.
    """
    return (
        not setup.simulator.holds_lock
        and setup.seconds_per_point * points <= SMALL_SECONDS
        and setup.circuit.num_qubits <= SMALL_QUBITS
        and all(
            instruction.is_standard_gate() or instruction.operation.name in _NOT_GATES
            for instruction in setup.circuit.data
        )
    )
