"""Angles -> the inputs ``p00000...`` of the text, and the user's values -> the inputs' values.

In: the parameters and expressions in the text. Out: declarations, and a plan that converts an array
of values in ``circuit.parameters`` order to one in the order of the inputs.
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
    """Computes the values of the inputs from the user's values.

    Attributes:
        names: the user's parameter names, one a column of the user's array.
        sources: for each input, a column of the user's array, or an expression and the position of
            its first use.
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
        columns = np.ascontiguousarray(array.reshape(-1, len(self.names)).T)
        inputs = np.empty((len(self.sources), columns.shape[1]))
        for index, source in enumerate(self.sources):
            inputs[index] = (
                columns[source] if isinstance(source, int) else self._evaluate(*source, columns)
            )
        return np.ascontiguousarray(inputs.T).reshape(*array.shape[:-1], len(self.sources))

    def _real(self, array: NDArray[Any]) -> NDArray[Any]:
        try:
            if array.dtype.kind in "USV":
                raise TypeError(f"expected an array of numbers, got {array.dtype}")
            array = array.astype(np.complex128 if array.dtype.kind in "cO" else np.float64)
        except OverflowError as error:
            raise EncodeError(
                f"the value of parameter {self._first_too_large(array)!r} is larger than any "
                f"float64; every value must be a finite number"
            ) from error
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

    def _first_too_large(self, array: NDArray[Any]) -> str:
        for place, value in np.ndenumerate(array):
            try:
                complex(value)
            except OverflowError:
                column = place[-1] if place else 0
                return self.names[column] if column < len(self.names) else "?"
        return "?"

    def _evaluate(self, expression: Expression, where: str, columns: NDArray[Any]) -> NDArray[Any]:
        result = expression.evaluate(columns)
        wrong = np.iscomplexobj(result) or not np.isfinite(result).all()
        if not wrong:
            return result
        bad = ~np.isfinite(result) | (np.imag(result) != 0)
        row = int(np.argwhere(bad)[0][0])
        binding = ", ".join(
            f"{parameter.name} = {float(columns[column, row])!r}"
            for parameter, column in zip(expression.parameters, expression.columns, strict=True)
        )
        raise EncodeError(
            f"the angle {expression.source} of {where} is not a finite real number at {binding}; "
            f"change the values or the expression"
        )


class Inputs:
    """Collects the inputs while a circuit is being written.

    Attributes:
        plain: the input's name of each parameter.
        used: the names of those that occur in the text.
    """

    def __init__(self, parameters: Sequence[Symbol]):
        self._parameters = tuple(parameters)
        self._expressions: dict[Formula, tuple[str, str]] = {}
        self.plain: dict[Formula, str] = {
            parameter: input_name(index, _WIDTH) for index, parameter in enumerate(parameters)
        }
        self.used: set[str] = set()

    def name(self, angle: Formula, where: Callable[[], str]) -> str:
        """Returns the name of the input for an angle.

        Args:
            angle: a parameter of the circuit, or an expression of them.
            where: returns its position in the circuit, for errors about its values.
        """
        plain = self.plain.get(angle)
        if plain is not None:
            self.used.add(plain)
            return plain
        known = self._expressions.get(angle)
        if known is None:
            index = len(self.plain) + len(self._expressions)
            known = self._expressions[angle] = (input_name(index, _WIDTH), where())
        return known[0]

    def finish(self, body: str) -> tuple[str, tuple[str, ...], InputValues]:
        """Numbers the inputs that are used.

        A parameter that occurs only in expressions or in the global phase is not declared, because
        services count the inputs that gates use.

        Returns:
            The body with final names, the inputs' names in order of declaration, and the values.
        """
        columns = [index for index, name in enumerate(self.plain.values()) if name in self.used]
        expressions: list[tuple[Expression, str]] = []
        if self._expressions:  # hashing every parameter takes time
            places = {parameter: index for index, parameter in enumerate(self._parameters)}
            expressions = [
                (Expression.of(source, places), where)
                for source, (_, where) in self._expressions.items()
            ]
        names = tuple(parameter.name for parameter in self._parameters)
        values = InputValues(names, (*columns, *expressions))
        count = len(values.sources)
        width = max(_WIDTH, len(str(count - 1)))
        final = [input_name(index, width) for index in range(count)]
        first = len(self.plain)
        given = [input_name(index, _WIDTH) for index in columns]
        given += [input_name(first + index, _WIDTH) for index in range(len(expressions))]
        if given != final:
            renamed = dict(zip(given, final, strict=True))
            body = _INPUT.sub(lambda match: renamed[match.group()], body)
        return body, tuple(final), values
