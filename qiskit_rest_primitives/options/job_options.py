"""SamplerOptions and EstimatorOptions: the groups of `wire.request.options`, and the job's own."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from qiskit_rest_primitives.wire.limits import DEFAULT_RESILIENCE_LEVEL, MAX_TAGS
from qiskit_rest_primitives.wire.request.option_defaults import service_default
from qiskit_rest_primitives.wire.request.option_group import Group, OptionGroup, group
from qiskit_rest_primitives.wire.request.options import (
    EstimatorOptionsBody,
    LogLevel,
    ResilienceLevel,
    SamplerOptionsBody,
    Seconds,
    Tag,
)


class EnvironmentOptions(OptionGroup, path="environment"):
    """Options of the job itself: log level, tags, privacy.

    >>> EnvironmentOptions(job_tags=["ghz"]).log_level
    'WARNING'
    """

    log_level: LogLevel = "WARNING"
    """How much the job logs."""

    job_tags: Annotated[list[Tag], Meta(max_length=MAX_TAGS - 1)] | None = None
    """Tags to find the job by. A job can have eight, of which the client uses one itself."""

    private: bool | None = False
    """Whether inputs are not returned, and results can be read once and are then deleted."""


class JobOptions(OptionGroup):
    """What the options of all programs have, beside what the program takes."""

    environment: Group[EnvironmentOptions] = group()
    """Options of the job itself: log level, tags, privacy."""

    max_execution_time: Seconds | UnsetType = UNSET
    """Longest time the job may hold the device, in seconds; a longer job is cancelled. For
    simulators, this limits wall-clock time; for devices of the embedded service, device time and
    wall-clock time. Service's default: the plan's maximum."""

    isa_check: bool = True
    """Whether circuits for a device are checked against its target before they are sent."""


class PrimitiveOptions(JobOptions):
    """What the options of both primitives have, beside what their program takes.

    >>> isinstance(SamplerOptions(), OptionsV2), isinstance(EstimatorOptions(), OptionsV2)
    (True, True)
    >>> SamplerOptions(split=True).split
    True
    """

    split: bool = False
    """Whether a run that is too large for one job is cut into several."""


class SamplerOptions(SamplerOptionsBody, PrimitiveOptions, program_id="sampler"):
    """Options of SamplerV2.

    Unset options are not sent; the service's defaults apply. Groups take dicts or attributes:

    >>> options = SamplerOptions(default_shots=1000, twirling={"enable_gates": True})
    >>> options.dynamical_decoupling.enable = True
    >>> options.update(environment={"job_tags": ["ghz"]})
    >>> options.default_shots
    1000

    Raises:
        OptionsError: unknown name, wrong type or out of range.
    """

    program: Literal["auto", "sampler", "executor"] = "auto"
    """The program that samples: sampler; executor, with which this client itself does twirling and
    dynamical decoupling; or auto: executor if the service has no sampler, else sampler."""


class EstimatorOptions(EstimatorOptionsBody, PrimitiveOptions, program_id="estimator"):
    """Options of EstimatorV2.

    Unset options are not sent; the service's defaults apply. Groups take dicts or attributes:

    >>> options = EstimatorOptions(resilience={"zne": {"noise_factors": (1, 3, 5)}})
    >>> options.resilience.zne.extrapolator = ["exponential", "linear"]
    >>> options.update(default_precision=0.01)
    >>> options.resilience.zne.noise_factors, options.resilience.zne.extrapolator
    ((1.0, 3.0, 5.0), ['exponential', 'linear'])

    Raises:
        OptionsError: unknown name, wrong type or out of range.
    """

    resilience_level: ResilienceLevel | UnsetType = service_default(DEFAULT_RESILIENCE_LEVEL)
    """Mitigation: 0 = none, 1 = of measurements, 2 = also zero-noise extrapolation and gate
    twirling."""

    mitigation: Literal["service", "client"] = "service"
    """Where resilience, twirling and dynamical decoupling are applied: by the service, or by this
    client, which then sends only sampler jobs."""
