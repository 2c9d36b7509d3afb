"""When the operations of a circuit begin on a device: as late as possible. No simulation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def start_times(
    instructions: Sequence[Any],
    places: Sequence[tuple[int, ...]],
    durations: Sequence[float],
) -> list[float]:
    """Schedules instructions as late as possible.

    Operations on one qubit or one bit follow one another; a barrier is an operation that takes no
    time. A circuit whose gaps are filled with delays keeps its times.

    Args:
        instructions: in the order of the circuit.
        places: the qubits of each.
        durations: of each, seconds.

    Returns:
        When each begins, seconds; the last ones end at 0.
    """
    free: dict[Any, float] = {}
    starts = [0.0] * len(instructions)
    for position in range(len(instructions) - 1, -1, -1):
        resources = (*places[position], *instructions[position].clbits)
        end = min((free.get(resource, 0.0) for resource in resources), default=0.0)
        starts[position] = begin = end - durations[position]
        for resource in resources:
            free[resource] = begin
    return starts
