"""How much noise PEC cancels, and how many random circuits that takes. In: gamma. Out: PecPlan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.mitigation.base.options import Pec

MOST_CIRCUITS = 1_000_000
"""Largest number of random circuits for one point and basis."""


@dataclass(frozen=True)
class PecPlan:
    """How the noise of a circuit is cancelled.

    Attributes:
        noise_scale: factor of the rates to inject, from -1 (all noise is cancelled) to 0 (none).
        gamma: the factor of the values of all rows.
        overhead: by which the number of circuits grows, gamma squared.
        randomizations: random circuits of each point and basis.
    """

    noise_scale: float
    gamma: float
    overhead: float
    randomizations: int

    @classmethod
    def of(cls, log_gamma: float, options: Pec, randomizations: int, pub_index: int) -> PecPlan:
        """Chooses the share of the noise that stays, and from it the number of circuits.

        Args:
            log_gamma: of the whole noise.
            options: bound of the overhead, and the share if it was set.
            randomizations: without PEC.
            pub_index: for messages.

        Raises:
            OptionsError: the share that was set needs more than the overhead that is allowed, or
                more circuits than can be run.
        """
        most = options.max_overhead
        gain = options.noise_gain
        if gain is None:
            gain = _affordable_gain(log_gamma, most)
        log_overhead = 2 * max(0.0, 1 - gain) * log_gamma
        if most is not None and options.noise_gain is not None and log_overhead > math.log(most):
            raise OptionsError(
                f"PUB {pub_index}: resilience.pec.noise_gain {gain:g} needs {_times(log_overhead)} "
                f"times as many circuits, more than resilience.pec.max_overhead {most:g}: raise "
                f"max_overhead, or set noise_gain to {_affordable_gain(log_gamma, most):.3g} or "
                '"auto"'
            )
        if math.log(randomizations) + log_overhead > math.log(MOST_CIRCUITS):
            raise OptionsError(
                f"PUB {pub_index}: PEC needs {_times(log_overhead)} times {randomizations} random "
                f"circuits, more than {MOST_CIRCUITS:,}: set resilience.pec.max_overhead, or raise "
                "resilience.pec.noise_gain"
            )
        overhead = math.exp(log_overhead)
        # Rounding errors of the exponential are no reason for one more circuit.
        circuits = math.ceil(randomizations * overhead * (1 - 1e-9))
        return cls(gain - 1, math.exp(log_overhead / 2), overhead, circuits)

    def metadata(self) -> dict[str, Any]:
        """``resilience.pec`` of the PUB."""
        return {"num_randomizations_scaling": self.overhead, "noise_gain": self.noise_scale + 1}


def _affordable_gain(log_gamma: float, most: float | None) -> float:
    """The smallest share of the noise to keep, from 0 to 1, for which the overhead is allowed."""
    if most is None:
        return 0.0
    if log_gamma == 0:
        return 1.0
    return min(1.0, max(0.0, 1 - math.log(most) / (2 * log_gamma)))


def _times(log_factor: float) -> str:
    if log_factor > 700:
        return f"10^{log_factor / math.log(10):.0f}"
    return f"{math.exp(log_factor):.3g}"
