"""The options of a job's params, defined once: name, type, range, choices, meaning, default.

Those beside params, such as tags and the longest time, are in `options.job_options`.
Users set these classes, which check what is assigned; the service reads structs made of them
(:func:`~.option_group.struct_of`). Names and nesting are those of ``qiskit_ibm_runtime.options``.
An option is one line, whose docstring editors show; options that are not set are UNSET and are not
sent. What the service takes then is declared with :func:`~.option_defaults.service_default`, from
which documentation and error mitigation read it; the docstring has a default that is no value.

To add an option, write its line and docstring here; ``tests/options/test_options.py`` then
fails until its table has the option, and names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Protocol, TypeAlias

import numpy as np
from msgspec import UNSET, Meta, UnsetType

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.wire.limits import (
    DEFAULT_PRECISION,
    DEFAULT_SHOTS,
    MAX_JOB_SECONDS,
    MAX_TAG_LENGTH,
    Count,
    CountOrZero,
    NotNegative,
)
from qiskit_rest_primitives.wire.request.option_defaults import service_default
from qiskit_rest_primitives.wire.request.option_group import Group, OptionGroup, group
from qiskit_rest_primitives.wire.request.option_values import (
    Objects,
    is_coupling_map,
    is_generator,
    is_layer_noise,
    is_noise_model,
)

Positive: TypeAlias = Annotated[float, Meta(gt=0)]
Qubit: TypeAlias = Annotated[int, Meta(ge=0)]
Auto: TypeAlias = Literal["auto"]
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
ResilienceLevel: TypeAlias = Annotated[int, Meta(ge=0, le=2)]
Seconds: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_JOB_SECONDS)]
Tag: TypeAlias = Annotated[str, Meta(max_length=MAX_TAG_LENGTH)]
# The official client writes the level in capitals, which the service takes: EnvironmentOptions.
LogLevel: TypeAlias = Literal[
    "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "debug", "info", "warning", "error", "critical"
]
Seed: TypeAlias = (
    CountOrZero | Annotated[np.random.Generator, Objects("numpy.random.Generator", is_generator)]
)
"""A seed; a NumPy generator gives a new one to each ``run()``."""


TwirlingStrategy: TypeAlias = Literal["active", "active-circuit", "active-accum", "all"]
"""Which qubits are twirled in a layer."""


class HasEdges(Protocol):
    """Qiskit's CouplingMap, for type checkers."""

    def get_edges(self) -> Any:
        """Directed pairs of qubits."""
        ...


class HasDict(Protocol):
    """Aer's NoiseModel, for type checkers."""

    def to_dict(self, serializable: bool = ...) -> dict[str, Any]:
        """The model as JSON-able objects."""
        ...


class DynamicalDecouplingOptions(OptionGroup, path="dynamical_decoupling"):
    """Pulses on idle qubits that cancel slow noise.

    >>> DynamicalDecouplingOptions(enable=True, sequence_type="XY4").sequence_type
    'XY4'
    """

    enable: bool | UnsetType = service_default(False)
    """Whether to insert the sequences at all."""

    sequence_type: Literal["XX", "XpXm", "XY4"] | UnsetType = service_default("XX")
    """Sequence: XX = tau/2 X tau X tau/2; XpXm = with +X and -X; XY4 = with +X, +Y, -X, -Y."""

    extra_slack_distribution: Literal["middle", "edges"] | UnsetType = service_default("middle")
    """Where to put idle time that is left over after dividing it into steps of dt: the middle of
    the sequence, or its edges."""

    scheduling_method: Literal["alap", "asap"] | UnsetType = service_default("alap")
    """Gates as late (alap) or as soon (asap) as possible."""

    skip_reset_qubits: bool | UnsetType = service_default(False)
    """Whether qubits that were just reset stay without a sequence until their first gate."""


class TwirlingOptions(OptionGroup, path="twirling"):
    """Pauli twirling: random, equivalent circuits that turn coherent noise into Pauli noise.

    >>> TwirlingOptions(enable_gates=True, num_randomizations=32).num_randomizations
    32
    """

    enable_gates: bool | UnsetType = UNSET
    """Whether to twirl two-qubit Clifford gates. Service's default: False for the sampler; for the
    estimator True from resilience_level 2."""

    enable_measure: bool | UnsetType = UNSET
    """Whether to twirl measurements outside conditional blocks. Service's default: False for the
    sampler; for the estimator True from resilience_level 1."""

    num_randomizations: Count | Auto | UnsetType = service_default("auto")
    """Number of random circuits; auto = ceil(shots / shots_per_randomization). Given as numbers,
    num_randomizations x shots_per_randomization are the shots of each twirled circuit, whatever a
    PUB, run() or default_shots say."""

    shots_per_randomization: Count | Auto | UnsetType = service_default("auto")
    """Shots of each random circuit; auto = ceil(shots / num_randomizations), or, if that is auto
    too, 64 for PEC and else max(64, ceil(shots / 32))."""

    strategy: TwirlingStrategy | UnsetType = service_default("active-accum")
    """Which qubits are twirled in a layer: those of its gates (active), all that the circuit uses
    (active-circuit), those used so far (active-accum), or all."""


class ExecutionOptionsV2(
    OptionGroup,
    path="execution",
    experimental={
        "scheduler_timing": bool,
        "stretch_values": bool,
        "fast_parametric_update": bool,
    },
):
    """How the device repeats a circuit.

    >>> ExecutionOptionsV2(rep_delay=2.5e-4)
    ExecutionOptionsV2(init_qubits=Unset, rep_delay=0.00025)
    """

    init_qubits: bool | UnsetType = service_default(True)
    """Whether to reset all qubits before each shot."""

    rep_delay: NotNegative | UnsetType = UNSET
    """Delay between a measurement and the next circuit, in seconds, within
    backend.rep_delay_range; for devices with dynamic_reprate_enabled. Service's default: the
    device's default_rep_delay."""


class SamplerExecutionOptionsV2(ExecutionOptionsV2):
    """How the device repeats a circuit, and what a measurement gives.

    >>> SamplerExecutionOptionsV2(meas_type="kerneled").meas_type
    'kerneled'
    """

    meas_type: Literal["classified", "kerneled", "avg_kerneled"] | UnsetType = service_default(
        "classified"
    )
    """What each shot gives: bits (classified), or complex points in arbitrary units (kerneled), or
    their mean over the shots (avg_kerneled)."""


class SimulatorOptions(OptionGroup, path="simulator"):
    """What a simulator simulates; devices ignore it.

    >>> SimulatorOptions(seed_simulator=7, coupling_map=[[0, 1]]).coupling_map
    [[0, 1]]
    """

    noise_model: (
        dict[str, Any]
        | Annotated[HasDict, Objects("qiskit_aer.noise.NoiseModel", is_noise_model)]
        | UnsetType
        | None
    ) = service_default(None, "no noise")
    """Noise to simulate: Aer's NoiseModel or its dict."""

    seed_simulator: Seed | UnsetType | None = service_default(None, "a new one each time")
    """Seed of the simulated shots; a numpy.random.Generator gives a new seed to each run()."""

    coupling_map: (
        Sequence[Annotated[Sequence[Qubit], Meta(min_length=2, max_length=2)]]
        | Annotated[HasEdges, Objects("qiskit.transpiler.CouplingMap", is_coupling_map)]
        | UnsetType
        | None
    ) = service_default(None, "all pairs")
    """Directed pairs of qubits that can interact, such as [[0, 1], [1, 0]]."""

    basis_gates: Sequence[str | None] | UnsetType = UNSET
    """Names of the available gates. Service's default: all that the simulator knows."""

    def set_backend(self, backend: Any) -> None:
        """Takes noise model, coupling map and basis gates from a backend.

        Args:
            backend: a BackendV2.

        Raises:
            OptionsError: qiskit-aer, which makes the noise model, is not installed.
        """
        try:
            from qiskit_aer.noise import NoiseModel
        except ImportError:
            raise OptionsError(
                "simulator.set_backend needs qiskit-aer: pip install 'qiskit-rest-primitives[aer]'"
            ) from None
        self.noise_model = NoiseModel.from_backend(backend)
        self.coupling_map = backend.coupling_map
        self.basis_gates = list(backend.operation_names)


class MeasureNoiseLearningOptions(OptionGroup, path="resilience.measure_noise_learning"):
    """How the noise of measurements is learned.

    >>> MeasureNoiseLearningOptions(num_randomizations=64)
    MeasureNoiseLearningOptions(num_randomizations=64, shots_per_randomization=Unset)
    """

    num_randomizations: Count | UnsetType = service_default(32)
    """Number of random circuits."""

    shots_per_randomization: Count | Auto | UnsetType = service_default("auto")
    """Shots of each random circuit; auto = chosen from the PUBs."""


class ZneOptions(OptionGroup, path="resilience.zne"):
    """Zero-noise extrapolation: measure at raised noise, fit, read the fit at zero.

    Results then have more fields: ``evs_noise_factors``, ``stds_noise_factors`` and
    ``ensemble_stds_noise_factors`` of shape ``(*shape, len(noise_factors))``; ``evs_extrapolated``
    and ``stds_extrapolated`` of ``(*shape, len(extrapolator), len(extrapolated_noise_factors))``.

    >>> ZneOptions(noise_factors=(1, 3), extrapolator="linear").noise_factors
    (1.0, 3.0)
    """

    noise_factors: Sequence[Annotated[float, Meta(ge=1)]] | UnsetType = service_default((1, 3, 5))
    """Factors by which the noise is raised, each at least 1."""

    extrapolator: (
        Extrapolator | Annotated[Sequence[Extrapolator], Meta(min_length=1)] | UnsetType
    ) = service_default(("exponential", "linear"))
    """Fits to try in this order; evs and stds come from the first that succeeds.
    polynomial_degree_k needs k + 1 noise factors, double_exponential 4, the others 2; fallback
    gives the values at the lowest factor."""

    amplifier: (
        Literal["gate_folding", "gate_folding_front", "gate_folding_back", "pea"] | UnsetType
    ) = service_default("gate_folding")
    """How noise is raised: by repeating two-qubit gates (gate_folding: at random, _front, _back:
    from that end), or by injecting learned noise (pea, which always twirls gates)."""

    extrapolated_noise_factors: Sequence[float] | Auto | UnsetType = service_default(
        "auto", "(0, *noise_factors)"
    )
    """Factors at which the fits are read for evs_extrapolated and stds_extrapolated."""


class PecOptions(OptionGroup, path="resilience.pec"):
    """Probabilistic error cancellation.

    >>> PecOptions(max_overhead=50, noise_gain=0)
    PecOptions(max_overhead=50.0, noise_gain=0.0)
    """

    max_overhead: Positive | UnsetType | None = service_default(100)
    """Largest factor by which the number of circuits may grow; None = no limit."""

    noise_gain: NotNegative | Auto | UnsetType = service_default("auto")
    """Share of the noise that stays: 0 = all is removed, 1 = none, above 1 = amplified; auto = from
    0 to 1 for each PUB, by max_overhead and the depth."""


class LayerNoiseLearningOptions(OptionGroup, path="resilience.layer_noise_learning"):
    """How the noise of layers of two-qubit gates is learned, for PEC and the pea amplifier.

    >>> print(LayerNoiseLearningOptions(max_layers_to_learn=None).max_layers_to_learn)
    None
    """

    max_layers_to_learn: CountOrZero | UnsetType | None = service_default(4)
    """Largest number of different layers; the most frequent come first; None = all."""

    shots_per_randomization: Count | UnsetType = service_default(128)
    """Shots of each random circuit."""

    num_randomizations: Count | UnsetType = service_default(32)
    """Number of random circuits for each depth and measurement basis."""

    layer_pair_depths: Sequence[CountOrZero] | UnsetType = service_default((0, 1, 2, 4, 16, 32))
    """Depths, in pairs of layers."""


class ResilienceOptionsV2(OptionGroup, path="resilience"):
    """Error mitigation beyond what resilience_level chooses.

    >>> ResilienceOptionsV2(zne_mitigation=True, zne={"amplifier": "pea"}).zne.amplifier
    'pea'
    """

    measure_mitigation: bool | UnsetType = UNSET
    """Whether to mitigate measurement errors. Service's default: True from resilience_level 1."""

    measure_noise_learning: Group[MeasureNoiseLearningOptions] = group()
    """How the noise of measurements is learned."""

    zne_mitigation: bool | UnsetType = UNSET
    """Whether to extrapolate to zero noise; excludes pec_mitigation. Service's default: True from
    resilience_level 2."""

    zne: Group[ZneOptions] = group()
    """Zero-noise extrapolation."""

    pec_mitigation: bool | UnsetType = service_default(False)
    """Whether to cancel errors probabilistically; excludes zne_mitigation."""

    pec: Group[PecOptions] = group()
    """Probabilistic error cancellation."""

    layer_noise_learning: Group[LayerNoiseLearningOptions] = group()
    """How the noise of layers of two-qubit gates is learned."""

    layer_noise_model: (
        dict[str, Any]
        | list[dict[str, Any]]
        | Annotated[Any, Objects("NoiseLearnerResult, a list of LayerError", is_layer_noise)]
        | UnsetType
        | None
    ) = service_default(None, "it is learned")
    """Noise learned before, used instead of learning it: a NoiseLearnerResult, a list of LayerError
    or their JSON; layers that are not in it count as free of noise."""


class CommonOptions(OptionGroup):
    """The options that both programs have."""

    simulator: Group[SimulatorOptions] = group()
    """What a simulator simulates; devices ignore it."""

    dynamical_decoupling: Group[DynamicalDecouplingOptions] = group()
    """Pulses on idle qubits that cancel slow noise."""

    twirling: Group[TwirlingOptions] = group()
    """Pauli twirling: random, equivalent circuits that turn coherent noise into Pauli noise."""

    experimental: dict[str, Any] | UnsetType = UNSET
    """Options that are not documented, sent unchecked. Groups of known names are merged into these,
    such as {'execution': {'scheduler_timing': True}}; image chooses the runtime image. Service's
    default: none."""


class SamplerOptionsBody(CommonOptions):
    """``params.options`` of the sampler."""

    default_shots: CountOrZero | UnsetType = service_default(DEFAULT_SHOTS)
    """Shots of a PUB if neither the PUB nor run() sets them."""

    execution: Group[SamplerExecutionOptionsV2] = group()
    """How the device repeats a circuit, and what a measurement gives."""


class EstimatorOptionsBody(CommonOptions):
    """``params.options`` of the estimator."""

    default_precision: NotNegative | UnsetType = service_default(DEFAULT_PRECISION, "1/sqrt(4096)")
    """Standard error to reach if neither the PUB nor run() sets it; 0 is for exact values, which
    only simulators have."""

    default_shots: CountOrZero | UnsetType | None = service_default(
        None, "as many as the precision needs"
    )
    """Shots of each circuit and measurement basis; overrides default_precision."""

    seed_estimator: Seed | UnsetType | None = service_default(None, "a new one each time")
    """Seed of everything random; a numpy.random.Generator gives a new seed to each run()."""

    resilience: Group[ResilienceOptionsV2] = group()
    """Error mitigation beyond what resilience_level chooses."""

    execution: Group[ExecutionOptionsV2] = group()
    """How the device repeats a circuit."""
