"""Qiskit's plots of a backend: what they hand to Graphviz, drawn without crossings."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from PIL import Image, ImageDraw
from qiskit.utils import optionals
from qiskit.visualization import gate_map, plot_error_map, plot_gate_map

from qiskit_rest_primitives import QiskitRuntimeService
from qiskit_rest_primitives.local.simulators.devices.fake_devices import FakeDevice

mpl.use("Agg")


class Graphviz:
    """Stands in for Graphviz, which is no Python package: draws pinned nodes, keeps the lines."""

    def __init__(self) -> None:
        self.places: dict[int, tuple[int, int]] = {}
        self.lines: list[tuple[int, int]] = []

    def draw(self, graph, *, node_attr_fn, **_):
        """As rustworkx.visualization.graphviz_draw, for nodes with a place."""
        for node in graph.nodes():
            x, y = node_attr_fn(node)["pos"].strip('"').split(",")
            self.places[node] = (int(x), int(y))
        self.lines = [tuple(pair) for pair in graph.edge_list()]
        image = Image.new("RGB", (600, 600), "white")
        pen = ImageDraw.Draw(image)
        for a, b in self.lines:
            pen.line([(30 * x + 15, 30 * y + 15) for x, y in (self.places[a], self.places[b])])
        return image

    def crossings(self):
        """Pairs of lines that meet elsewhere than in a common end, and lines through a node."""
        return [
            (line, other)
            for line, other in itertools.combinations(self.lines, 2)
            if meet(*(self.places[node] for node in (*line, *other)))
        ]


def turn(a, b, c):
    """Whether a, b, c turn left (1), right (-1), or lie on a line (0)."""
    product = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (product > 0) - (product < 0)


def between(a, b, c):
    """Whether c lies on the segment from a to b, not at its ends."""
    inside = all(min(p, q) <= r <= max(p, q) for p, q, r in zip(a, b, c, strict=True))
    return turn(a, b, c) == 0 and inside and c not in (a, b)


def meet(a, b, c, d):
    """Whether the segments a-b and c-d have a point in common that is not an end of both."""
    crossed = turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0
    touched = between(a, b, c) or between(a, b, d) or between(c, d, a) or between(c, d, b)
    return crossed or touched


@pytest.fixture
def graphviz(monkeypatch: pytest.MonkeyPatch) -> Iterator[Graphviz]:
    """Takes Graphviz's place, and seaborn's, of which Qiskit uses one palette."""
    found = Graphviz()
    monkeypatch.setattr(gate_map, "graphviz_draw", found.draw)
    for package in ("HAS_GRAPHVIZ", "HAS_SEABORN"):
        monkeypatch.setattr(getattr(optionals, package), "_bool", True)
    palette = SimpleNamespace(cubehelix_palette=lambda **_: mpl.colormaps["viridis"])
    monkeypatch.setitem(sys.modules, "seaborn", palette)
    yield found
    plt.close("all")


@pytest.mark.slow
@pytest.mark.parametrize("size", [5, 7, 15, 16, 20, 27, 28, 53, 65, 127])
@pytest.mark.parametrize("plot", [plot_gate_map, plot_error_map])
def test_qiskit_draws_devices_of_its_sizes_without_crossings(
    service: QiskitRuntimeService, graphviz: Graphviz, plot, size: int
) -> None:
    """With Qiskit's own coordinates and our edges, those that work."""
    device = service.backend(f"fake_{size}q")
    assert plot(device).axes
    lines = {tuple(sorted(line)) for line in graphviz.lines}
    assert lines == {tuple(sorted(e)) for e in FakeDevice(size).calibration.target["cz"]}
    assert len(set(graphviz.places.values())) == size
    assert not graphviz.crossings()


@pytest.mark.slow
@pytest.mark.parametrize("size", [6, 33, 100, 133, 156])
def test_other_sizes_are_drawn_with_the_coordinates_of_the_backend(
    service: QiskitRuntimeService, graphviz: Graphviz, size: int
) -> None:
    """`RestBackend.qubit_coordinates` is what Qiskit's functions take."""
    device = service.backend(f"fake_{size}q")
    for plot in (plot_gate_map, plot_error_map):
        assert plot(device, qubit_coordinates=device.qubit_coordinates).axes
        assert not graphviz.crossings()
    assert len(graphviz.lines) == len(FakeDevice(size).calibration.target["cz"]) / 2


def test_a_simulator_has_no_coordinates(service: QiskitRuntimeService) -> None:
    """None, Qiskit's default of the argument."""
    assert service.backend("statevector").qubit_coordinates is None


def test_crossing_lines_are_found() -> None:
    """A cross, and a line through a node; lines that share an end are not."""
    assert meet((0, 0), (2, 2), (0, 2), (2, 0))
    assert meet((0, 0), (2, 0), (1, 0), (1, 1))
    assert not meet((0, 0), (1, 0), (1, 0), (1, 1))
    assert not meet((0, 0), (1, 0), (1, 0), (2, 0))
