"""How long the instructions of a circuit with stretches take, in units of dt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.engine.read.linear_durations import LinearDuration, read_duration
from qiskit_rest_primitives.local.engine.read.stretch_items import BLOCKS, CURE, Item
from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.mitigation.base.timing import Clock, schedule

if TYPE_CHECKING:
    from qiskit.transpiler import Target

TOLERANCE = 1e-6


class Lengths:
    """How long each instruction takes.

    Attributes:
        fixed: of each item, 0 where it is open.
        open: of the items whose length a stretch decides.
    """

    def __init__(self, items: Sequence[Item], circuit: Any, target: Target, place: str):
        self._target, self._place = target, place
        self._dt: Any = target.dt
        numbers = {qubit: number for number, qubit in enumerate(circuit.qubits)}
        linear = {
            n: self._linear(each.linear) for n, each in enumerate(items) if each.linear is not None
        }
        self.open = {n: each for n, each in linear.items() if each.stretch is not None}
        self.fixed: list[int] = []
        for number, item in enumerate(items):
            if number in linear:
                known = 0.0 if number in self.open else linear[number].offset
                self.fixed.append(whole_length(known, place))
            else:
                # Without a stretch, nobody asks when anything happens.
                where = tuple(numbers[qubit] for qubit in item.qubits)
                self.fixed.append(self._ticks(item, where) if self.open else 0)

    def _linear(self, expression: Any) -> LinearDuration:
        try:
            linear = read_duration(expression, self._dt)
        except ValueError as error:
            raise RefusedError(f"{self._place}{error}", solution=CURE) from None
        if linear.stretch is not None and linear.slope <= 0:
            raise RefusedError(
                f"{self._place}a delay gets shorter as stretch {linear.stretch!r} gets longer",
                solution=CURE,
            )
        return linear

    def _ticks(self, item: Any, where: tuple[int, ...]) -> int:
        name = item.name
        if name in ("barrier", "store"):
            return 0
        if name == "delay" and isinstance(item.operation.duration, (int, float)):
            return Clock(self._dt, "dt").delay_ticks(item.operation)
        if name in BLOCKS and name != "while_loop":
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
                solution=CURE,
            )
        return round(properties.duration / self._dt)

    def _block(self, block: Any, where: tuple[int, ...]) -> int:
        numbers = dict(zip(block.qubits, where, strict=True))
        items = list(block.data)
        ticks = [
            self._ticks(item, tuple(numbers[qubit] for qubit in item.qubits)) for item in items
        ]
        return schedule(items, ticks, late=False)[1]


def whole_length(length: float, place: str) -> int:
    """The number of dt that a length has room for."""
    if length < -TOLERANCE:
        raise RefusedError(
            f"{place}a delay has the length {length:.6g} dt, which is negative", solution=CURE
        )
    return max(0, math.floor(length + TOLERANCE))
