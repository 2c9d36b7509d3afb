"""ExecutorOptions, and how options become those of the program ``executor``. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from msgspec import UNSET, UnsetType

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.options.job_options import EnvironmentOptions, JobOptions
from qiskit_rest_primitives.options.request import OptionsOnWire, encode_group, take_job_members
from qiskit_rest_primitives.wire.executor.program import SEED
from qiskit_rest_primitives.wire.request.option_defaults import service_default
from qiskit_rest_primitives.wire.request.option_group import Group, group
from qiskit_rest_primitives.wire.request.options import ExecutionOptionsV2, SimulatorOptions

_CURES: Final = {
    "twirling": "quantum programs have no twirling options: use SamplerV2 on a service that has "
    "the program 'sampler', or twirl with samplexes",
    "dynamical_decoupling": "a quantum program carries no dynamical decoupling: insert the pulses "
    "with qiskit.transpiler.passes.PadDynamicalDecoupling",
}


class ExecutorEnvironmentOptions(EnvironmentOptions, path="environment"):
    """Options of the job itself: log level, tags, privacy.

    >>> ExecutorEnvironmentOptions(job_tags=["ghz"]).job_tags
    ['ghz']
    """

    image: str | None = None
    """The service's program image, ``name:tag``; None = the newest."""


class ExecutionOptions(ExecutionOptionsV2, path="execution", experimental={}):
    """How the device repeats a circuit, and what is reported of its schedule.

    >>> ExecutionOptions(scheduler_timing=True).scheduler_timing
    True
    """

    scheduler_timing: bool | UnsetType = service_default(False)
    """Whether the metadata of each item have the schedule of its circuit."""

    stretch_values: bool | UnsetType = service_default(False)
    """Whether the metadata of each item say what its stretches became."""


class ExecutorOptions(JobOptions):
    """Options of Executor. What is not set is not sent.

    >>> options = ExecutorOptions(execution={"scheduler_timing": True})
    >>> options.environment.job_tags = ["ghz"]
    >>> options.execution.scheduler_timing
    True

    Raises:
        OptionsError: unknown name, wrong type or out of range.
    """

    environment: Group[ExecutorEnvironmentOptions] = group()  # pyright: ignore[reportIncompatibleVariableOverride] - one more
    """Options of the job itself: log level, tags, privacy."""

    execution: Group[ExecutionOptions] = group()
    """How the device repeats a circuit, and what is reported of its schedule."""

    simulator: Group[SimulatorOptions] = group()
    """What a simulator simulates: of this group, the embedded service takes seed_simulator."""

    experimental: dict[str, Any] | UnsetType = UNSET
    """Options that are not documented, sent unchecked. Service's default: none."""


def encode_executor_options(options: ExecutorOptions) -> OptionsOnWire:
    """Writes what was set.

    Raises:
        OptionsError: an option that no quantum program can carry.
    """
    written = encode_group(options)
    job = take_job_members(written)
    return OptionsOnWire({"options": program_options(written)}, job)


def program_options(written: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a primitive, as written for its own program, as those of a quantum program.

    Args:
        written: ``params.options``; ``default_shots`` and ``execution.meas_type`` are part of the
            quantum program itself, and left out.

    Raises:
        OptionsError: an option that no quantum program can carry, by name, with the cure.
    """
    rest = {name: value for name, value in written.items() if name != "default_shots"}
    options = dict(rest.pop("execution", {}))
    options.pop("meas_type", None)
    experimental = dict(rest.pop("experimental", {}))
    simulator = dict(rest.pop("simulator", {}))
    if simulator.get(SEED) is not None:
        experimental[SEED] = simulator[SEED]
    simulator.pop(SEED, None)
    for name, value in simulator.items():
        if value is not None:
            raise OptionsError(
                f"options.simulator.{name}: a quantum program carries none; run on a backend that "
                "has it, such as AerSimulator(...) as the mode"
            )
    for name, value in rest.items():
        if _acts(value):
            cure = _CURES.get(name, "leave it out")
            raise OptionsError(f"options.{name}: {cure}")
    if experimental:
        options["experimental"] = experimental
    return options


def _acts(value: object) -> bool:
    """Whether a group asks for something; ``enable=False`` asks for nothing."""
    if not isinstance(value, Mapping):
        return True
    switches = cast("Mapping[str, Any]", value)
    return any(on for name, on in switches.items() if name.startswith("enable"))
