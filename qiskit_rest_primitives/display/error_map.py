"""A device's errors as a map: qubits and edges in the colours of their errors. Out: SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from qiskit_rest_primitives.display.html import Html, element, number

_STEP: Final = 26
_RADIUS: Final = 9
_MARGIN: Final = 16
_LEGEND_WIDTH: Final = 120
# From blue over yellow to red, which colour-blind readers tell apart too.
_COLOURS: Final = ((49, 108, 176), (38, 150, 150), (226, 176, 44), (190, 42, 52))
_UNKNOWN: Final = (138, 138, 138)

Place = tuple[float, float]
Colour = tuple[int, int, int]


def error_map(
    qubits: Sequence[float | None],
    edges: Mapping[tuple[int, int], float | None],
    places: Sequence[Sequence[float]] | None,
    label: str,
    *,
    inline: bool = True,
) -> Html:
    """The map of a device.

    Args:
        qubits: the readout error of each; None if it is not reported, or the qubit is faulty.
        edges: the error of the two-qubit gate of each pair; None likewise.
        places: row and column of each qubit; None for a circle.
        label: the map in words, for those who can't see it.
        inline: whether the numbers of qubits have their style in an attribute, for viewers that
            drop other styles. If not, for pages whose content policy forbids that, they have the
            classes ``qubit``, and ``dark`` or ``light`` for the colour below them.

    Returns:
        An ``svg`` element. Errors of 1 are failures, and drawn like those that are not reported.
    """
    at = [(column, row) for row, column in places] if places else _circle(len(qubits))
    left, top = (min((place[axis] for place in at), default=0.0) for axis in (0, 1))
    spots = [(_MARGIN + _STEP * (x - left), _MARGIN + _STEP * (y - top)) for x, y in at]
    width = max((spot[0] for spot in spots), default=0.0) + _MARGIN
    height = max((spot[1] for spot in spots), default=0.0) + _MARGIN
    edge_scale, qubit_scale = _Scale(edges.values()), _Scale(qubits)
    drawn = [_line(pair, error, spots, edge_scale) for pair, error in edges.items()]
    drawn += [
        _dot(index, error, spots[index], qubit_scale, inline=inline)
        for index, error in enumerate(qubits)
    ]
    legend = _legend(height, [("readout", qubit_scale), ("two-qubit gates", edge_scale)])
    box = f"0 0 {max(width, 3.2 * _LEGEND_WIDTH):g} {height + 44:g}"
    return element(
        "svg",
        element("title", label),
        *drawn,
        *legend,
        viewBox=box,
        width=f"{max(width, 3.2 * _LEGEND_WIDTH):g}",
        role="img",
        aria_label=label,
    )


class _Scale:
    """From errors to colours, by the logarithm."""

    def __init__(self, errors: Iterable[float | None]):
        known = [error for error in errors if error is not None and 0 < error < 1]
        self.low, self.high = min(known, default=0.0), max(known, default=0.0)

    def colour(self, error: float | None) -> Colour:
        """The colour of an error."""
        if error is None or error >= 1:
            return _UNKNOWN
        span = math.log(self.high / self.low) if 0 < self.low < self.high else 0.0
        return _blend(math.log(error / self.low) / span if span and error > 0 else 0.0)


def _blend(share: float) -> Colour:
    last = len(_COLOURS) - 1
    position = last * min(max(share, 0.0), 1.0)
    first = min(int(position), last - 1)
    pairs = zip(_COLOURS[first], _COLOURS[first + 1], strict=True)
    red, green, blue = (round(a + (b - a) * (position - first)) for a, b in pairs)
    return red, green, blue


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _text_on(colour: Colour) -> str:
    """White or black, whichever is read better on a colour."""
    red, green, blue = colour
    return "#000" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#fff"


def _circle(number_of_qubits: int) -> list[Place]:
    radius = max(number_of_qubits / 5, 0.8)
    turns = [2 * math.pi * index / max(number_of_qubits, 1) for index in range(number_of_qubits)]
    return [(radius * math.sin(turn), -radius * math.cos(turn)) for turn in turns]


def _percent(error: float | None) -> str:
    if error is None:
        return "not reported"
    return "fails" if error >= 1 else f"{number(100 * error, 2)} %"


def _line(
    pair: tuple[int, int], error: float | None, spots: Sequence[Place], scale: _Scale
) -> Html:
    (x1, y1), (x2, y2) = spots[pair[0]], spots[pair[1]]
    title = element("title", f"{pair[0]}-{pair[1]}: {_percent(error)}")
    form = {"stroke": _hex(scale.colour(error)), "stroke_width": 4}
    ends = {"x1": f"{x1:g}", "y1": f"{y1:g}", "x2": f"{x2:g}", "y2": f"{y2:g}"}
    dashes = "3 3" if error is None or error >= 1 else None
    return element("line", title, **ends, **form, stroke_dasharray=dashes)


def _dot(index: int, error: float | None, spot: Place, scale: _Scale, *, inline: bool) -> Html:
    x, y = f"{spot[0]:g}", f"{spot[1]:g}"
    colour = scale.colour(error)
    title = element("title", f"qubit {index}: readout {_percent(error)}")
    circle = element("circle", title, cx=x, cy=y, r=_RADIUS, fill=_hex(colour))
    letters = _text_on(colour)
    if inline:
        style = {"style": f"font-size:8px;fill:{letters};pointer-events:none"}
    else:
        style = {"class_": f"qubit {'light' if letters == '#000' else 'dark'}"}
    text = element("text", index, x=x, y=f"{spot[1] + 3:g}", text_anchor="middle", **style)
    return Html(circle + text)


def _legend(top: float, scales: Sequence[tuple[str, _Scale]]) -> list[Html]:
    parts: list[Html] = []
    for column, (name, scale) in enumerate(scales):
        x, y = _MARGIN + column * 1.6 * _LEGEND_WIDTH, top + 14
        parts.append(element("text", name, x=f"{x:g}", y=f"{y:g}"))
        steps = 24
        for step in range(steps):
            place = {"x": f"{x + step * _LEGEND_WIDTH / steps:g}", "y": f"{y + 4:g}"}
            size = {"width": f"{_LEGEND_WIDTH / steps + 0.5:g}", "height": 7}
            parts.append(element("rect", **place, **size, fill=_hex(_blend(step / (steps - 1)))))
        parts.append(element("text", _percent(scale.low), x=f"{x:g}", y=f"{y + 23:g}"))
        end = {"x": f"{x + _LEGEND_WIDTH:g}", "y": f"{y + 23:g}", "text_anchor": "end"}
        parts.append(element("text", _percent(scale.high), **end))
    return parts
