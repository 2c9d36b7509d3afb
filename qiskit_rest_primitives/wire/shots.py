"""Shots and precision: how one follows from the other, and which of them a job's options set.

In: ``params`` of a job as JSON, without its PUBs. No I/O.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from qiskit_rest_primitives.wire.limits import (
    DEFAULT_PRECISION,
    DEFAULT_RESILIENCE_LEVEL,
    DEFAULT_SHOTS,
)

# 1 / (1 / sqrt(n))**2 differs from n by a few times 2**-53 of it.
_ROUNDING = 1e-14
# Below this, the square of a precision is rounded to 0.
_SMALLEST_PRECISION = 1e-100


def shots_of(precision: float) -> int:
    """The fewest shots whose standard error is no more than a precision.

    Inverse of `precision_of`: a thousand shots stay a thousand.

    Args:
        precision: standard error of an observable whose values are +1 and -1.

    Returns:
        0 for exact values (precision 0), and if the number is too large.
    """
    if precision <= _SMALLEST_PRECISION:
        return 0
    exact = 1 / precision**2
    nearest = round(exact)
    return nearest if math.isclose(exact, nearest, rel_tol=_ROUNDING) else math.ceil(exact)


def precision_of(shots: int) -> float:
    """The standard error after ``shots`` shots of an observable with values +1 and -1."""
    return 1 / math.sqrt(shots)


@dataclass(frozen=True)
class Randomizations:
    """How twirling divides the shots of a point among random circuits.

    Attributes:
        number: random circuits, or None if not set.
        shots_each: shots of each of them, or None if not set.
    """

    number: int | None = None
    shots_each: int | None = None

    @classmethod
    def of_sampler(cls, params: Mapping[str, Any]) -> Randomizations:
        """Reads a sampler's options; nothing is divided while twirling is off."""
        return cls.given(group_of(params, "twirling")) if sampler_twirls(params).any else cls()

    @classmethod
    def of_estimator(cls, params: Mapping[str, Any]) -> Randomizations:
        """Reads an estimator's options; nothing is divided while twirling is off."""
        return cls.given(group_of(params, "twirling")) if estimator_twirls(params).any else cls()

    @classmethod
    def given(cls, twirling: Mapping[str, Any]) -> Randomizations:
        """Reads the options of twirling, whether it is on or off."""
        return cls(
            _number(twirling.get("num_randomizations")),
            _number(twirling.get("shots_per_randomization")),
        )

    @property
    def product(self) -> int | None:
        """Shots of a PUB that sets none: the product of both numbers, if both are set."""
        if self.number is None or self.shots_each is None:
            return None
        return self.number * self.shots_each

    def divide(self, shots: int) -> tuple[int, int] | None:
        """Divides the shots that a PUB, `run` or the options set.

        Args:
            shots: shots of one point.

        Returns:
            Random circuits and shots of each, whose product may slightly exceed ``shots``; None if
            nothing is divided, or both numbers are set and their product is not ``shots``.
        """
        if self.product is not None:
            return (self.number or 0, self.shots_each or 0) if shots == self.product else None
        if self.shots_each is not None:
            return math.ceil(shots / self.shots_each), self.shots_each
        if self.number is not None:
            return self.number, math.ceil(shots / self.number)
        return None

    def split(self, shots: int, *, fewest: int | None = None) -> tuple[int, int]:
        """Divides the shots of a point that is twirled, by the service's rule where none is set.

        Source: ``qiskit_ibm_runtime.executor.calculate_twirling_shots``.

        Args:
            shots: of the point; without effect if both numbers are set.
            fewest: shots of each random circuit if neither is set; None: a 32nd, or 64 if that is
                more.

        Returns:
            Random circuits and shots of each.
        """
        if self.number is not None and self.shots_each is not None:
            return self.number, self.shots_each
        known = self.divide(shots)
        if known is not None:
            return known
        each = max(64, math.ceil(shots / 32)) if fewest is None else fewest
        return math.ceil(shots / each), each


@dataclass(frozen=True)
class Twirled:
    """What a job twirls.

    Attributes:
        gates: whether gates are twirled.
        measure: whether measurements are.
        mitigates_measurements: whether errors of measurements are mitigated (TREX).
        overridden: sentences about options that give way to others.
    """

    gates: bool
    measure: bool
    mitigates_measurements: bool = False
    overridden: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether the shots of a point are divided among random circuits."""
        return self.gates or self.measure


def sampler_twirls(params: Mapping[str, Any]) -> Twirled:
    """Reads what a sampler twirls: nothing, unless it is switched on."""
    twirling = group_of(params, "twirling")
    return Twirled(bool(twirling.get("enable_gates")), bool(twirling.get("enable_measure")))


def estimator_twirls(params: Mapping[str, Any]) -> Twirled:
    """Reads what an estimator twirls: measurements from level 1, gates from 2, and what it needs.

    Source: ``qiskit_ibm_runtime.executor_estimator.finalize_options``.
    """
    level = resilience_level(params)
    resilience = group_of(params, "resilience")
    mitigates = resilience.get("measure_mitigation")
    mitigates = level >= 1 if mitigates is None else bool(mitigates)
    needs_all: str | None = None
    zne = resilience.get("zne_mitigation")
    if resilience.get("pec_mitigation"):
        needs_all = "resilience.pec_mitigation"
    elif (level >= 2 if zne is None else zne) and (resilience.get("zne") or {}).get(
        "amplifier"
    ) == "pea":
        needs_all = "resilience.zne.amplifier 'pea'"
    overridden: list[str] = []
    twirling = group_of(params, "twirling")

    def twirls(name: str, default: bool, needed_by: str | None) -> bool:
        given = twirling.get(name)
        if given is False and needed_by is not None:
            overridden.append(f"{needed_by} needs twirling.{name}, so False is ignored")
        return needed_by is not None or (default if given is None else bool(given))

    gates = twirls("enable_gates", level >= 2, needs_all)
    trex = "measurement mitigation (resilience.measure_mitigation)" if mitigates else None
    measure = twirls("enable_measure", level >= 1, needs_all or trex)
    return Twirled(gates, measure, mitigates, tuple(overridden))


def resilience_level(params: Mapping[str, Any]) -> int:
    """An estimator's level, or the default."""
    level = params.get("resilience_level")
    return DEFAULT_RESILIENCE_LEVEL if level is None else cast(int, level)


def sampler_shots(params: Mapping[str, Any]) -> int:
    """Shots of the sampler PUBs that set none.

    Source: https://quantum.cloud.ibm.com/docs/api/qiskit-ibm-runtime/options-twirling-options. The
    first that is set: shots of `run`, twirling's product, ``default_shots``, the service's default.
    """
    default = group_of(params).get("default_shots")
    product = Randomizations.of_sampler(params).product
    known = (params.get("shots"), product, default, DEFAULT_SHOTS)
    return next(shots for shots in known if shots is not None)


def estimator_precision(params: Mapping[str, Any]) -> float:
    """Precision of the estimator PUBs that set none; 0 is exact.

    That of `run`, then that of twirling's product, then that of ``default_shots``, then
    ``default_precision``, then the service's default.
    """
    if params.get("precision") is not None:
        return float(params["precision"])
    options = group_of(params)
    shots = Randomizations.of_estimator(params).product or options.get("default_shots")
    if shots:
        return precision_of(shots)
    default = options.get("default_precision")
    return DEFAULT_PRECISION if default is None else float(default)


def group_of(params: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """A group of options as sent; empty if it is missing.

    Args:
        params: of the job.
        path: names of the groups below ``options``.
    """
    group: Any = params
    for name in ("options", *path):
        group = group.get(name) or {}
        if not isinstance(group, Mapping):
            return {}
    return cast("Mapping[str, Any]", group)


def _number(value: object) -> int | None:
    """A count that is a number; None for ``"auto"`` and if it is missing."""
    return value if isinstance(value, int) else None
