"""The options of a quantum program, as simulators read them; what can't be done is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.options_acted_on import Requested
from qiskit_rest_primitives.wire.executor.program import SEED
from qiskit_rest_primitives.wire.limits import DEFAULT_PRECISION, INT32_MAX
from qiskit_rest_primitives.wire.shots import Randomizations

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.simulators.backends import LocalBackend
    from qiskit_rest_primitives.wire.executor.program import ExecutorParams


def read_program_options(params: ExecutorParams, backend: LocalBackend) -> Requested:
    """Reads the options of a quantum program.

    Args:
        params: of the job.
        backend: what the job runs on.

    Raises:
        RefusedError: an option that the backend can't act on; the reason has its name.
    """
    program, options = params.quantum_program, params.options
    if program.meas_level != "classified":
        raise RefusedError(
            f"meas_level: {program.meas_level!r} needs the signal of a real device; a simulator "
            "has classified bits only",
            solution="Use meas_level 'classified'.",
        )
    for name in ("scheduler_timing", "stretch_values"):
        if getattr(options, name) and not backend.has_durations:
            raise RefusedError(
                f"options.{name}: the instructions of {backend.name} have no durations",
                solution=f"Leave {name} out, or use a device.",
            )
    return Requested(
        program.shots,
        DEFAULT_PRECISION,
        Randomizations(),
        _seed(params, backend),
        None,
        None,
        None,
        None,
        _rep_delay(options.rep_delay, backend),
        options.init_qubits,
        {},
    )


def _seed(params: ExecutorParams, backend: LocalBackend) -> int | None:
    experimental = params.options.experimental
    if unknown := sorted(set(experimental) - {SEED}):
        raise RefusedError(
            f"options.experimental.{unknown[0]}: this service knows no such option",
            solution=f"It knows {SEED} only.",
        )
    seed = experimental.get(SEED)
    if seed is None:
        return None
    if type(seed) is not int or not 0 <= seed <= INT32_MAX:
        raise RefusedError(f"options.experimental.{SEED} must be an integer from 0 to {INT32_MAX}")
    if not backend.takes_seed:
        raise RefusedError(f"options.experimental.{SEED}: {backend.name} takes no seed")
    return seed


def _rep_delay(seconds: float | None, backend: LocalBackend) -> float | None:
    if seconds is None:
        return None
    configuration = {} if backend.is_simulator else backend.configuration()
    if not configuration.get("dynamic_reprate_enabled") or "rep_delay_range" not in configuration:
        raise RefusedError(
            f"options.rep_delay: {backend.name} has no repetition delay that can be set",
            solution="Leave rep_delay out.",
        )
    # The configuration has microseconds.
    low, high = (limit * 1e-6 for limit in configuration["rep_delay_range"])
    if not low <= seconds <= high:
        raise RefusedError(
            f"options.rep_delay: {seconds:g} s is not from {low:g} to {high:g} s, the range of "
            f"{backend.name}"
        )
    return seconds
