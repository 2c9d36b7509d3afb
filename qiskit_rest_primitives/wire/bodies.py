"""Body of POST /v1/jobs: JSON <-> typed structs. In: bytes. Out: JobRequest, then its params.

The structs accept what the Runtime REST API documents for programs ``sampler`` and ``estimator``.
Option names that nobody documents are refused at every level, because a misspelt option that is
silently ignored changes an experiment; unknown members beside ``program_id`` are ignored. No I/O.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NoReturn, TypeAlias, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType

INT32_MAX = 2_147_483_647
MAX_TAGS = 8
MAX_TAG_LENGTH = 86
MAX_COST_SECONDS = 10_800

Program: TypeAlias = Literal["sampler", "estimator"]
LogLevel: TypeAlias = Literal["critical", "error", "warning", "info", "debug"]
# The official client writes the level in capitals, which the service takes: EnvironmentOptions.
LogLevelInCapitals: TypeAlias = Literal["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"]
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
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=10_000)]


class InvalidBody(ValueError):  # noqa: N818 - names the condition, like httpx.InvalidURL
    """A request body that the API does not accept.

    Attributes:
        path: where, such as ``params.options.twirling.strategy``; "" for the body as a whole.
        message: what is wrong there.
    """

    def __init__(self, message: str, path: str = ""):
        super().__init__(f"{path}: {message}" if path else message)
        self.message = message
        self.path = path


class _Closed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of every group whose member names are all known."""


class DynamicalDecouplingBody(_Closed):
    """``options.dynamical_decoupling``."""

    enable: Bool = UNSET
    sequence_type: Literal["XX", "XpXm", "XY4"] | UnsetType = UNSET
    extra_slack_distribution: Literal["middle", "edges"] | UnsetType = UNSET
    scheduling_method: Literal["alap", "asap"] | UnsetType = UNSET
    skip_reset_qubits: Bool = UNSET


class TwirlingBody(_Closed):
    """``options.twirling``."""

    enable_gates: Bool = UNSET
    enable_measure: Bool = UNSET
    num_randomizations: CountOrAuto | UnsetType = UNSET
    shots_per_randomization: CountOrAuto | UnsetType = UNSET
    strategy: Literal["active", "active-circuit", "active-accum", "all"] | UnsetType = UNSET


class SimulatorBody(_Closed):
    """``options.simulator``; ``basis_gates`` itself is never null, its items may be."""

    noise_model: dict[str, Any] | UnsetType | None = UNSET
    seed_simulator: CountOrZero | UnsetType | None = UNSET
    coupling_map: list[Any] | UnsetType | None = UNSET
    basis_gates: list[str | None] | UnsetType = UNSET


class ExecutionBody(_Closed):
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


class MeasureNoiseLearningBody(_Closed):
    """``options.resilience.measure_noise_learning``."""

    num_randomizations: Count | UnsetType = UNSET
    shots_per_randomization: CountOrAuto | UnsetType = UNSET


class ZneBody(_Closed):
    """``options.resilience.zne``."""

    noise_factors: list[float] | UnsetType = UNSET
    extrapolator: Extrapolator | list[Extrapolator] | UnsetType = UNSET
    amplifier: (
        Literal["gate_folding", "gate_folding_front", "gate_folding_back", "pea"] | UnsetType
    ) = UNSET
    extrapolated_noise_factors: Any = UNSET


class PecBody(_Closed):
    """``options.resilience.pec``."""

    max_overhead: Positive | UnsetType | None = UNSET
    noise_gain: NotNegative | Literal["auto"] | UnsetType = UNSET


class LayerNoiseLearningBody(_Closed):
    """``options.resilience.layer_noise_learning``."""

    max_layers_to_learn: CountOrZero | UnsetType | None = UNSET
    shots_per_randomization: Count | UnsetType = UNSET
    num_randomizations: Count | UnsetType = UNSET
    layer_pair_depths: list[Annotated[int, Meta(ge=0)]] | UnsetType = UNSET


class ResilienceBody(_Closed):
    """``options.resilience``."""

    measure_mitigation: Bool = UNSET
    measure_noise_learning: MeasureNoiseLearningBody | UnsetType = UNSET
    zne_mitigation: Bool = UNSET
    zne: ZneBody | UnsetType = UNSET
    pec_mitigation: Bool = UNSET
    pec: PecBody | UnsetType = UNSET
    layer_noise_learning: LayerNoiseLearningBody | UnsetType = UNSET
    layer_noise_model: Any = UNSET


class SamplerOptionsBody(_Closed):
    """``params.options`` of the sampler."""

    default_shots: CountOrZero | UnsetType = UNSET
    dynamical_decoupling: DynamicalDecouplingBody | UnsetType = UNSET
    execution: SamplerExecutionBody | UnsetType = UNSET
    twirling: TwirlingBody | UnsetType = UNSET
    simulator: SimulatorBody | UnsetType = UNSET
    experimental: dict[str, Any] | UnsetType = UNSET


class EstimatorOptionsBody(_Closed):
    """``params.options`` of the estimator."""

    seed_estimator: CountOrZero | UnsetType | None = UNSET
    default_precision: Positive | UnsetType = UNSET
    default_shots: CountOrZero | UnsetType | None = UNSET
    dynamical_decoupling: DynamicalDecouplingBody | UnsetType = UNSET
    resilience: ResilienceBody | UnsetType = UNSET
    execution: ExecutionBody | UnsetType = UNSET
    twirling: TwirlingBody | UnsetType = UNSET
    simulator: SimulatorBody | UnsetType = UNSET
    experimental: dict[str, Any] | UnsetType = UNSET


class SamplerParams(_Closed):
    """``params`` of the sampler; a PUB is ``[circuit, values?, shots?]`` or the circuit's text."""

    pubs: list[Any]
    options: SamplerOptionsBody = msgspec.field(default_factory=SamplerOptionsBody)
    shots: CountOrZero | UnsetType | None = UNSET
    support_qiskit: Bool = UNSET
    version: Literal[2] | UnsetType = UNSET


class EstimatorParams(_Closed):
    """``params`` of the estimator; a PUB is ``[circuit, observables, values?, precision?]``."""

    pubs: list[Any]
    options: EstimatorOptionsBody = msgspec.field(default_factory=EstimatorOptionsBody)
    resilience_level: Annotated[int, Meta(ge=0, le=2)] | UnsetType = UNSET
    precision: Positive | UnsetType | None = UNSET
    support_qiskit: Bool = UNSET
    version: Literal[2] | UnsetType = UNSET


class JobRequest(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The whole body; ``params`` is undecoded JSON for decode_params, ``cost`` in seconds."""

    program_id: Program
    backend: Name
    params: msgspec.Raw
    runtime: Name | UnsetType = UNSET
    tags: (
        Annotated[list[Annotated[str, Meta(max_length=MAX_TAG_LENGTH)]], Meta(max_length=MAX_TAGS)]
        | UnsetType
    ) = UNSET
    log_level: LogLevel | LogLevelInCapitals | UnsetType = UNSET
    cost: Annotated[int, Meta(ge=0, le=MAX_COST_SECONDS)] | UnsetType = UNSET
    session_id: Annotated[str, Meta(min_length=1, max_length=36)] | UnsetType = UNSET
    calibration_id: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    private: Bool = UNSET

    def __post_init__(self) -> None:
        if self.log_level is not UNSET:
            self.log_level = cast("LogLevel", self.log_level.lower())


_REQUEST = msgspec.json.Decoder(JobRequest)
_SAMPLER = msgspec.json.Decoder(SamplerParams)
_ESTIMATOR = msgspec.json.Decoder(EstimatorParams)


def encode_job_request(
    *, program_id: Program, backend: str, params: Mapping[str, Any], job: Mapping[str, Any]
) -> bytes:
    """Writes the body of POST /v1/jobs.

    Args:
        program_id: ``sampler`` or ``estimator``.
        backend: name of the backend.
        params: ``pubs``, ``options`` and their siblings as JSON-able values.
        job: what stands beside ``params``: ``tags``, ``session_id``, ``private``, ``cost`` (s)...

    Returns:
        UTF-8 JSON.
    """
    return msgspec.json.encode(
        {"program_id": program_id, "backend": backend, **job, "params": params}
    )


def decode_job_request(body: bytes) -> JobRequest:
    """Reads the body of POST /v1/jobs, all but the inside of ``params``.

    Raises:
        InvalidBody: not JSON, or a member that is missing, of the wrong type or out of range.
    """
    try:
        return _REQUEST.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _refuse(error, "")


def decode_params(
    program_id: Program, params: msgspec.Raw | bytes
) -> SamplerParams | EstimatorParams:
    """Reads ``params`` of a job request.

    Args:
        program_id: decides which options there are.
        params: the undecoded JSON.

    Raises:
        InvalidBody: an unknown, missing, mistyped or out-of-range member, with its path.
    """
    try:
        if program_id == "sampler":
            sampler = _SAMPLER.decode(params)
            for index, pub in enumerate(sampler.pubs):
                if not isinstance(pub, str):
                    _check_pub(pub, index, at_least=1, at_most=3)
            return sampler
        estimator = _ESTIMATOR.decode(params)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _refuse(error, "params")
    for index, pub in enumerate(estimator.pubs):
        _check_pub(pub, index, at_least=2, at_most=4)
    return estimator


def _check_pub(pub: object, index: int, *, at_least: int, at_most: int) -> None:
    """Checks a PUB's length and its last item: shots (sampler) or precision (estimator)."""
    where = f"params.pubs[{index}]"
    if not isinstance(pub, list):
        raise InvalidBody(f"a PUB is an array of {at_least} to {at_most} items", where)
    items = cast("list[Any]", pub)
    if not at_least <= len(items) <= at_most:
        raise InvalidBody(
            f"a PUB is an array of {at_least} to {at_most} items, not {len(items)}", where
        )
    if len(items) < at_most or items[-1] is None:
        return
    last = items[-1]
    where = f"{where}[{at_most - 1}]"
    if isinstance(last, bool) or not isinstance(last, (int, float)):
        raise InvalidBody("expected a number or null", where)
    if at_most == 3:
        # JSON has one kind of number: 500.0 is an integer there.
        if last != int(last):
            raise InvalidBody("shots are a whole number or null", where)
        if last < 1:
            raise InvalidBody(f"shots are at least 1, not {last}", where)
        items[-1] = int(last)


def _refuse(error: Exception, prefix: str) -> NoReturn:
    """Turns msgspec's words ``... - at `$.options.twirling` `` into a path and a message."""
    if isinstance(error, RecursionError):
        raise InvalidBody("the JSON is nested too deeply", prefix) from None
    if not isinstance(error, msgspec.ValidationError):
        raise InvalidBody(f"the body is not JSON: {error}", prefix) from None
    message, _, at = str(error).partition(" - at `$")
    path = prefix + at.removesuffix("`")
    missing_or_unknown = re.fullmatch(
        r"Object (?:contains unknown|missing required) field `(.*)`", message, re.S
    )
    if missing_or_unknown:
        path = f"{path}.{missing_or_unknown[1]}"
    raise InvalidBody(message, path.lstrip(".")) from None
