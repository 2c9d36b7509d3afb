"""What a run will cost: encoded PUBs and options -> RunEstimate. Sends nothing.

The circuits are those of `mitigation.expected`, the seconds those of
`mitigation.base.device_time`; the embedded service charges by the same clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.display.html import card, facts, note
from qiskit_rest_primitives.mitigation.base.device_time import JOB_OVERHEAD_SECONDS, DeviceTime
from qiskit_rest_primitives.mitigation.base.options import Mitigation, Twirling
from qiskit_rest_primitives.mitigation.base.pubs import EstimatorSweep, SamplerSweep
from qiskit_rest_primitives.mitigation.expected import Expected, Load, expected_loads
from qiskit_rest_primitives.options.job_options import EstimatorOptions, PrimitiveOptions
from qiskit_rest_primitives.options.request import encode_options
from qiskit_rest_primitives.primitives.encoded_pubs import EncodedPub
from qiskit_rest_primitives.primitives.sweeps import sweeps_of
from qiskit_rest_primitives.wire.shots import Randomizations, group_of


@dataclass(frozen=True)
class RunEstimate:
    """What a run sends and a device runs; `SamplerV2.estimate` and `EstimatorV2.estimate` make it.

    Attributes:
        backend: where it would run.
        jobs: number of jobs; more than one with ``options.split``.
        circuits: number of bound circuits: points x measurement bases x noise factors, plus those
            that learn the errors of measurements or layers.
        shots: shots that the PUBs request, for all points and bases, before mitigation adds any.
        randomizations: circuits after twirling, which runs random versions of each.
        executions: how often the device runs a circuit; each random version has several.
        bytes: total size of the requests.
        seconds: time on the device: 2 s per job, and for each execution the repetition delay, the
            reset of the qubits and the circuit's duration; None if unknown, see ``notes``.
        notes: what the numbers leave out, and why there are no seconds.

    >>> device = service.backend("fake_5q")
    >>> sampler = SamplerV2(device, options={"twirling": {"enable_measure": True}})
    >>> estimate = sampler.estimate([transpile(bell, device)], shots=3200)
    >>> estimate.circuits, estimate.randomizations, estimate.executions
    (1, 32, 3200)
    """

    backend: str
    jobs: int
    circuits: int
    shots: int
    randomizations: int
    executions: int
    bytes: int
    seconds: float | None
    notes: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        title = f"Estimate for {self.backend}"
        shown = {
            "on the device": "not known" if self.seconds is None else f"{self.seconds:,.1f} s",
            "jobs": f"{self.jobs:,}",
            "circuits": f"{self.circuits:,}",
            "random versions": f"{self.randomizations:,}",
            "shots of the PUBs": f"{self.shots:,}",
            "executions": f"{self.executions:,}",
            "requests": f"{self.bytes:,} bytes",
        }
        return card(title, facts(title, shown), *map(note, self.notes))


def estimate_run(
    backend: RestBackend,
    pubs: Sequence[EncodedPub],
    options: PrimitiveOptions,
    *,
    num_jobs: int,
    num_bytes: int,
) -> RunEstimate:
    """What encoded PUBs cost.

    Args:
        backend: where they would run.
        pubs: with their sources.
        options: of the run.
        num_jobs: how many they are sent as.
        num_bytes: of the requests.

    Raises:
        OptionsError: options that can't be applied to a circuit, or need an extra.
    """
    wanted = mitigation_of(backend, options)
    execution = group_of(encode_options(options).params, "execution")
    return _estimate(backend, sweeps_of(pubs), wanted, execution, num_jobs, num_bytes)


def estimate_program(
    backend: RestBackend,
    sweeps: Sequence[SamplerSweep],
    execution: Mapping[str, Any],
    num_bytes: int,
) -> RunEstimate:
    """What a quantum program costs.

    Args:
        backend: where it would run.
        sweeps: its items.
        execution: its options.
        num_bytes: of the request.
    """
    return _estimate(backend, sweeps, _NOTHING, execution, 1, num_bytes)


def _estimate(
    backend: RestBackend,
    sweeps: Sequence[SamplerSweep | EstimatorSweep],
    wanted: Mitigation,
    execution: Mapping[str, Any],
    num_jobs: int,
    num_bytes: int,
) -> RunEstimate:
    target = None if backend.simulator else backend.target
    expected = expected_loads(sweeps, wanted, target)
    asked = expected
    if wanted.is_active:
        asked = expected_loads(sweeps, _NOTHING, target)
    seconds, notes = _seconds(backend, execution, expected, num_jobs)
    return RunEstimate(
        backend.name,
        num_jobs,
        sum(load.circuits for load in expected.loads),
        _executions(asked.loads),
        sum(load.circuits * load.randomizations for load in expected.loads),
        _executions(expected.loads),
        num_bytes,
        seconds,
        (*expected.notes, *notes),
    )


_NOTHING = Mitigation(Twirling(False, False, Randomizations()))


def mitigation_of(backend: RestBackend, options: PrimitiveOptions) -> Mitigation:
    """What is done against errors, with the service's defaults.

    A simulator without ``simulator.noise_model`` has no errors, as far as is known: the service
    acts on none there, and the default ``resilience_level`` of this client is 0.

    Raises:
        OptionsError: options that exclude each other.
    """
    params = encode_options(options).params
    noiseless = backend.simulator and "noise_model" not in group_of(params, "simulator")
    if not isinstance(options, EstimatorOptions):
        return _NOTHING if noiseless else Mitigation.of_sampler(params)
    if noiseless and options.mitigation == "service":
        return _NOTHING
    # The embedded service says so of backends that were handed in; other services have 1.
    level = getattr(backend.configuration(), "default_resilience_level", 1)
    params.setdefault("resilience_level", 0 if noiseless else level)
    return Mitigation.of_estimator(params)


def _seconds(
    backend: RestBackend, execution: Mapping[str, Any], expected: Expected, num_jobs: int
) -> tuple[float | None, tuple[str, ...]]:
    """Seconds on the device, and what they leave out."""
    if backend.simulator:
        return None, (f"{backend.name} is a simulator: it takes as long as the simulation",)
    default = getattr(backend.configuration(), "default_rep_delay", None)
    clock = DeviceTime.of(
        backend.target, default, execution.get("rep_delay"), execution.get("init_qubits")
    )
    if clock is None:
        return None, (f"{backend.name} does not say how long its instructions take",)
    seconds = JOB_OVERHEAD_SECONDS * num_jobs + expected.seconds(clock)
    return seconds, tuple(f"not known in advance: {what}" for what in clock.unknown)


def _executions(loads: Sequence[Load]) -> int:
    return sum(load.executions for load in loads)
