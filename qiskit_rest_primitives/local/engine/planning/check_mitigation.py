"""Bounds what error mitigation may make of a job before it is made: circuits, gates and angles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from qiskit_rest_primitives.local.outcome import RefusedError

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.engine.base.allowances import Memory
    from qiskit_rest_primitives.mitigation.base.options import Mitigation
    from qiskit_rest_primitives.mitigation.base.pubs import EstimatorSweep, SamplerSweep

MAX_GATES = 2_000_000
"""As many as the largest circuit has that can be sent."""
MAX_RANDOMIZATIONS = 10_000
"""Of each circuit that noise is learned with."""
_ANGLES_BYTES = 3 * 8
"""A random gate before and after each of the circuit's is three angles at most."""


def check_size(
    sweeps: Sequence[SamplerSweep | EstimatorSweep], options: Mitigation, memory: Memory
) -> None:
    """Refuses options that would make more of the circuits than the service can hold.

    Args:
        sweeps: the PUBs of the job.
        options: of the job.
        memory: of the job.

    Raises:
        RefusedError: the reason has the option and the limit.
    """
    for path, value, limit in _numbers(options):
        if value > limit:
            raise RefusedError(
                f"options.{path}: {value:,} is more than this service takes, {limit:,}",
                solution=f"Ask for at most {limit:,}.",
            )
    times = 1.0
    if options.zne is not None:
        times = max(options.zne.noise_factors)
    if options.needs_layer_noise and options.layer_noise_model is None:
        times = max(times, 2.0 * max(options.layer_noise_learning.layer_pair_depths))
    for index, sweep in enumerate(sweeps):
        size = sweep.circuit.size()
        if size * times > MAX_GATES:
            raise RefusedError(
                f"PUB {index}: its {size:,} operations, repeated up to {times:g} times, are more "
                f"than {MAX_GATES:,}",
                solution="Use smaller noise_factors or layer_pair_depths, or a shorter circuit.",
            )
        circuits = len(sweep.values) * options.twirling.divide(sweep.shots)[0]
        memory.take(circuits * (size + sweep.circuit.num_qubits) * _ANGLES_BYTES, index)


def _numbers(options: Mitigation) -> Iterator[tuple[str, int, int]]:
    """Numbers that have no bound of their own: path, value, limit."""
    if options.measure_noise_learning is not None:
        number = options.measure_noise_learning.num_randomizations
        path = "resilience.measure_noise_learning.num_randomizations"
        yield path, number, MAX_RANDOMIZATIONS
    if options.needs_layer_noise and options.layer_noise_model is None:
        number = options.layer_noise_learning.num_randomizations
        path = "resilience.layer_noise_learning.num_randomizations"
        yield path, number, MAX_RANDOMIZATIONS
