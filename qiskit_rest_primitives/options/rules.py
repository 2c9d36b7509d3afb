"""Rules that join options with each other and with the circuits of a run. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.options.job_options import EstimatorOptions, SamplerOptions
from qiskit_rest_primitives.wire.request.option_group import OptionGroup, settings_of
from qiskit_rest_primitives.wire.request.options import CommonOptions
from qiskit_rest_primitives.wire.shots import Randomizations, estimator_precision, sampler_shots

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.mitigation.base.options import Mitigation


def check_rules(options: OptionGroup) -> None:
    """Checks how options go together.

    Raises:
        OptionsError: a combination that the service refuses or would not act on.
    """
    if isinstance(options, EstimatorOptions):
        _mitigation(options)


def overridden_options(options: EstimatorOptions) -> tuple[str, ...]:
    """Sentences about options that were set and give way to others.

    Raises:
        OptionsError: as `check_rules`.
    """
    return _mitigation(options).overridden


def check_circuits(options: CommonOptions, circuits: Iterable[QuantumCircuit]) -> None:
    """Checks the options against the circuits of a run.

    Raises:
        OptionsError: dynamical decoupling is on and a circuit has control flow, which services
            refuse together.
    """
    if not options.dynamical_decoupling.enable:
        return
    for index, circuit in enumerate(circuits):
        if circuit.has_control_flow_op():
            raise OptionsError(
                f"PUB {index}: dynamical decoupling can't be combined with control flow: set "
                "dynamical_decoupling.enable = False, or run this circuit in a job of its own"
            )


def shots_unless_given(options: SamplerOptions) -> int:
    """Shots of a PUB when neither the PUB nor run() says, as the service would choose them.

    Returns:
        With twirling, num_randomizations x shots_per_randomization if both are numbers; else
        default_shots; else the service's default.
    """
    return sampler_shots({"options": settings_of(options)})


def precision_unless_given(options: EstimatorOptions) -> float | None:
    """Precision to send for a PUB when neither the PUB nor run() says.

    Returns:
        default_precision; None, which leaves it to the service, where nobody set it or where
        default_shots or twirling's product counts, which a precision in the PUB would override.
    """
    if options.default_shots or Randomizations.of_estimator(_params(options)).product:
        return None
    return None if options.default_precision is UNSET else options.default_precision


def assumed_precision(options: EstimatorOptions) -> float:
    """Standard error of a PUB when neither the PUB nor run() says, as the service chooses it.

    Returns:
        With twirling, what num_randomizations x shots_per_randomization give if both are numbers;
        else what default_shots give; else default_precision; else the service's default.
    """
    return estimator_precision(_params(options))


def _mitigation(options: EstimatorOptions) -> Mitigation:
    # Sampler jobs, and importing this package, do without these modules.
    from qiskit_rest_primitives.mitigation.base.options import Mitigation

    return Mitigation.of_estimator(_params(options))


def _params(options: EstimatorOptions) -> dict[str, Any]:
    """What was set, placed as in the ``params`` of a job."""
    settings = settings_of(options)
    return {"options": settings, "resilience_level": settings.get("resilience_level")}
