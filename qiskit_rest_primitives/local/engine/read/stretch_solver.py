"""The values of stretches: the largest ones with which no barrier is later than without them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from qiskit_rest_primitives.local.engine.read.stretch_items import CURE, Item
from qiskit_rest_primitives.local.engine.read.stretch_lengths import TOLERANCE, Lengths
from qiskit_rest_primitives.local.outcome import RefusedError


@dataclass
class Path:
    """The longest path to a bit so far: its end, and how its length depends on a stretch."""

    end: float = 0.0
    slope: float = 0.0
    stretch: str | None = None


class Solver:
    """Finds the largest values with which no barrier is later than without any stretch.

    The length of the longest path is a convex function of a stretch, so Newton's method finds the
    value from above in a few turns; barriers stay where they are, so one turn serves all stretches.
    """

    def __init__(
        self, items: Sequence[Item], lengths: Lengths, place: str, check: Callable[[], None]
    ):
        self._items, self._lengths, self._place, self._check = items, lengths, place, check
        self.stretches = {linear.stretch: 0.0 for linear in lengths.open.values()}
        self._check_regions()
        self._barriers: dict[int, float] = {}
        self._end = math.inf
        self._end = max([0.0, *(path.end for path in self._pass({}, exact=False)[1].values())])

    def values(self) -> dict[str, tuple[int, int]]:
        """Value and remainder of each stretch."""
        values: dict[Any, float] = {}
        for linear in self._lengths.open.values():
            # No delay is longer than the whole.
            most = max(0.0, (self._end - linear.offset) / linear.slope)
            values[linear.stretch] = min(values.get(linear.stretch, math.inf), most)
        while better := self._better(values):
            self._check()
            values |= better
        whole = {name: max(0, math.floor(value + TOLERANCE)) for name, value in values.items()}
        left = self._pass(whole, exact=True)[0]
        return {name: (value, max(0, round(-left[name][0]))) for name, value in whole.items()}

    def _better(self, values: dict[Any, float]) -> dict[Any, float]:
        """Smaller values of the stretches with which a barrier is late."""
        late = self._pass(values, exact=False)[0]
        return {
            name: values[name] - ticks / slope
            for name, (ticks, slope) in late.items()
            if ticks > TOLERANCE
        }

    def _pass(
        self, values: dict[Any, Any], *, exact: bool
    ) -> tuple[dict[Any, tuple[float, float]], dict[Any, Path]]:
        """Schedules as early as possible.

        Args:
            values: of the stretches; none for the pass that finds when barriers are.
            exact: whether delays are whole numbers.

        Returns:
            For each stretch how late the worst path is that depends on it, negative if early, with
            its slope; and the paths to all bits.
        """
        paths: dict[Any, Path] = {}
        late: dict[Any, tuple[float, float]] = {}

        def compare(path: Path, limit: float) -> None:
            if path.stretch is not None:
                # Newton's step is the largest of all paths'.
                found, worst = (path.end - limit, path.slope), late.get(path.stretch)
                step = found[0] if exact else found[0] / found[1]
                if worst is None or step > (worst[0] if exact else worst[0] / worst[1]):
                    late[path.stretch] = found

        for number, item in enumerate(self._items):
            bits = (*item.qubits, *item.clbits)
            before = [paths.get(bit) or Path() for bit in bits]
            if item.name == "barrier":
                if not values:
                    self._barriers[number] = max((path.end for path in before), default=0.0)
                for path in before:
                    compare(path, self._barriers[number])
                after = Path(self._barriers[number])
            else:
                worst = max(before, key=lambda path: (path.end, path.slope), default=Path())
                after = self._after(worst, number, values, exact=exact)
            paths.update(dict.fromkeys(bits, after))
        for path in paths.values():
            compare(path, self._end)
        return late, paths

    def _after(self, path: Path, number: int, values: dict[Any, Any], *, exact: bool) -> Path:
        linear = self._lengths.open.get(number)
        if linear is None:
            return Path(path.end + self._lengths.fixed[number], path.slope, path.stretch)
        if path.stretch not in (None, linear.stretch):
            self._refuse(f"{path.stretch!r} and {linear.stretch!r} depend on one another")
        length = max(0.0, linear.at(values.get(linear.stretch, 0)))
        end = path.end + (math.floor(length + TOLERANCE) if exact else length)
        return Path(end, path.slope + linear.slope, linear.stretch)

    def _check_regions(self) -> None:
        """Refuses stretches that share qubits between two barriers, or that outlast barriers."""
        parent: list[int] = []
        limits: list[set[tuple[str, int]]] = []

        def root(node: int) -> int:
            while parent[node] != node:
                parent[node] = node = parent[parent[node]]
            return node

        def node_from(barrier: int) -> int:
            parent.append(len(parent))
            limits.append({("from", barrier)})
            return parent[-1]

        now: dict[Any, int] = {}
        used: dict[int, str] = {}
        uses: list[tuple[int, str]] = []
        for number, item in enumerate(self._items):
            for qubit in item.qubits:
                now.setdefault(qubit, -1)
                if now[qubit] < 0:
                    now[qubit] = node_from(-1)
            if item.name == "barrier":
                for qubit in item.qubits:
                    limits[root(now[qubit])].add(("to", number))
                    now[qubit] = node_from(number)
                continue
            roots = [root(now[qubit]) for qubit in item.qubits]
            for other in roots[1:]:
                first, second = root(roots[0]), root(other)
                if first != second:
                    parent[second] = first
                    limits[first] |= limits[second]
            if number in self._lengths.open:
                uses.append((roots[0], str(self._lengths.open[number].stretch)))
        between: dict[str, set[tuple[str, int]]] = {}
        for node, stretch in uses:
            region = root(node)
            if used.setdefault(region, stretch) != stretch:
                self._refuse(f"{used[region]!r} and {stretch!r} share qubits between two barriers")
            if between.setdefault(stretch, limits[region]) != limits[region]:
                self._refuse(f"{stretch!r} is used between different barriers")

    def _refuse(self, what: str) -> None:
        raise RefusedError(f"{self._place}stretch {what}", solution=CURE)
