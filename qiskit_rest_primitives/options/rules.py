"""Rules that join options with each other and with the circuits of a run. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.options.job_options import EstimatorOptions, SamplerOptions
from qiskit_rest_primitives.wire.request.option_group import OptionGroup, settings_of
from qiskit_rest_primitives.wire.request.options import CommonOptions, ZneOptions
from qiskit_rest_primitives.wire.shots import Randomizations, estimator_precision, sampler_shots

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

# Noise factors that each fit needs at least, as ibm-quantum-schemas says in ZneOptionsModel; the
# others need two.
FACTORS_NEEDED = {
    "double_exponential": 4,
    **{f"polynomial_degree_{degree}": degree + 1 for degree in range(1, 8)},
}


def check_rules(options: OptionGroup) -> None:
    """Checks how options go together.

    Raises:
        OptionsError: a combination that the service refuses or would not act on.
    """
    if not isinstance(options, EstimatorOptions):
        return
    resilience = options.resilience
    _check_fits(resilience.zne)
    if resilience.pec_mitigation is True and resilience.zne_mitigation is True:
        raise OptionsError(
            "resilience.pec_mitigation and resilience.zne_mitigation exclude each other: set one "
            "of them to False"
        )
    mitigates = resilience.measure_mitigation
    off = mitigates is False or (mitigates is UNSET and options.resilience_level == 0)
    if off and vars(resilience.measure_noise_learning):
        raise OptionsError(
            "resilience.measure_noise_learning has no effect while measurement errors are not "
            "mitigated: set resilience.measure_mitigation = True"
        )


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
                f"PUB {index}: dynamical decoupling does not go with control flow: set "
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


def _params(options: EstimatorOptions) -> dict[str, Any]:
    """What was set, placed as in the ``params`` of a job."""
    settings = settings_of(options)
    return {"options": settings, "resilience_level": settings.get("resilience_level")}


def _check_fits(zne: ZneOptions) -> None:
    fits = ("exponential", "linear") if zne.extrapolator is UNSET else zne.extrapolator
    count = 3 if zne.noise_factors is UNSET else len(zne.noise_factors)
    for fit in [fits] if isinstance(fits, str) else fits:
        needed = FACTORS_NEEDED.get(fit, 2)
        if count < needed:
            raise OptionsError(
                f"resilience.zne.extrapolator {fit!r} needs {needed} noise factors or more, but "
                f"resilience.zne.noise_factors has {count}: add factors or choose another fit"
            )
