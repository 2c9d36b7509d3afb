"""``params.options`` of a job's body as typed structs: every documented option with its range.

Names that nobody documents are refused at every level, because a misspelt option that is silently
ignored changes an experiment.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from qiskit_rest_primitives.wire.limits import INT32_MAX

Extrapolator: TypeAlias = Literal[
    "linear",
    "exponential",
    "double_exponential",
    "fallback",
    "polynomial_degree_1",
    "polynomial_degree_2",
    "polynomial_degree_3",
    "polynomial_degree_4",
    "polynomial_degree_5",
    "polynomial_degree_6",
    "polynomial_degree_7",
]
Bool: TypeAlias = bool | UnsetType
Count: TypeAlias = Annotated[int, Meta(ge=1, le=INT32_MAX)]
CountOrAuto: TypeAlias = Count | Literal["auto"]
CountOrZero: TypeAlias = Annotated[int, Meta(ge=0, le=INT32_MAX)]
Positive: TypeAlias = Annotated[float, Meta(gt=0)]
NotNegative: TypeAlias = Annotated[float, Meta(ge=0)]


class ClosedGroup(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of every group whose member names are all known."""


class DynamicalDecouplingBody(ClosedGroup):
    """``options.dynamical_decoupling``."""

    enable: Bool = UNSET
    sequence_type: Literal["XX", "XpXm", "XY4"] | UnsetType = UNSET
    extra_slack_distribution: Literal["middle", "edges"] | UnsetType = UNSET
    scheduling_method: Literal["alap", "asap"] | UnsetType = UNSET
    skip_reset_qubits: Bool = UNSET


class TwirlingBody(ClosedGroup):
    """``options.twirling``."""

    enable_gates: Bool = UNSET
    enable_measure: Bool = UNSET
    num_randomizations: CountOrAuto | UnsetType = UNSET
    shots_per_randomization: CountOrAuto | UnsetType = UNSET
    strategy: Literal["active", "active-circuit", "active-accum", "all"] | UnsetType = UNSET


class SimulatorBody(ClosedGroup):
    """``options.simulator``; ``basis_gates`` itself is never null, its items may be."""

    noise_model: dict[str, Any] | UnsetType | None = UNSET
    seed_simulator: CountOrZero | UnsetType | None = UNSET
    coupling_map: list[Any] | UnsetType | None = UNSET
    basis_gates: list[str | None] | UnsetType = UNSET


class ExecutionBody(ClosedGroup):
    """``options.execution`` of the estimator; ``rep_delay`` in seconds."""

    init_qubits: Bool = UNSET
    rep_delay: float | UnsetType = UNSET
    # Documented for `experimental`, which the official client merges into the group of that name.
    scheduler_timing: Bool = UNSET
    stretch_values: Bool = UNSET
    fast_parametric_update: Bool = UNSET


class SamplerExecutionBody(ExecutionBody):
    """``options.execution`` of the sampler."""

    meas_type: Literal["classified", "kerneled", "avg_kerneled"] | UnsetType = UNSET


class MeasureNoiseLearningBody(ClosedGroup):
    """``options.resilience.measure_noise_learning``."""

    num_randomizations: Count | UnsetType = UNSET
    shots_per_randomization: CountOrAuto | UnsetType = UNSET


class ZneBody(ClosedGroup):
    """``options.resilience.zne``."""

    noise_factors: list[float] | UnsetType = UNSET
    extrapolator: Extrapolator | list[Extrapolator] | UnsetType = UNSET
    amplifier: (
        Literal["gate_folding", "gate_folding_front", "gate_folding_back", "pea"] | UnsetType
    ) = UNSET
    extrapolated_noise_factors: Any = UNSET


class PecBody(ClosedGroup):
    """``options.resilience.pec``."""

    max_overhead: Positive | UnsetType | None = UNSET
    noise_gain: NotNegative | Literal["auto"] | UnsetType = UNSET


class LayerNoiseLearningBody(ClosedGroup):
    """``options.resilience.layer_noise_learning``."""

    max_layers_to_learn: CountOrZero | UnsetType | None = UNSET
    shots_per_randomization: Count | UnsetType = UNSET
    num_randomizations: Count | UnsetType = UNSET
    layer_pair_depths: list[Annotated[int, Meta(ge=0)]] | UnsetType = UNSET


class ResilienceBody(ClosedGroup):
    """``options.resilience``."""

    measure_mitigation: Bool = UNSET
    measure_noise_learning: MeasureNoiseLearningBody | UnsetType = UNSET
    zne_mitigation: Bool = UNSET
    zne: ZneBody | UnsetType = UNSET
    pec_mitigation: Bool = UNSET
    pec: PecBody | UnsetType = UNSET
    layer_noise_learning: LayerNoiseLearningBody | UnsetType = UNSET
    layer_noise_model: Any = UNSET


class SamplerOptionsBody(ClosedGroup):
    """``params.options`` of the sampler."""

    default_shots: CountOrZero | UnsetType = UNSET
    dynamical_decoupling: DynamicalDecouplingBody | UnsetType = UNSET
    execution: SamplerExecutionBody | UnsetType = UNSET
    twirling: TwirlingBody | UnsetType = UNSET
    simulator: SimulatorBody | UnsetType = UNSET
    experimental: dict[str, Any] | UnsetType = UNSET


class EstimatorOptionsBody(ClosedGroup):
    """``params.options`` of the estimator."""

    seed_estimator: CountOrZero | UnsetType | None = UNSET
    # The service wants more than 0, which asks the simulators of this one for exact values.
    default_precision: NotNegative | UnsetType = UNSET
    default_shots: CountOrZero | UnsetType | None = UNSET
    dynamical_decoupling: DynamicalDecouplingBody | UnsetType = UNSET
    resilience: ResilienceBody | UnsetType = UNSET
    execution: ExecutionBody | UnsetType = UNSET
    twirling: TwirlingBody | UnsetType = UNSET
    simulator: SimulatorBody | UnsetType = UNSET
    experimental: dict[str, Any] | UnsetType = UNSET
