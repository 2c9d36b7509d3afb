"""A result as a figure in a file, by matplotlib."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from qiskit.primitives import BitArray, PrimitiveResult

from qiskit_rest_primitives.cli.documents import counts_of
from qiskit_rest_primitives.cli.results import Axes

MOST_OUTCOMES = 16


def require_matplotlib() -> None:
    """Makes sure that a figure can be drawn, before anything is sent.

    Raises:
        ImportError: matplotlib is not installed; names the command.
    """
    if find_spec("matplotlib") is None:
        raise ImportError("--figure needs matplotlib: pip install matplotlib")


def save_figure(result: PrimitiveResult[Any], axes: Axes, path: Path) -> None:
    """Draws a panel for each register, and one for the expectation values of each PUB.

    Args:
        result: of a sampler or an estimator.
        axes: of its PUBs, where they are known.
        path: the ending says the format: ``.png``, ``.svg``, ``.pdf``.

    Raises:
        ValueError: matplotlib does not know the format.
    """
    # Without pyplot: it would look for a screen.
    from matplotlib.figure import Figure

    panels = [
        (pub.data, name)
        for pub in (result[index] for index in range(len(result)))
        for name in pub.data
        if name == "evs" or isinstance(pub.data[name], BitArray)
    ]
    figure = Figure(figsize=(7, 3.5 * max(len(panels), 1)), layout="constrained")
    for index, (data, name) in enumerate(panels):
        panel = figure.add_subplot(len(panels), 1, index + 1)
        if name == "evs":
            _draw_values(panel, data, axes.of(tuple(data.shape)))
        else:
            _draw_counts(panel, name, data[name], axes.of(tuple(data.shape)))
    figure.savefig(path)


def _draw_counts(panel: Any, name: str, data: BitArray, axes: Axes) -> None:
    """Bars for one point; a line an outcome for a sweep."""
    counts = counts_of(data)
    total: dict[str, int] = {}
    for each in counts:
        for outcome, number in each.items():
            total[outcome] = total.get(outcome, 0) + number
    most = sorted(sorted(total, key=lambda outcome: -total[outcome])[:MOST_OUTCOMES])
    shares = np.array([[each.get(outcome, 0) for each in counts] for outcome in most])
    shares = shares / data.num_shots
    if not data.shape:
        panel.bar(most, shares[:, 0])
        panel.tick_params(axis="x", rotation=90 if data.num_bits > 5 else 0)
        panel.set_xlabel("outcome")
    else:
        labels = [", ".join(row) for row in axes.rows(data.shape)]
        for outcome, row in zip(most, shares, strict=True):
            panel.plot(labels, row, marker=".", label=outcome)
        panel.tick_params(axis="x", rotation=45)
        panel.legend()
    panel.set_ylabel(f"share of {data.num_shots} shots")
    panel.set_title(name)


def _draw_values(panel: Any, data: Any, axes: Axes) -> None:
    """The last axis goes to the right; a line for each point of the others."""
    values = np.asarray(data.evs, dtype=float)
    errors = np.asarray(data.stds, dtype=float) if "stds" in data else np.zeros(values.shape)
    labels = [*axes.labels[-1]] if values.ndim else [""]
    lines = Axes(axes.names[:-1], axes.labels[:-1]).rows(values.shape[:-1])
    rows = zip(values.reshape(-1, len(labels)), errors.reshape(-1, len(labels)), strict=True)
    for line, (row, error) in zip(lines, rows, strict=True):
        panel.errorbar(labels, row, yerr=error, marker="o", capsize=3, label=", ".join(line))
    if len(lines) > 1:
        panel.legend()
    panel.tick_params(axis="x", rotation=45)
    panel.set_ylabel("expectation value")
