"""Qiskit's expressions of durations -> ``slope * stretch + offset``, in units of dt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_NOT_LINEAR = "the length of a delay is not a multiple of a stretch and a number"


@dataclass(frozen=True)
class LinearDuration:
    """A length that depends on one stretch at most; also a plain number within an expression.

    Attributes:
        offset: without the stretch.
        slope: how many stretches.
        stretch: its name; None if there is none.
    """

    offset: float
    slope: float = 0.0
    stretch: str | None = None

    def at(self, value: float) -> float:
        """The length where the stretch has a value."""
        return self.slope * value + self.offset

    def scaled(self, factor: float) -> LinearDuration:
        """So many times as long."""
        return LinearDuration(self.offset * factor, self.slope * factor, self.stretch)


def read_duration(expression: Any, dt: float) -> LinearDuration:
    """Reads an expression.

    Args:
        expression: of Qiskit's ``expr``.
        dt: of the device, seconds.

    Raises:
        ValueError: it is not linear in one stretch; the message says what it is.

    >>> from qiskit import QuantumCircuit
    >>> from qiskit.circuit.classical import expr
    >>> stretch = QuantumCircuit(1).add_stretch("s")
    >>> read_duration(expr.mul(stretch, 2), 1e-9)
    LinearDuration(offset=0.0, slope=2.0, stretch='s')
    """
    from qiskit.circuit.classical import expr

    if isinstance(expression, expr.Stretch):
        return LinearDuration(0.0, 1.0, expression.name)
    if isinstance(expression, expr.Value):
        return LinearDuration(_number(expression.value, dt))
    if isinstance(expression, expr.Cast):
        return read_duration(expression.operand, dt)
    if isinstance(expression, expr.Binary):
        left, right = read_duration(expression.left, dt), read_duration(expression.right, dt)
        return _combined(expression.op.name, left, right)
    raise ValueError(_NOT_LINEAR)


def _combined(operation: str, left: LinearDuration, right: LinearDuration) -> LinearDuration:
    if operation in ("ADD", "SUB"):
        right = right if operation == "ADD" else right.scaled(-1)
        if left.stretch is not None and right.stretch not in (None, left.stretch):
            raise ValueError(
                f"the length of a delay has two stretches, {left.stretch!r} and {right.stretch!r}"
            )
        stretch = left.stretch or right.stretch
        return LinearDuration(left.offset + right.offset, left.slope + right.slope, stretch)
    if operation == "MUL" and left.stretch is None:
        return right.scaled(left.offset)
    if operation == "MUL" and right.stretch is None:
        return left.scaled(right.offset)
    if operation == "DIV" and right.stretch is None and right.offset:
        return left.scaled(1 / right.offset)
    raise ValueError(_NOT_LINEAR)


def _number(value: Any, dt: float) -> float:
    """A number, or a duration in units of dt; a duration's item 0 is its number."""
    from qiskit.circuit import Duration
    from qiskit.utils import apply_prefix

    if not isinstance(value, Duration):
        return float(value)
    if value.unit() == "dt":
        return float(value[0])
    return float(apply_prefix(float(value[0]), value.unit())) / dt
