"""A result as tables and bars in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import click
import numpy as np
from qiskit.primitives import BitArray, PrimitiveResult

from qiskit_rest_primitives.cli.documents import counts_of
from qiskit_rest_primitives.cli.output import line, message, print_table
from qiskit_rest_primitives.display.rounding import decimals_of, rounded

MOST_OUTCOMES: Final = 16
MOST_IN_SWEEP: Final = 4
BAR_WIDTH: Final = 30


@dataclass(frozen=True)
class Axes:
    """What the axes of a PUB's results stand for.

    Attributes:
        names: of each axis.
        labels: of the points of each axis.
    """

    names: Sequence[str] = ()
    labels: Sequence[Sequence[str]] = field(default_factory=tuple[Sequence[str]])

    def of(self, shape: tuple[int, ...]) -> Axes:
        """These axes if they have that shape, else axes with numbers for labels."""
        if tuple(map(len, self.labels)) == shape:
            return self
        numbers = [[str(index) for index in range(length)] for length in shape]
        return Axes([f"axis {index}" for index in range(len(shape))], numbers)

    def rows(self, shape: tuple[int, ...]) -> list[tuple[str, ...]]:
        """The labels of each point, in C order."""
        return [
            tuple(str(labels[index]) for labels, index in zip(self.labels, point, strict=True))
            for point in np.ndindex(shape)
        ]


def print_result(result: PrimitiveResult[Any], axes: Axes, *, bars: bool) -> None:
    """Prints a table for each register, and one for the expectation values of each PUB.

    Args:
        result: of a sampler or an estimator.
        axes: of its PUBs, where they are known.
        bars: draw a bar beside each number.
    """
    for index in range(len(result)):
        pub = result[index]
        if len(result) > 1:
            click.echo(f"PUB {index}")
        shape = tuple(pub.data.shape)
        labelled = axes.of(shape)
        if "evs" in pub.data:
            stds = pub.data.stds if "stds" in pub.data else np.full(shape, np.nan)
            _print_values(pub.data.evs, stds, labelled, bars)
        for name, data in pub.data.items():
            if isinstance(data, BitArray) and shape:
                _print_sweep(name, data, labelled)
            elif isinstance(data, BitArray):
                _print_counts(name, data, bars)


def _print_counts(name: str, data: BitArray, bars: bool) -> None:
    counts = data.get_counts()
    most = sorted(counts, key=lambda outcome: (-counts[outcome], outcome))[:MOST_OUTCOMES]
    rest = len(counts) - len(most)
    line(f"{name}: {data.num_shots} shots, {data.num_bits} bits")
    largest = max(counts.values(), default=1)
    print_table(
        ("outcome", ">counts", ">share", *([""] if bars else [])),
        [
            (
                outcome,
                counts[outcome],
                f"{counts[outcome] / data.num_shots:.4f}",
                *([_bar(counts[outcome] / largest)] if bars else []),
            )
            for outcome in (most if rest else sorted(most))
        ],
    )
    if rest:
        message(f"and {rest} more outcomes: --json prints all")


def _print_sweep(name: str, data: BitArray, axes: Axes) -> None:
    line(f"{name}: {data.num_shots} shots a point, {data.num_bits} bits")
    rows: list[tuple[str, ...]] = []
    for labels, counts in zip(axes.rows(data.shape), counts_of(data), strict=True):
        most = sorted(counts, key=lambda outcome, of=counts: (-of[outcome], outcome))
        shown = "  ".join(f"{outcome}: {counts[outcome]}" for outcome in most[:MOST_IN_SWEEP])
        rows.append((*labels, shown + ("  ..." if len(most) > MOST_IN_SWEEP else "")))
    print_table((*axes.names, "most frequent outcomes"), rows)


def _print_values(evs: Any, stds: Any, axes: Axes, bars: bool) -> None:
    values = np.asarray(evs, dtype=float)
    errors = np.asarray(stds, dtype=float)
    decimals = decimals_of(errors)
    largest = max(float(np.nanmax(np.abs(values), initial=0.0)), 1e-12)
    print_table(
        (*axes.names, ">value", ">std. error", *([""] if bars else [])),
        [
            (
                *labels,
                rounded(value, decimals),
                "" if np.isnan(error) else rounded(error, decimals),
                *([_signed_bar(value / largest)] if bars else []),
            )
            for labels, value, error in zip(
                axes.rows(values.shape), values.flat, errors.flat, strict=True
            )
        ],
    )


def _bar(share: float) -> str:
    return "█" * max(round(share * BAR_WIDTH), 1 if share > 0 else 0)


def _signed_bar(share: float) -> str:
    half = BAR_WIDTH // 2
    length = 0 if np.isnan(share) else round(abs(share) * half)
    left = "█" * length if share < 0 else ""
    return f"{left:>{half}}│{'█' * length if share > 0 else ''}"
