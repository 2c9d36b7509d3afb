"""Stretches of a circuit -> delays of known length: what is left over between barriers.

The rules are those of IBM's guide "Deferred timing resolution using stretch": between two barriers,
qubits that gates join have one stretch at most; a stretch is used between the same barriers only;
a delay is ``A * stretch + B``; what division leaves over is added to the first delay of a stretch.
The beginning and the end of a circuit, and of a box, are barriers. Times are in units of dt.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.engine.linear_durations import LinearDuration, read_duration
from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.mitigation.timing import Clock, schedule

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from qiskit.transpiler import Target

_CURE = "Give the delays a length, or follow the rules of IBM's guide to stretches."
_TOLERANCE = 1e-6
_MAX_TURNS = 100
_BLOCKS = frozenset({"box", "for_loop", "if_else", "switch_case", "while_loop"})


@dataclass(frozen=True)
class Settled:
    """A circuit whose delays have lengths.

    Attributes:
        circuit: the same but for them.
        stretch_values: of each stretch, as results have them.
    """

    circuit: QuantumCircuit
    stretch_values: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def settle_stretches(
    circuit: QuantumCircuit,
    target: Target | None,
    pub_index: int,
    check: Callable[[], None] = lambda: None,
) -> Settled:
    """Gives every delay whose length is an expression a number.

    Args:
        circuit: its qubit k is the device's.
        target: of the device, with durations and dt; None for a simulator, on which delays do
            nothing and become delays of 0 dt.
        pub_index: for messages.
        check: called while that takes long; raises to stop.

    Raises:
        RefusedError: an instruction of no fixed length, or a stretch that breaks the rules.
    """
    if not _has_expressions(circuit):
        return Settled(circuit)
    place = f"PUB {pub_index}: "
    try:
        items = _flat(circuit, place)
        names = [each.name for each in circuit.iter_stretches()]
        if target is None:
            known = [0 if item.linear is not None else None for item in items]
            return Settled(_written(circuit, items, known))
        assert target.dt is not None
        lengths = _Lengths(items, circuit, target, place)
        values = _Solver(items, lengths, place, check).values()
    except RecursionError:
        raise RefusedError(f"{place}the length of a delay is nested too deeply") from None
    return _settled(circuit, items, lengths, names, values, place)


@dataclass(frozen=True)
class _Item:
    """An instruction on the bits of the whole circuit; `linear` is the expression of a delay."""

    operation: Any
    qubits: tuple[Any, ...]
    clbits: tuple[Any, ...]
    linear: Any = None

    @property
    def name(self) -> str:
        return str(self.operation.name)


def _has_expressions(circuit: Any) -> bool:
    """Whether the length of any delay is an expression of durations."""
    names = circuit.count_ops().keys()
    if "delay" not in names and names.isdisjoint(_BLOCKS):
        return False
    for item in circuit.data:
        if item.name == "delay" and _is_expression(item.operation.duration):
            return True
        if item.name in _BLOCKS and any(map(_has_expressions, item.operation.blocks)):
            return True
    return False


def _is_expression(duration: Any) -> bool:
    from qiskit.circuit.classical import expr

    return isinstance(duration, expr.Expr)


def _flat(circuit: Any, place: str, bits: dict[Any, Any] | None = None) -> list[_Item]:
    """Instructions, with the contents of boxes that have such delays between two barriers."""
    from qiskit.circuit import Barrier

    items: list[_Item] = []
    for item in circuit.data:
        operation = item.operation
        qubits = tuple(bits[bit] for bit in item.qubits) if bits else tuple(item.qubits)
        clbits = tuple(bits[bit] for bit in item.clbits) if bits else tuple(item.clbits)
        inside = item.name in _BLOCKS and any(map(_has_expressions, operation.blocks))
        if not inside:
            linear = operation.duration if item.name == "delay" else None
            items.append(
                _Item(operation, qubits, clbits, linear if _is_expression(linear) else None)
            )
            continue
        if item.name != "box" or operation.duration is not None:
            what = "a box with a duration" if item.name == "box" else item.name
            raise RefusedError(
                f"{place}{what} has delays whose length is not a number, which this service can't "
                "find there",
                solution=_CURE,
            )
        block = operation.blocks[0]
        inner = dict(zip(block.qubits, qubits, strict=True))
        inner |= dict(zip(block.clbits, clbits, strict=True))
        around = _Item(Barrier(len(qubits)), qubits, ())
        items += [around, *_flat(block, place, inner), around]
    return items


class _Lengths:
    """How long each instruction takes.

    Attributes:
        fixed: of each item, 0 where it is open.
        open: of the items whose length a stretch decides.
    """

    def __init__(self, items: Sequence[_Item], circuit: Any, target: Target, place: str):
        self._target, self._place = target, place
        self._dt: Any = target.dt
        numbers = {qubit: number for number, qubit in enumerate(circuit.qubits)}
        self.open: dict[int, LinearDuration] = {}
        self.fixed: list[int] = []
        for number, item in enumerate(items):
            where = tuple(numbers[qubit] for qubit in item.qubits)
            if item.linear is None:
                self.fixed.append(self._ticks(item, where))
                continue
            linear = self._linear(item.linear)
            if linear.stretch is None:
                self.fixed.append(_whole(linear.at(0), place))
            else:
                self.fixed.append(0)
                self.open[number] = linear

    def _linear(self, expression: Any) -> LinearDuration:
        try:
            linear = read_duration(expression, self._dt)
        except ValueError as error:
            raise RefusedError(f"{self._place}{error}", solution=_CURE) from None
        if linear.stretch is not None and linear.slope <= 0:
            raise RefusedError(
                f"{self._place}a delay gets shorter as stretch {linear.stretch!r} gets longer",
                solution=_CURE,
            )
        return linear

    def _ticks(self, item: Any, where: tuple[int, ...]) -> int:
        name = item.name
        if name in ("barrier", "store"):
            return 0
        if name == "delay" and isinstance(item.operation.duration, (int, float)):
            return Clock(self._dt, "dt").delay_ticks(item.operation)
        if name in _BLOCKS and name != "while_loop":
            turns = len(item.operation.params[0]) if name == "for_loop" else 1
            return turns * max(
                (self._block(each, where) for each in item.operation.blocks), default=0
            )
        listed: Any = self._target[name] if name in self._target.operation_names else {}
        properties = (listed or {}).get(where) or (listed or {}).get(where[::-1])
        if properties is None or properties.duration is None:
            raise RefusedError(
                f"{self._place}the circuit has stretches, but {name} on qubits {list(where)} has "
                "no fixed duration",
                solution=_CURE,
            )
        return round(properties.duration / self._dt)

    def _block(self, block: Any, where: tuple[int, ...]) -> int:
        numbers = dict(zip(block.qubits, where, strict=True))
        items = list(block.data)
        ticks = [
            self._ticks(item, tuple(numbers[qubit] for qubit in item.qubits)) for item in items
        ]
        return schedule(items, ticks, late=False)[1]


@dataclass
class _Path:
    """The longest path to a bit so far: its end, and how its length depends on a stretch."""

    end: float = 0.0
    slope: float = 0.0
    stretch: str | None = None


class _Solver:
    """Finds the largest values with which no barrier is later than without any stretch.

    The length of the longest path is a convex function of a stretch, so Newton's method finds the
    value from above in a few turns; barriers stay where they are, so one turn serves all stretches.
    """

    def __init__(
        self, items: Sequence[_Item], lengths: _Lengths, place: str, check: Callable[[], None]
    ):
        self._items, self._lengths, self._place, self._check = items, lengths, place, check
        self.stretches = {linear.stretch: 0.0 for linear in lengths.open.values()}
        self._check_regions()
        self._barriers: dict[int, float] = {}
        self._end = math.inf
        self._end = max([0.0, *(path.end for path in self._pass({}, exact=False)[1].values())])

    def values(self) -> dict[str, tuple[int, int]]:
        """Value and remainder of each stretch."""
        slopes: dict[Any, float] = {}
        for linear in self._lengths.open.values():
            slopes[linear.stretch] = min(slopes.get(linear.stretch, math.inf), linear.slope)
        values = {name: self._end / slope for name, slope in slopes.items()}
        for _ in range(_MAX_TURNS):
            self._check()
            better = {
                name: values[name] - late / slope
                for name, (late, slope) in self._pass(values, exact=False)[0].items()
                if late > _TOLERANCE
            }
            if not better:
                break
            values |= better
        whole = {name: max(0, math.floor(value + _TOLERANCE)) for name, value in values.items()}
        left = self._pass(whole, exact=True)[0]
        return {name: (value, max(0, round(-left[name][0]))) for name, value in whole.items()}

    def _pass(
        self, values: dict[Any, Any], *, exact: bool
    ) -> tuple[dict[Any, tuple[float, float]], dict[Any, _Path]]:
        """Schedules as early as possible.

        Args:
            values: of the stretches; none for the pass that finds when barriers are.
            exact: whether delays are whole numbers.

        Returns:
            For each stretch how late the worst path is that depends on it, negative if early, with
            its slope; and the paths to all bits.
        """
        paths: dict[Any, _Path] = {}
        late: dict[Any, tuple[float, float]] = {}

        def compare(path: _Path, limit: float) -> None:
            if path.stretch is not None:
                # Newton's step is the largest of all paths'.
                found, worst = (path.end - limit, path.slope), late.get(path.stretch)
                step = found[0] if exact else found[0] / found[1]
                if worst is None or step > (worst[0] if exact else worst[0] / worst[1]):
                    late[path.stretch] = found

        for number, item in enumerate(self._items):
            bits = (*item.qubits, *item.clbits)
            before = [paths.get(bit) or _Path() for bit in bits]
            if item.name == "barrier":
                if not values:
                    self._barriers[number] = max((path.end for path in before), default=0.0)
                for path in before:
                    compare(path, self._barriers[number])
                after = _Path(self._barriers[number])
            else:
                worst = max(before, key=lambda path: (path.end, path.slope), default=_Path())
                after = self._after(worst, number, values, exact=exact)
            paths.update(dict.fromkeys(bits, after))
        for path in paths.values():
            compare(path, self._end)
        return late, paths

    def _after(self, path: _Path, number: int, values: dict[Any, Any], *, exact: bool) -> _Path:
        linear = self._lengths.open.get(number)
        if linear is None:
            return _Path(path.end + self._lengths.fixed[number], path.slope, path.stretch)
        if path.stretch not in (None, linear.stretch):
            self._refuse(f"{path.stretch!r} and {linear.stretch!r} depend on one another")
        length = max(0.0, linear.at(values.get(linear.stretch, 0)))
        end = path.end + (math.floor(length + _TOLERANCE) if exact else length)
        return _Path(end, path.slope + linear.slope, linear.stretch)

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
        raise RefusedError(f"{self._place}stretch {what}", solution=_CURE)


def _settled(
    circuit: Any,
    items: Sequence[_Item],
    lengths: _Lengths,
    names: Sequence[str],
    values: dict[str, tuple[int, int]],
    place: str,
) -> Settled:
    ticks, uses = list(lengths.fixed), dict[str, list[int]]()
    for number, linear in lengths.open.items():
        value, remainder = values[str(linear.stretch)]
        own = uses.setdefault(str(linear.stretch), [])
        ticks[number] = _whole(linear.at(value), place) + (0 if own else remainder)
        own.append(number)
    starts = schedule(items, ticks, late=True)[0]
    found = [
        {
            "name": name,
            "value": values.get(name, (0, 0))[0],
            "remainder": values.get(name, (0, 0))[1],
            "expanded_values": [[starts[use], ticks[use]] for use in uses.get(name, [])],
        }
        for name in dict.fromkeys([*names, *uses])
    ]
    known = [ticks[n] if item.linear is not None else None for n, item in enumerate(items)]
    return Settled(_written(circuit, items, known), found)


def _whole(length: float, place: str) -> int:
    if length < -_TOLERANCE:
        raise RefusedError(
            f"{place}a delay has the length {length:.6g} dt, which is negative", solution=_CURE
        )
    return max(0, math.floor(length + _TOLERANCE))


def _written(circuit: Any, items: Sequence[_Item], known: Sequence[int | None]) -> QuantumCircuit:
    """The circuit of these instructions, with delays of known lengths."""
    from qiskit.circuit import Delay

    settled: Any = circuit.copy_empty_like()
    for item, length in zip(items, known, strict=True):
        operation = item.operation if length is None else Delay(length, "dt")
        settled.append(operation, item.qubits, item.clbits, copy=False)
    return settled
