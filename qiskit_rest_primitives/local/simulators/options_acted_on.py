"""A job's options as plain values, and the names of those that the backend does not act on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from msgspec import UNSET

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.noise.given_noise_in_aer import (
    GivenNoise,
    read_noise_option,
)
from qiskit_rest_primitives.mitigation.base.extra import INSTALL, extra_is_installed
from qiskit_rest_primitives.mitigation.base.options import Mitigation
from qiskit_rest_primitives.wire.limits import DEFAULT_PRECISION, DEFAULT_SHOTS
from qiskit_rest_primitives.wire.request.job_request import EstimatorParams, SamplerParams
from qiskit_rest_primitives.wire.shots import (
    Randomizations,
    estimator_precision,
    sampler_shots,
)

_ACTED_ON = frozenset(
    {
        "options.default_shots",
        "options.default_precision",
        "options.seed_estimator",
        "options.simulator.seed_simulator",
        "options.execution.init_qubits",
        "options.execution.meas_type",
    }
)
_SEEDS = frozenset({"options.seed_estimator", "options.simulator.seed_simulator"})
_SIMULATOR = "options.simulator."
_MITIGATION = ("options.twirling.", "options.dynamical_decoupling.", "options.resilience.")


@dataclass(frozen=True)
class Requested:
    """The options that a simulator can act on.

    Attributes:
        shots: samples per point, for sampler PUBs without a number.
        precision: target standard error, for estimator PUBs without one.
        randomizations: how twirling divides the shots of a point, for the metadata where no
            circuit is randomized.
        seed: seed or None.
        noise: a noise model of the user's, or None.
        coupling: pairs of qubits that two-qubit gates may act on, or None.
        basis_gates: names of the gates to use, or None.
        mitigation: what is done against the errors of a noisy backend; None: nothing.
        rep_delay_seconds: a device's pause before each execution, or None.
        init_qubits: whether a device resets its qubits before each execution, or None.
        metadata: of the result: ``options_not_applied``, paths of options without effect here, and
            ``options_not_applied_cure``, how to make them act, if that is possible.
    """

    shots: int
    precision: float
    randomizations: Randomizations
    seed: int | None
    noise: GivenNoise | None
    coupling: list[list[int]] | None
    basis_gates: list[str] | None
    mitigation: Mitigation | None
    rep_delay_seconds: float | None
    init_qubits: bool | None
    metadata: dict[str, Any]


def read_request(
    params: SamplerParams | EstimatorParams,
    *,
    on_aer: bool,
    takes_seed: bool = True,
    takes_noise: bool = False,
    has_clock: bool = False,
    is_noisy: bool = False,
    default_level: int = 1,
) -> Requested:
    """Reads the options of a job.

    Args:
        params: of the job.
        on_aer: whether the backend acts on a noise model, a coupling map and basis gates.
        takes_seed: whether it acts on a seed.
        takes_noise: whether it acts on a noise model, if not on the others.
        has_clock: whether it charges a device's time, which depends on rep_delay.
        is_noisy: whether it has errors of its own, which mitigation acts on.
        default_level: resilience level of an estimator's job that sets none.

    Raises:
        RefusedError: an option that can't be honoured, or a value that can't be read.
    """
    options = params.options
    if (meas_type := _given(getattr(options.execution, "meas_type", UNSET))) not in (
        None,
        "classified",
    ):
        raise RefusedError(
            f"options.execution.meas_type: {meas_type!r} needs the signal of a real device; "
            "a simulator has classified bits only",
            solution="Use meas_type 'classified'.",
        )
    simulator = cast("dict[str, Any]", _plain(options.simulator))
    seed = simulator.get("seed_simulator")
    shots, precision = DEFAULT_SHOTS, DEFAULT_PRECISION
    given = _as_json(params, default_level)
    if isinstance(params, SamplerParams):
        randomizations = Randomizations.of_sampler(given)
        shots = sampler_shots(given)
        if shots < 1:
            raise RefusedError(f"shots must be at least 1, not {shots}")
    else:
        own_seed = _given(params.options.seed_estimator)
        seed = seed if own_seed is None else own_seed
        randomizations = Randomizations.of_estimator(given)
        precision = estimator_precision(given)
    mitigation = read_mitigation(params, default_level)
    noise = simulator.get("noise_model") if on_aer or takes_noise else None
    noisy = is_noisy or bool(noise)
    acts = noisy and (extra_is_installed() or not mitigation.needs_extra)
    metadata: dict[str, Any] = {}
    acted_on = _ACTED_ON if takes_seed else _ACTED_ON - _SEEDS
    if takes_noise:
        acted_on |= {"options.simulator.noise_model"}
    if has_clock:
        acted_on |= {"options.execution.rep_delay"}
    if not_applied := sorted(_not_applied(params, acted_on, on_aer, acts)):
        metadata["options_not_applied"] = not_applied
        if noisy and not acts:
            metadata["options_not_applied_cure"] = (
                f"install what they need beside the service: {INSTALL}"
            )
    return Requested(
        shots,
        precision,
        randomizations,
        seed,
        read_noise_option(noise) if noise else None,
        _coupling(simulator.get("coupling_map")) if on_aer else None,
        [g for g in simulator.get("basis_gates") or [] if g] or None if on_aer else None,
        mitigation if acts and mitigation.is_active else None,
        _given(getattr(options.execution, "rep_delay", UNSET)),
        _given(getattr(options.execution, "init_qubits", UNSET)),
        metadata,
    )


def read_mitigation(params: SamplerParams | EstimatorParams, default_level: int = 1) -> Mitigation:
    """Reads what a job asks for against errors.

    Args:
        params: of the job.
        default_level: resilience level of an estimator's job that sets none.

    Raises:
        RefusedError: options that exclude each other.
    """
    samples = isinstance(params, SamplerParams)
    read = Mitigation.of_sampler if samples else Mitigation.of_estimator
    try:
        return read(_as_json(params, default_level))
    except OptionsError as error:
        raise RefusedError(str(error)) from error


def _as_json(params: SamplerParams | EstimatorParams, default_level: int) -> dict[str, Any]:
    """The params without their PUBs."""
    members: dict[str, Any] = {"options": _plain(params.options)}
    if isinstance(params, SamplerParams):
        return members | {"shots": _given(params.shots)}
    level = _given(params.resilience_level)
    members["resilience_level"] = default_level if level is None else level
    return members | {"precision": _given(params.precision)}


def _given(value: Any) -> Any:
    return None if value is UNSET else value


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def _coupling(value: Any) -> list[list[int]] | None:
    if value is None:
        return None
    for pair in value:
        if (
            not isinstance(pair, list)
            or len(cast("list[Any]", pair)) != 2
            or not all(type(qubit) is int and 0 <= qubit < 10_000 for qubit in pair)
        ):
            raise RefusedError(
                f"options.simulator.coupling_map: {pair!r} is not a pair of qubits",
                solution="Send a list of pairs, such as [[0, 1], [1, 0]].",
            )
    return value or None


def _not_applied(
    params: SamplerParams | EstimatorParams, acted_on: frozenset[str], on_aer: bool, mitigates: bool
) -> Iterator[str]:
    for path, value in _leaves("options", _plain(params.options)):
        # {} is a group without a set option.
        if path in acted_on or value is False or value is None or value == {}:
            continue
        if (on_aer and path.startswith(_SIMULATOR)) or (mitigates and path.startswith(_MITIGATION)):
            continue
        yield path
    level = getattr(params, "resilience_level", UNSET)
    if level is not UNSET and level != 0 and not mitigates:
        yield "resilience_level"


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    # A noise model is one option, whatever it contains.
    if isinstance(value, Mapping) and path.count(".") < 2:
        for name, item in cast("Mapping[str, Any]", value).items():
            yield from _leaves(f"{path}.{name}", item)
    else:
        yield path, value
