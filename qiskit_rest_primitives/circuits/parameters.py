"""Angles -> the inputs ``p00000...`` of the text, and the user's values -> the inputs' values.

In: the parameters and expressions met while writing. Out: declarations, and a plan that turns an
array of values in ``circuit.parameters`` order into one in the order of the inputs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_rest_primitives.circuits.expressions import Expression, Formula, Symbol
from qiskit_rest_primitives.circuits.names import input_name
from qiskit_rest_primitives.errors import EncodeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WIDTH = 5
_INPUT = re.compile(r"\bp([0-9]{5,})\b")


@dataclass(frozen=True)
class InputValues:
    """How the values of the inputs come from the user's values.

    Attributes:
        names: the user's parameter names, one a column of the user's array.
        sources: what each input is: a column of the user's array, or an expression and where in
            the circuit it is first used.
    """

    names: tuple[str, ...]
    sources: tuple[int | tuple[Expression, str], ...]

    def encode(self, values: Any) -> NDArray[Any]:
        """Computes the inputs; see `EncodedCircuit.encode_values`."""
        array = self._real(np.asarray(values))
        if array.ndim == 0 or array.shape[-1] != len(self.names):
            given = array.shape[-1] if array.ndim else "one number"
            raise EncodeError(
                f"{len(self.names)} parameters but values for {given}; "
                f"pass an array whose last axis is {len(self.names)}"
            )
        if not np.isfinite(array).all():
            column = int(np.argwhere(~np.isfinite(array))[0][-1])
            raise EncodeError(
                f"the value of parameter {self.names[column]!r} is NaN or infinite; "
                f"every value must be a finite number"
            )
        if self.sources == tuple(range(len(self.names))):
            return np.ascontiguousarray(array)
        rows = array.reshape(-1, len(self.names)) if self.names else np.empty((array.size, 0))
        inputs = np.empty((len(rows), len(self.sources)))
        for index, source in enumerate(self.sources):
            inputs[:, index] = (
                rows[:, source] if isinstance(source, int) else self._evaluate(*source, rows)
            )
        return inputs.reshape(*array.shape[:-1], len(self.sources))

    def _real(self, array: NDArray[Any]) -> NDArray[Any]:
        try:
            array = array.astype(np.complex128 if array.dtype.kind in "cO" else np.float64)
        except (TypeError, ValueError) as error:
            raise EncodeError(f"parameter values must be numbers: {error}") from error
        if not np.iscomplexobj(array):
            return array
        if np.any(np.imag(array) != 0):
            place = np.argwhere(np.imag(array) != 0)[0]
            name = self.names[place[-1]] if place.size and place[-1] < len(self.names) else "?"
            raise EncodeError(
                f"the value of parameter {name!r} is {array[tuple(place)]}; it must be real"
            )
        return np.ascontiguousarray(np.real(array))

    def _evaluate(self, expression: Expression, where: str, rows: NDArray[Any]) -> NDArray[Any]:
        result = expression.evaluate(rows)
        wrong = np.iscomplexobj(result) or not np.isfinite(result).all()
        if not wrong:
            return result
        bad = ~np.isfinite(result) | (np.imag(result) != 0)
        row = rows[int(np.argwhere(bad)[0][0])]
        binding = ", ".join(
            f"{parameter.name} = {row[column]!r}"
            for parameter, column in zip(expression.parameters, expression.columns, strict=True)
        )
        raise EncodeError(
            f"the angle {expression.source} of {where} is not a finite real number at {binding}; "
            f"change the values or the expression"
        )


class Inputs:
    """Collects the inputs while a circuit is being written."""

    def __init__(self, parameters: Sequence[Symbol]):
        self._columns = {parameter: column for column, parameter in enumerate(parameters)}
        self._names = tuple(parameter.name for parameter in parameters)
        self._expressions: dict[Formula, tuple[str, str]] = {}
        self.plain: dict[Formula, str] = {}

    def plain_name(self, parameter: Symbol) -> str:
        """Returns the input that is a parameter itself."""
        name = self.plain.get(parameter)
        if name is None:
            name = self.plain[parameter] = input_name(self._columns[parameter], _WIDTH)
        return name

    def expression_name(self, expression: Formula, where: Callable[[], str]) -> str:
        """Returns the input that stands for an expression.

        Args:
            expression: an expression that has parameters.
            where: tells where in the circuit it stands, for errors over its values.
        """
        known = self._expressions.get(expression)
        if known is None:
            name = input_name(len(self._columns) + len(self._expressions), _WIDTH)
            known = self._expressions[expression] = (name, where())
        return known[0]

    def finish(self, body: str) -> tuple[str, tuple[str, ...], InputValues]:
        """Numbers the inputs that are used.

        A parameter that no angle is (it occurs in expressions or in the global phase only) is not
        declared: services count the inputs that gates use.

        Returns:
            The body with final names, the inputs' names in order of declaration, and the values.
        """
        columns = sorted(self._columns[parameter] for parameter in self.plain)
        expressions = [
            (Expression.of(source, self._columns), where)
            for source, (_, where) in self._expressions.items()
        ]
        values = InputValues(self._names, (*columns, *expressions))
        count = len(values.sources)
        width = max(_WIDTH, len(str(count - 1)))
        names = tuple(input_name(index, width) for index in range(count))
        provisional = [
            *columns,
            *range(len(self._columns), len(self._columns) + len(expressions)),
        ]
        if width != _WIDTH or provisional != list(range(count)):
            final = {
                input_name(old, _WIDTH): name for old, name in zip(provisional, names, strict=True)
            }
            body = _INPUT.sub(lambda match: final[match.group()], body)
        return body, names, values
