"""Expectation values of a sweep as a small plot. In: arrays. Out: SVG."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from qiskit_rest_primitives.display.html import Html, element, number

_WIDTH: Final = 360
_HEIGHT: Final = 110
_LEFT: Final = 46
_PAD: Final = 10


def values_plot(values: Any, errors: Any | None, label: str) -> Html | None:
    """Values over the index of their point, with a bar of one standard error each.

    Args:
        values: real numbers, of any shape; read in C order.
        errors: standard errors of the same shape, or None.
        label: the plot in words.

    Returns:
        None if fewer than two values are finite.
    """
    flat = np.asarray(values, dtype=float).ravel()
    spread = np.zeros_like(flat) if errors is None else np.asarray(errors, dtype=float).ravel()
    spread = np.where(np.isfinite(spread), spread, 0.0)
    known = np.flatnonzero(np.isfinite(flat))
    if len(known) < 2:
        return None
    low = float(np.min(flat[known] - spread[known]))
    high = float(np.max(flat[known] + spread[known]))
    high = high if high > low else low + 1.0
    x = _LEFT + (_WIDTH - _LEFT - _PAD) * known / max(len(flat) - 1, 1)

    def y(value: Any) -> Any:
        return _PAD + (_HEIGHT - 2 * _PAD) * (high - value) / (high - low)

    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y(flat[known]), strict=True))
    whiskers = " ".join(
        f"M{a:.1f} {y(flat[index] - spread[index]):.1f}V{y(flat[index] + spread[index]):.1f}"
        for a, index in zip(x, known, strict=True)
    )
    axis = f"M{_LEFT} {_PAD}V{_HEIGHT - _PAD}H{_WIDTH - _PAD}"
    line = {"fill": "none", "stroke": "#3d7ebf"}
    return element(
        "svg",
        element("title", label),
        element("path", d=axis, fill="none", stroke="currentColor", stroke_opacity="0.4"),
        element("path", d=whiskers, stroke_opacity="0.55", **line),
        element("polyline", points=points, stroke_width="1.6", **line),
        element("text", number(high), x=_LEFT - 5, y=_PAD + 8, text_anchor="end"),
        element("text", number(low), x=_LEFT - 5, y=_HEIGHT - _PAD, text_anchor="end"),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        width=_WIDTH,
        role="img",
        aria_label=label,
    )
