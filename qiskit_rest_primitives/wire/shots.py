"""Shots and precision: how one follows from the other, and which of them a job's options set.

In: ``params`` of a job as JSON, without its PUBs. No I/O.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from qiskit_rest_primitives.wire.limits import DEFAULT_PRECISION, DEFAULT_SHOTS

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
        return cls._of(_group(params, "twirling"), gates=False, measures=False)

    @classmethod
    def of_estimator(cls, params: Mapping[str, Any]) -> Randomizations:
        """Reads an estimator's options: measurements are twirled from level 1, gates from 2."""
        level = params.get("resilience_level")
        level = 1 if level is None else cast(int, level)
        mitigates = _group(params, "resilience").get("measure_mitigation")
        measures = level >= 1 if mitigates is None else bool(mitigates)
        return cls._of(_group(params, "twirling"), gates=level >= 2, measures=measures)

    @classmethod
    def _of(cls, twirling: Mapping[str, Any], *, gates: bool, measures: bool) -> Randomizations:
        gates = bool(twirling.get("enable_gates", gates))
        measures = bool(twirling.get("enable_measure", measures))
        if not (gates or measures):
            return cls()
        number = twirling.get("num_randomizations")
        shots_each = twirling.get("shots_per_randomization")
        return cls(_number(number), _number(shots_each))

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


def sampler_shots(params: Mapping[str, Any]) -> int:
    """Shots of the sampler PUBs that set none.

    Source: https://quantum.cloud.ibm.com/docs/api/qiskit-ibm-runtime/options-twirling-options. The
    first that is set: shots of `run`, twirling's product, ``default_shots``, the service's 4096.
    """
    default = _group(params).get("default_shots")
    product = Randomizations.of_sampler(params).product
    known = (params.get("shots"), product, default, DEFAULT_SHOTS)
    return next(shots for shots in known if shots is not None)


def estimator_precision(params: Mapping[str, Any]) -> float:
    """Precision of the estimator PUBs that set none; 0 is exact.

    That of `run`, then that of twirling's product, then that of ``default_shots``, then
    ``default_precision``, then the service's 1/64.
    """
    if params.get("precision") is not None:
        return float(params["precision"])
    options = _group(params)
    shots = Randomizations.of_estimator(params).product or options.get("default_shots")
    if shots:
        return precision_of(shots)
    default = options.get("default_precision")
    return DEFAULT_PRECISION if default is None else float(default)


def _group(params: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """A group of options as sent; empty if it is missing."""
    group: Any = params
    for name in ("options", *path):
        group = group.get(name) or {}
        if not isinstance(group, Mapping):
            return {}
    return cast("Mapping[str, Any]", group)


def _number(value: object) -> int | None:
    """A count that is a number; None for ``"auto"`` and if it is missing."""
    return value if isinstance(value, int) else None
