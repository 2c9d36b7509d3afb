"""Prints figures, one per line, and sets the size of benchmarks.

With ``BENCHMARKS_SHORT`` in the environment, which ``--short`` sets, every benchmark runs at a
small size, to test that it works. Its figures then mean nothing and have no targets.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SHORT_VARIABLE = "BENCHMARKS_SHORT"
SHORT = bool(os.environ.get(SHORT_VARIABLE))


def size(full: T, short: T) -> T:
    """Returns a size, or a number of rounds, for this form of the run."""
    return short if SHORT else full


def seconds(call: Callable[[], object]) -> float:
    """Time of one call."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def report(
    name: str, measured: float, target: float, *, unit: str = "", at_least: bool = False
) -> None:
    """Prints a figure: name, measured value, target, ok or MISSED."""
    sign = ">=" if at_least else "<="
    reached = measured >= target if at_least else measured <= target
    verdict = f"target {sign} {target:g}{unit}) {'ok' if reached else 'MISSED'}"
    print(
        f"{name}: {measured:.3g}{unit} ({'short form)' if SHORT else verdict}",
        flush=True,
    )
