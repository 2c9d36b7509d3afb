"""``params`` of the program ``noise-learner``: JSON -> typed structs. No I/O, no circuits.

What is unset has the service's default, as `wire.request.options` declares it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from qiskit_rest_primitives.wire.limits import CountOrZero
from qiskit_rest_primitives.wire.request.option_group import struct_of
from qiskit_rest_primitives.wire.request.options import (
    LayerNoiseLearningOptions,
    TwirlingStrategy,
)


class _Struct(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A JSON object without unknown members."""


class SimulatorOptions(_Struct):
    """What a simulator simulates. Gates and pairs of qubits are those of the circuits."""

    noise_model: dict[str, Any] | UnsetType | None = UNSET
    seed_simulator: CountOrZero | UnsetType | None = UNSET


if TYPE_CHECKING:
    # A struct that has the attributes of the class that defines it.
    LayerNoiseLearningJson = LayerNoiseLearningOptions
else:
    LayerNoiseLearningJson = struct_of(LayerNoiseLearningOptions)


class NoiseLearnerOptions(LayerNoiseLearningJson):
    """Options of the program: those of learning, as the estimator has them, and its own."""

    twirling_strategy: TwirlingStrategy | UnsetType = UNSET
    simulator: SimulatorOptions | UnsetType = UNSET
    experimental: dict[str, Any] | UnsetType = UNSET
    support_qiskit: bool = True

    def __post_init__(self) -> None:
        if not self.support_qiskit:
            raise ValueError("learned noise has one form, with support_qiskit true")
        if self.experimental:
            name = next(iter(self.experimental))
            raise ValueError(f"there is no experimental option {name!r}; leave it out")
        if self.layer_pair_depths is not UNSET and len(set(self.layer_pair_depths)) < 2:
            raise ValueError(
                f"layer_pair_depths is {self.layer_pair_depths}, but a decay is seen from two "
                "different depths on; add one"
            )


class NoiseLearnerParams(_Struct):
    """``params`` of the program: circuits as QPY in an envelope, or as OpenQASM 3 text."""

    circuits: Annotated[list[Any], Meta(min_length=1)]
    options: NoiseLearnerOptions = msgspec.field(default_factory=NoiseLearnerOptions)
    version: Literal[2] | UnsetType | None = UNSET


class _Version(msgspec.Struct):
    """The member that is read first: it decides what the others are."""

    version: object = None


_VERSION = msgspec.json.Decoder(_Version)
_PARAMS = msgspec.json.Decoder(NoiseLearnerParams)


def decode_noise_learner_params(params: msgspec.Raw | bytes) -> NoiseLearnerParams:
    """Reads ``params``, except the circuits.

    Raises:
        msgspec.ValidationError: a member that is wrong, with its path.
        msgspec.DecodeError: it is not JSON.
    """
    if _VERSION.decode(params).version == 3:
        raise msgspec.ValidationError(
            "version 3, of qiskit_ibm_runtime.NoiseLearnerV3, is not supported; use NoiseLearnerV3 "
            "of qiskit_ibm_runtime.executor_noise_learner, whose program executor is"
            " - at `$.version`"
        )
    return _PARAMS.decode(params)
