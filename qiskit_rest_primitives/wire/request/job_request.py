"""Body of POST /v1/jobs: JSON <-> typed structs. In: bytes. Out: JobRequest, then its params.

The structs accept what the Runtime REST API documents for programs ``sampler`` and ``estimator``;
those of ``executor`` are in `wire.executor`, those of ``noise-learner`` in `noise_learner`. Unknown
members beside ``program_id`` are ignored, as the service does. No I/O.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, TypeAlias, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType

from qiskit_rest_primitives.wire.executor.program import ExecutorParams, decode_executor_params
from qiskit_rest_primitives.wire.limits import MAX_TAGS, CountOrZero
from qiskit_rest_primitives.wire.request.noise_learner import (
    NoiseLearnerParams,
    decode_noise_learner_params,
)
from qiskit_rest_primitives.wire.request.option_group import struct_of
from qiskit_rest_primitives.wire.request.options import (
    EstimatorOptionsBody,
    LogLevel,
    Positive,
    ResilienceLevel,
    SamplerOptionsBody,
    Seconds,
    Tag,
)
from qiskit_rest_primitives.wire.values.excerpt import brief_message

if TYPE_CHECKING:
    # Decoded options have the attributes of the classes that define them.
    SamplerOptionsJson = SamplerOptionsBody
    EstimatorOptionsJson = EstimatorOptionsBody
else:
    SamplerOptionsJson = struct_of(SamplerOptionsBody)
    EstimatorOptionsJson = struct_of(EstimatorOptionsBody)

Program: TypeAlias = Literal["sampler", "estimator", "executor", "noise-learner"]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=10_000)]


class InvalidBody(ValueError):  # noqa: N818 - names the condition, like httpx.InvalidURL
    """A request body that the API does not accept.

    Attributes:
        path: the invalid member, such as ``params.options.twirling.strategy``; "" for the body.
        message: the reason.
    """

    def __init__(self, message: str, path: str = ""):
        super().__init__(f"{path}: {message}" if path else message)
        self.message = message
        self.path = path


class Params(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of the ``params`` of programs with PUBs; unknown members are refused."""


class SamplerParams(Params):
    """``params`` of the sampler; a PUB is ``[circuit, values?, shots?]`` or the circuit's text."""

    pubs: list[Any]
    options: SamplerOptionsJson = msgspec.field(default_factory=SamplerOptionsJson)
    shots: CountOrZero | UnsetType | None = UNSET
    support_qiskit: bool | UnsetType = UNSET
    version: Literal[2] | UnsetType = UNSET


class EstimatorParams(Params):
    """``params`` of the estimator; a PUB is ``[circuit, observables, values?, precision?]``."""

    pubs: list[Any]
    options: EstimatorOptionsJson = msgspec.field(default_factory=EstimatorOptionsJson)
    resilience_level: ResilienceLevel | UnsetType = UNSET
    precision: Positive | UnsetType | None = UNSET
    support_qiskit: bool | UnsetType = UNSET
    version: Literal[2] | UnsetType = UNSET


JobParams: TypeAlias = SamplerParams | EstimatorParams | ExecutorParams | NoiseLearnerParams


class JobRequest(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The whole body; ``params`` is undecoded JSON for decode_params, ``cost`` in seconds."""

    program_id: Program
    backend: Name
    params: msgspec.Raw
    runtime: Name | UnsetType = UNSET
    tags: Annotated[list[Tag], Meta(max_length=MAX_TAGS)] | UnsetType = UNSET
    log_level: LogLevel | UnsetType = UNSET
    cost: Seconds | UnsetType = UNSET
    session_id: Annotated[str, Meta(min_length=1, max_length=36)] | UnsetType = UNSET
    calibration_id: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    private: bool | UnsetType = UNSET

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
        program_id: ``sampler``, ``estimator``, ``executor`` or ``noise-learner``.
        backend: name of the backend.
        params: ``pubs``, ``options`` and their siblings as JSON-able values.
        job: the other members of the body: ``tags``, ``session_id``, ``private``, ``cost`` (s)...

    Returns:
        UTF-8 JSON.
    """
    return msgspec.json.encode(
        {"program_id": program_id, "backend": backend, **job, "params": params}
    )


def decode_job_request(body: bytes) -> JobRequest:
    """Reads the body of POST /v1/jobs, except the content of ``params``.

    Raises:
        InvalidBody: not JSON, or a member that is missing, of the wrong type or out of range.
    """
    try:
        return _REQUEST.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _refuse(error, "")


def decode_params(program_id: Program, params: msgspec.Raw | bytes) -> JobParams:
    """Reads ``params`` of a job request.

    Args:
        program_id: the program, which decides the options.
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
        if program_id == "executor":
            return decode_executor_params(params)
        if program_id == "noise-learner":
            return decode_noise_learner_params(params)
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
        raise InvalidBody(f"a PUB must be an array of {at_least} to {at_most} items", where)
    items = cast("list[Any]", pub)
    if not at_least <= len(items) <= at_most:
        raise InvalidBody(
            f"a PUB must be an array of {at_least} to {at_most} items, not {len(items)}", where
        )
    if len(items) < at_most or items[-1] is None:
        return
    last = items[-1]
    where = f"{where}[{at_most - 1}]"
    if isinstance(last, bool) or not isinstance(last, (int, float)):
        raise InvalidBody("expected a number or null", where)
    if at_most == 3:
        # JSON has only one type of number, so 500.0 is an integer.
        if last != int(last):
            raise InvalidBody("shots are a whole number or null", where)
        if last < 1:
            raise InvalidBody(f"shots must be at least 1, not {last}", where)
        items[-1] = int(last)


def _refuse(error: Exception, prefix: str) -> NoReturn:
    """Converts msgspec's message ``... - at `$.options.twirling` `` into a path and a message."""
    if isinstance(error, RecursionError):
        raise InvalidBody("the JSON is nested too deeply", prefix) from None
    if not isinstance(error, msgspec.ValidationError):
        raise InvalidBody(f"the body is not JSON: {error}", prefix) from None
    message, _, at = brief_message(error).partition(" - at `$")
    path = prefix + at.removesuffix("`")
    missing_or_unknown = re.fullmatch(
        r"Object (?:contains unknown|missing required) field `(.*)`", message, re.S
    )
    if missing_or_unknown:
        path = f"{path}.{missing_or_unknown[1]}"
    raise InvalidBody(message, path.lstrip(".")) from None
