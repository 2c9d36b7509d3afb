"""The options of a job with everything filled in: the service's defaults, and what needs what.

In: ``params`` of a job as JSON, without its PUBs. No I/O; the extra ``[mitigation]`` is not needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.wire.request.option_group import default_of
from qiskit_rest_primitives.wire.request.options import (
    DynamicalDecouplingOptions,
    LayerNoiseLearningOptions,
    MeasureNoiseLearningOptions,
    PecOptions,
    TwirlingOptions,
    ZneOptions,
)
from qiskit_rest_primitives.wire.shots import (
    Randomizations,
    Twirled,
    estimator_twirls,
    group_of,
    resilience_level,
    sampler_twirls,
)

# Noise factors that each fit needs at least: ibm-quantum-schemas, ZneOptionsModel; the others two.
FACTORS_NEEDED = {
    "double_exponential": 4,
    **{f"polynomial_degree_{degree}": degree + 1 for degree in range(1, 8)},
}


@dataclass(frozen=True)
class Twirling:
    """Random, equivalent circuits.

    Attributes:
        gates: whether layers of two-qubit Clifford gates are twirled.
        measure: whether measurements are twirled.
        randomizations: how the shots of a point are divided, as far as it was set.
        strategy: active, active-accum, active-circuit or all: the qubits that a layer covers.
    """

    gates: bool
    measure: bool
    randomizations: Randomizations
    strategy: str = default_of(TwirlingOptions, "strategy")

    def divide(self, shots: int, *, pec: bool = False) -> tuple[int, int]:
        """Random circuits and shots of each, for one point.

        Args:
            shots: of the point.
            pec: whether errors are cancelled probabilistically, which needs many circuits.
        """
        if not (self.gates or self.measure):
            return 1, shots
        return self.randomizations.split(shots, fewest=64 if pec else None)


@dataclass(frozen=True)
class Decoupling:
    """Pulses on idle qubits; values as in ``DynamicalDecouplingOptions``."""

    sequence_type: str = default_of(DynamicalDecouplingOptions, "sequence_type")
    extra_slack_distribution: str = default_of(
        DynamicalDecouplingOptions, "extra_slack_distribution"
    )
    scheduling_method: str = default_of(DynamicalDecouplingOptions, "scheduling_method")
    skip_reset_qubits: bool = default_of(DynamicalDecouplingOptions, "skip_reset_qubits")


@dataclass(frozen=True)
class MeasureNoiseLearning:
    """How readout errors are learned for TREX.

    Attributes:
        num_randomizations: random circuits.
        shots_per_randomization: of each of them; None: as many as the PUBs'.
    """

    num_randomizations: int = default_of(MeasureNoiseLearningOptions, "num_randomizations")
    shots_per_randomization: int | None = None


@dataclass(frozen=True)
class Zne:
    """Zero-noise extrapolation.

    Attributes:
        noise_factors: each at least 1.
        extrapolators: fits, in the order in which they are tried.
        amplifier: gate_folding, gate_folding_front, gate_folding_back or pea.
        extrapolated_noise_factors: where the fits are read for the ``_extrapolated`` results.
    """

    noise_factors: tuple[float, ...]
    extrapolators: tuple[str, ...]
    amplifier: str
    extrapolated_noise_factors: tuple[float, ...]


@dataclass(frozen=True)
class Pec:
    """Probabilistic error cancellation.

    Attributes:
        max_overhead: largest factor by which the number of circuits may grow; None: no limit.
        noise_gain: share of the noise that stays; None: chosen for each PUB by max_overhead.
    """

    max_overhead: float | None = default_of(PecOptions, "max_overhead")
    noise_gain: float | None = None


@dataclass(frozen=True)
class LayerNoiseLearning:
    """How the noise of layers of two-qubit gates is learned.

    Attributes:
        max_layers_to_learn: the most frequent ones; None: all.
        shots_per_randomization: of each random circuit.
        num_randomizations: random circuits for each depth and basis.
        layer_pair_depths: in pairs of layers.
    """

    max_layers_to_learn: int | None = default_of(LayerNoiseLearningOptions, "max_layers_to_learn")
    shots_per_randomization: int = default_of(LayerNoiseLearningOptions, "shots_per_randomization")
    num_randomizations: int = default_of(LayerNoiseLearningOptions, "num_randomizations")
    layer_pair_depths: tuple[int, ...] = default_of(LayerNoiseLearningOptions, "layer_pair_depths")


@dataclass(frozen=True)
class Mitigation:
    """What a job asks for.

    Attributes:
        twirling: always there; may be off.
        decoupling: None if it is off.
        measure_noise_learning: None if measurement errors are not mitigated.
        zne: None if it is off.
        pec: None if it is off.
        layer_noise_learning: how, if ``layer_noise_model`` is needed and None.
        layer_noise_model: as sent, or None.
        overridden: sentences about options that were set but have to give way to others.
    """

    twirling: Twirling
    decoupling: Decoupling | None = None
    measure_noise_learning: MeasureNoiseLearning | None = None
    zne: Zne | None = None
    pec: Pec | None = None
    layer_noise_learning: LayerNoiseLearning = LayerNoiseLearning()
    layer_noise_model: Any = None
    overridden: tuple[str, ...] = ()

    @classmethod
    def of_sampler(cls, params: Mapping[str, Any]) -> Mitigation:
        """Reads a sampler's ``params``."""
        return cls(_twirling(params, sampler_twirls(params)), _decoupling(params))

    @classmethod
    def of_estimator(cls, params: Mapping[str, Any]) -> Mitigation:
        """Reads an estimator's ``params``; a missing ``resilience_level`` is 1.

        Raises:
            OptionsError: options that exclude each other; names both and the cure.
        """
        twirled = estimator_twirls(params)
        resilience = group_of(params, "resilience")
        level = resilience_level(params)
        pec = bool(resilience.get("pec_mitigation"))
        zne_given = resilience.get("zne_mitigation")
        if pec and zne_given:
            raise OptionsError(
                "resilience.pec_mitigation and resilience.zne_mitigation exclude each other: set "
                "one of them to False"
            )
        if pec and zne_given is None and level >= 2:
            raise OptionsError(
                f"resilience.pec_mitigation excludes ZNE, which resilience_level {level} turns on: "
                "set resilience.zne_mitigation to False, or resilience_level to 1"
            )
        mitigates = twirled.mitigates_measurements
        learning = group_of(params, "resilience", "measure_noise_learning")
        if learning and not mitigates:
            raise OptionsError(
                "resilience.measure_noise_learning has no effect while measurement errors are not "
                "mitigated: set resilience.measure_mitigation = True"
            )
        zne_on = level >= 2 if zne_given is None else bool(zne_given)
        # Bad noise factors are refused even while ZNE is off: they were meant to act.
        zne = _zne(group_of(params, "resilience", "zne"))
        found = cls(
            twirling=_twirling(params, twirled),
            decoupling=_decoupling(params),
            measure_noise_learning=_measure_noise_learning(learning) if mitigates else None,
            zne=zne if zne_on else None,
            pec=_pec(group_of(params, "resilience", "pec")) if pec else None,
            layer_noise_learning=layer_noise_learning(
                group_of(params, "resilience", "layer_noise_learning")
            ),
            layer_noise_model=resilience.get("layer_noise_model"),
            overridden=twirled.overridden,
        )
        if (
            found.needs_layer_noise
            and found.layer_noise_model is None
            and found.layer_noise_learning.max_layers_to_learn == 0
        ):
            what = "resilience.pec_mitigation" if pec else "resilience.zne.amplifier 'pea'"
            raise OptionsError(
                f"{what} needs the noise of the layers, but "
                "resilience.layer_noise_learning.max_layers_to_learn is 0: raise it, or pass "
                "resilience.layer_noise_model"
            )
        return found

    @property
    def is_active(self) -> bool:
        """Whether anything is to be done beyond running the circuits and measuring."""
        twirled = self.twirling.gates or self.twirling.measure
        return bool(twirled or self.decoupling or self.zne or self.pec)

    @property
    def needs_extra(self) -> bool:
        """Whether the extra ``[mitigation]`` must be installed."""
        return self.twirling.gates

    @property
    def needs_layer_noise(self) -> bool:
        """Whether the noise of layers of gates must be known."""
        return self.pec is not None or (self.zne is not None and self.zne.amplifier == "pea")


def _twirling(params: Mapping[str, Any], twirled: Twirled) -> Twirling:
    given = group_of(params, "twirling")
    return Twirling(
        twirled.gates,
        twirled.measure,
        Randomizations.given(given),
        str(given.get("strategy") or Twirling.strategy),
    )


def _decoupling(params: Mapping[str, Any]) -> Decoupling | None:
    given = dict(group_of(params, "dynamical_decoupling"))
    return Decoupling(**_known(given, Decoupling)) if given.get("enable") else None


def _measure_noise_learning(given: Mapping[str, Any]) -> MeasureNoiseLearning:
    return MeasureNoiseLearning(**_numbers(_known(given, MeasureNoiseLearning)))


def _zne(given: Mapping[str, Any]) -> Zne:
    default_factors = default_of(ZneOptions, "noise_factors")
    factors = tuple(
        float(factor) for factor in _listed(given.get("noise_factors"), default_factors)
    )
    for factor in factors:
        if not factor >= 1:
            raise OptionsError(
                f"resilience.zne.noise_factors: {factor:g} is below 1, and noise can only be "
                "raised; use factors from 1 on"
            )
    fits = given.get("extrapolator") or default_of(ZneOptions, "extrapolator")
    fits = (fits,) if isinstance(fits, str) else tuple(fits)
    for fit in fits:
        needed = FACTORS_NEEDED.get(fit, 2)
        if len(set(factors)) < needed:
            raise OptionsError(
                f"resilience.zne.extrapolator {fit!r} needs {needed} noise factors or more, but "
                f"resilience.zne.noise_factors has {len(set(factors))}: add factors or choose "
                "another fit"
            )
    read_at = _listed(given.get("extrapolated_noise_factors"), (0.0, *factors))
    return Zne(
        factors,
        fits,
        str(given.get("amplifier") or default_of(ZneOptions, "amplifier")),
        tuple(float(factor) for factor in read_at),
    )


def _pec(given: Mapping[str, Any]) -> Pec:
    gain = given.get("noise_gain")
    return Pec(
        given.get("max_overhead", Pec.max_overhead),
        None if gain is None or gain == "auto" else float(gain),
    )


def layer_noise_learning(given: Mapping[str, Any]) -> LayerNoiseLearning:
    """Reads options by name; what is left out has its default."""
    known = _known(given, LayerNoiseLearning)
    if "layer_pair_depths" in known:
        known["layer_pair_depths"] = tuple(known["layer_pair_depths"])
    return LayerNoiseLearning(**known)


def _known(given: Mapping[str, Any], cls: type) -> dict[str, Any]:
    """The options that a class has fields for."""
    return {name: value for name, value in given.items() if name in cls.__dataclass_fields__}


def _numbers(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are set to a number; ``"auto"`` is the default of the others."""
    return {name: value for name, value in given.items() if isinstance(value, int)}


def _listed(given: Any, default: Sequence[float]) -> Sequence[float]:
    return default if given is None or given == "auto" else cast("Sequence[float]", given)
