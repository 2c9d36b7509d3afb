"""One ParameterExpression -> a small stack program that NumPy runs over all bindings at once.

In: ParameterExpression and the columns of its parameters. Out: values, or arithmetic as text.
The steps are those that QPY stores. Their meaning has changed between Qiskit releases, so a program
is used only if it agrees with ``ParameterExpression.bind`` at sample points.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from qiskit.exceptions import QiskitError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# qiskit.circuit.Parameter and Formula, which type checkers see as variables.
Symbol: TypeAlias = Any
Formula: TypeAlias = Any

# ("BINARY", "ADD"): pop two, push one. ("UNARY", "SIN"): pop one, push one. ("SWAP", None):
# exchange the top two. ("PARAMETER", i) pushes the i-th parameter, ("NUMBER", x) a constant.
Step = tuple[str, Any]

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "ADD": np.add,
    "SUB": np.subtract,
    "MUL": np.multiply,
    "DIV": np.divide,
    "POW": np.power,
}
_REVERSED = {"RSUB": "SUB", "RDIV": "DIV", "RPOW": "POW"}
# Qiskit's sign() treats smaller values as zero (SYMEXPR_EPSILON in its Rust code).
_SIGN_EPSILON = 8 * np.finfo(np.float64).eps
_UNARY: dict[str, Callable[[Any], Any]] = {
    "SIN": np.sin,
    "COS": np.cos,
    "TAN": np.tan,
    "ASIN": np.arcsin,
    "ACOS": np.arccos,
    "ATAN": np.arctan,
    "EXP": np.exp,
    "LOG": np.log,
    "ABS": np.abs,
    "SIGN": lambda value: np.where(np.abs(value) < _SIGN_EPSILON, 0.0, np.sign(value)),
    "CONJ": np.conj,
}
_SYMBOLS = {"ADD": "+", "SUB": "-", "MUL": "*", "DIV": "/"}
# At these points every function of ParameterExpression is finite and real.
_SAMPLES = (0.345678912345, 0.612398746512)
# Rounding can leave a real value with an imaginary part of up to this size.
_REAL_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Expression:
    """A parameter expression that can be evaluated over an array of bindings.

    Attributes:
        source: the Qiskit expression; without steps it is evaluated binding by binding.
        parameters: its parameters.
        columns: their columns in the user's array.
        steps: the stack program, or None if Qiskit's steps are unknown.
    """

    source: Formula
    parameters: tuple[Symbol, ...]
    columns: tuple[int, ...]
    steps: tuple[Step, ...] | None

    @classmethod
    def of(cls, source: Formula, columns: Mapping[Symbol, int]) -> Expression:
        """Prepares an expression whose parameters are the given columns."""
        parameters = tuple(sorted(source.parameters, key=lambda parameter: columns[parameter]))
        places = tuple(columns[parameter] for parameter in parameters)
        expression = cls(source, parameters, places, _read_steps(source, parameters))
        if expression.steps is None or expression._agrees_with_bind():
            return expression
        return replace(expression, steps=None)

    def evaluate(self, values: NDArray[Any]) -> NDArray[Any]:
        """Evaluates the expression for many bindings at once.

        Args:
            values: float64 ``(parameters of the circuit, bindings)``.

        Returns:
            float64 ``(bindings,)``, NaN or infinite where the expression has no value; complex128
            when some value is not real.
        """
        columns = [values[column] for column in self.columns]
        if self.steps is None:
            return self._one_by_one(columns, values.shape[1])
        with np.errstate(all="ignore"):
            result = _run(self.steps, columns)
            if not np.isfinite(result).all():
                # An intermediate value may be complex although the result is real: abs(a**0.5).
                result = _run(self.steps, [column.astype(np.complex128) for column in columns])
        return _drop_rounding_imaginary(np.broadcast_to(result, values.shape[1:]))

    def text(self, names: Mapping[Symbol, str]) -> str | None:
        """Returns the expression as OpenQASM 3 arithmetic, or None if it uses other functions.

        Args:
            names: the name of each parameter in the text.
        """
        if self.steps is None:
            return None
        stack: list[str] = []
        for kind, step in self.steps:
            if kind == "PARAMETER":
                stack.append(names[self.parameters[step]])
            elif kind == "NUMBER" and not isinstance(step, complex) and cmath.isfinite(step):
                # Always a float literal: a quotient of two integers would drop its remainder.
                stack.append(f"({step!r})" if step < 0 else repr(step))
            elif kind == "SWAP":
                stack[-1], stack[-2] = stack[-2], stack[-1]
            elif kind == "BINARY" and step in _SYMBOLS:
                right, left = stack.pop(), stack.pop()
                left = f"1.0*{left}" if step == "DIV" else left
                stack.append(f"({left}{_SYMBOLS[step]}{right})")
            else:
                return None
        return stack.pop()

    def _one_by_one(self, columns: list[NDArray[Any]], bindings: int) -> NDArray[Any]:
        result = np.empty(bindings, dtype=np.complex128)
        for row in range(bindings):
            point = (float(column[row]) for column in columns)
            result[row] = _bind(self.source, dict(zip(self.parameters, point, strict=True)))
        return _drop_rounding_imaginary(result)

    def _agrees_with_bind(self) -> bool:
        values = np.zeros((max(self.columns, default=-1) + 1, len(_SAMPLES)))
        expected: list[complex] = []
        for sample, start in enumerate(_SAMPLES):
            point = {
                parameter: (start + 0.0917 * offset) % 0.7 + 0.2
                for offset, parameter in enumerate(self.parameters)
            }
            values[list(self.columns), sample] = list(point.values())
            expected.append(_bind(self.source, point))
        # A value that is not finite never compares as close, so the slow, safe path is used.
        return all(
            cmath.isclose(complex(found), bound, rel_tol=1e-9, abs_tol=1e-12)
            for found, bound in zip(self.evaluate(values), expected, strict=True)
        )


def constant(source: Formula) -> complex | None:
    """Returns the value of an expression that is constant, such as a - a; else None."""
    try:
        return complex(source.numeric(strict=False))
    except TypeError:
        return None


def _read_steps(source: Formula, parameters: tuple[Symbol, ...]) -> tuple[Step, ...] | None:
    index = {parameter: place for place, parameter in enumerate(parameters)}
    steps: list[Step] = []
    try:
        # QPY writes and reads these steps from 2.0 on; the public form, sympify, needs SymPy.
        for step in source._qpy_replay:
            name = str(step.op).rpartition(".")[2]
            left, right = _operand(step.lhs, index), _operand(step.rhs, index)
            steps.extend(operand for operand in (left, right) if operand is not None)
            binary = _REVERSED.get(name, name)
            if binary in _BINARY:
                # None is the value on the stack, below the operand just pushed.
                if (name in _REVERSED) != (left is not None and right is None):
                    steps.append(("SWAP", None))
                steps.append(("BINARY", binary))
            elif name in _UNARY:
                steps.append(("UNARY", name))
            else:
                return None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    # Qiskit 2.2 stores no step for an expression that simplified to one parameter.
    return tuple(steps) or ((("PARAMETER", 0),) if len(parameters) == 1 else None)


def _operand(operand: Any, index: Mapping[Any, int]) -> Step | None:
    if operand is None:
        return None
    if isinstance(operand, complex):
        return ("NUMBER", operand if operand.imag else operand.real)
    if isinstance(operand, (int, float)):
        return ("NUMBER", float(operand))
    return ("PARAMETER", index[operand])


def _run(steps: tuple[Step, ...], columns: list[NDArray[Any]]) -> Any:
    stack: list[Any] = []
    for kind, step in steps:
        if kind == "PARAMETER":
            stack.append(columns[step])
        elif kind == "NUMBER":
            # A NumPy scalar: Python's own division by zero would raise.
            stack.append(np.complex128(step) if isinstance(step, complex) else np.float64(step))
        elif kind == "SWAP":
            stack[-1], stack[-2] = stack[-2], stack[-1]
        elif kind == "UNARY":
            stack.append(_UNARY[step](stack.pop()))
        else:
            right, left = stack.pop(), stack.pop()
            stack.append(_BINARY[step](left, right))
    return stack.pop()


def _drop_rounding_imaginary(values: NDArray[Any]) -> NDArray[Any]:
    if not np.iscomplexobj(values):
        return values
    real = np.abs(np.imag(values)) <= _REAL_TOLERANCE * np.maximum(1, np.abs(values))
    return np.real(values) if real.all() else values


def _bind(source: Formula, binding: dict[Symbol, float]) -> complex:
    try:
        return complex(source.bind(binding).numeric())
    except (ArithmeticError, RuntimeError, ValueError, TypeError, QiskitError):
        return complex("nan")
