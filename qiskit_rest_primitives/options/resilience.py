"""Groups of the estimator: how errors are mitigated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.options.fields import (
    Bool,
    Choice,
    Choices,
    Integer,
    Integers,
    Option,
    Real,
    Reals,
)
from qiskit_rest_primitives.options.group import Group, OptionGroup
from qiskit_rest_primitives.options.unset import is_unset

# Noise factors that each fit needs at least: ibm-quantum-schemas, ZneOptionsModel.
FACTORS_NEEDED = {
    "linear": 2,
    "exponential": 2,
    "double_exponential": 4,
    "fallback": 2,
    **{f"polynomial_degree_{degree}": degree + 1 for degree in range(1, 8)},
}


class MeasureNoiseLearningOptions(OptionGroup, path="resilience.measure_noise_learning"):
    """How the noise of measurements is learned."""

    num_randomizations = Integer("Number of random circuits.", at_least=1, default="32")
    shots_per_randomization = Integer(
        "Shots of each random circuit; auto = chosen from the PUBs.",
        at_least=1,
        auto=True,
        default='"auto"',
    )


class ZneOptions(OptionGroup, path="resilience.zne"):
    """Zero-noise extrapolation: measure at raised noise, fit, read the fit at zero.

    Results then have more fields: ``evs_noise_factors``, ``stds_noise_factors`` and
    ``ensemble_stds_noise_factors`` of shape ``(*shape, len(noise_factors))``; ``evs_extrapolated``
    and ``stds_extrapolated`` of ``(*shape, len(extrapolator), len(extrapolated_noise_factors))``.
    """

    noise_factors = Reals("Factors by which the noise is raised.", at_least=1, default="(1, 3, 5)")
    extrapolator = Choices(
        "Fits to try in this order; evs and stds come from the first that succeeds. "
        "polynomial_degree_k "
        "needs k + 1 noise factors, double_exponential 4, the others 2; fallback gives the values "
        "at the "
        "lowest factor.",
        list(FACTORS_NEEDED),
        default='("exponential", "linear")',
    )
    amplifier = Choice(
        "How noise is raised: by repeating two-qubit gates (gate_folding: at random, _front, "
        "_back: from "
        "that end), or by injecting learned noise (pea, which always twirls gates).",
        ["gate_folding", "gate_folding_front", "gate_folding_back", "pea"],
        default='"gate_folding"',
    )
    extrapolated_noise_factors = Reals(
        "Factors at which the fits are read for evs_extrapolated and stds_extrapolated.",
        at_least=None,
        auto=True,
        default="(0, *noise_factors)",
    )

    def validate(self) -> None:
        """Checks too that each fit has the noise factors it needs."""
        super().validate()
        factors = (1, 3, 5) if is_unset(self.noise_factors) else self.noise_factors
        fits = ("exponential", "linear") if is_unset(self.extrapolator) else self.extrapolator
        count = len(cast("Sequence[float]", factors))
        for fit in [fits] if isinstance(fits, str) else cast("Sequence[str]", fits):
            if count < FACTORS_NEEDED[fit]:
                raise OptionsError(
                    f"resilience.zne.extrapolator {fit!r} needs {FACTORS_NEEDED[fit]} noise "
                    f"factors or more,"
                    f" but resilience.zne.noise_factors has {count}: add factors or choose another "
                    f"fit"
                )


class PecOptions(OptionGroup, path="resilience.pec"):
    """Probabilistic error cancellation."""

    max_overhead = Real(
        "Largest factor by which the number of circuits may grow; None = no limit.",
        above=0,
        nullable=True,
        default="100",
    )
    noise_gain = Real(
        "Share of the noise that stays: 0 = all is removed, 1 = none, above 1 = amplified; auto = "
        "from 0 to "
        "1 for each PUB, by max_overhead and the depth.",
        at_least=0,
        auto=True,
        default='"auto"',
    )


class LayerNoiseLearningOptions(OptionGroup, path="resilience.layer_noise_learning"):
    """How the noise of layers of two-qubit gates is learned, for PEC and the pea amplifier."""

    max_layers_to_learn = Integer(
        "Largest number of different layers; the most frequent come first; None = all.",
        at_least=0,
        nullable=True,
        default="4",
    )
    shots_per_randomization = Integer("Shots of each random circuit.", at_least=1, default="128")
    num_randomizations = Integer(
        "Number of random circuits for each depth and measurement basis.", at_least=1, default="32"
    )
    layer_pair_depths = Integers("Depths, in pairs of layers.", default="(0, 1, 2, 4, 16, 32)")


class LayerNoise(Option[Any]):
    """What noise learning gave."""

    kind = "NoiseLearnerResult, a list of LayerError, or their JSON"

    def _check(self, value: Any) -> Any:
        from qiskit_rest_primitives.options.encoding import is_learned

        if isinstance(value, dict) or is_learned(value):
            return value
        if not isinstance(value, (list, tuple)):
            self.refuse(value)
        layers = cast("Sequence[object]", value)
        if not all(isinstance(layer, dict) or is_learned(layer) for layer in layers):
            self.refuse(value)
        return value

    def _encode(self, value: Any) -> Any:
        from qiskit_rest_primitives.options.encoding import encode_value

        return encode_value(value, self.path)


class ResilienceOptionsV2(OptionGroup, path="resilience"):
    """Error mitigation beyond what resilience_level chooses."""

    measure_mitigation = Bool(
        "Whether to mitigate measurement errors.", default="True from resilience_level 1"
    )
    measure_noise_learning = Group(MeasureNoiseLearningOptions)
    zne_mitigation = Bool(
        "Whether to extrapolate to zero noise; excludes pec_mitigation.",
        default="True from resilience_level 2",
    )
    zne = Group(ZneOptions)
    pec_mitigation = Bool(
        "Whether to cancel errors probabilistically; excludes zne_mitigation.", default="False"
    )
    pec = Group(PecOptions)
    layer_noise_learning = Group(LayerNoiseLearningOptions)
    layer_noise_model = LayerNoise(
        "Noise learned before, used instead of learning it; layers that are not in it count as "
        "free of noise.",
        nullable=True,
        default="None, it is learned",
    )

    def validate(self) -> None:
        """Checks too that ZNE and PEC are not both on."""
        super().validate()
        if self.pec_mitigation is True and self.zne_mitigation is True:
            raise OptionsError(
                "resilience.pec_mitigation and resilience.zne_mitigation exclude each other: set "
                "one of them"
                " to False"
            )
