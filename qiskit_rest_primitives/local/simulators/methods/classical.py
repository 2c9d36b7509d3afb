"""Classical bits, real-time variables and Qiskit's `expr` trees, on many branches at once.

A `Uint` is a Python integer in an array of objects, since registers may be wider than 64 bits.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.classical import expr, types

from qiskit_rest_primitives.local.outcome import RefusedError

Places = Mapping[Any, int]
"""Qubit or clbit of the current circuit or block -> its index in the whole circuit."""

_SAME_TYPE = {
    expr.Binary.Op.BIT_AND: operator.and_,
    expr.Binary.Op.BIT_OR: operator.or_,
    expr.Binary.Op.BIT_XOR: operator.xor,
    expr.Binary.Op.LOGIC_AND: np.logical_and,
    expr.Binary.Op.LOGIC_OR: np.logical_or,
    expr.Binary.Op.EQUAL: operator.eq,
    expr.Binary.Op.NOT_EQUAL: operator.ne,
    expr.Binary.Op.LESS: operator.lt,
    expr.Binary.Op.LESS_EQUAL: operator.le,
    expr.Binary.Op.GREATER: operator.gt,
    expr.Binary.Op.GREATER_EQUAL: operator.ge,
    expr.Binary.Op.ADD: operator.add,
    expr.Binary.Op.SUB: operator.sub,
    expr.Binary.Op.MUL: operator.mul,
}


@dataclass
class Memory:
    """The classical memory of every branch.

    Attributes:
        bits: bool ``(clbits, branches)``.
        values: real-time variable -> object ``(branches,)``; None until it is given a value.
    """

    bits: np.ndarray
    values: dict[expr.Var, np.ndarray] = field(default_factory=dict[expr.Var, np.ndarray])

    @property
    def count(self) -> int:
        """Number of branches."""
        return self.bits.shape[1]

    def take(self, chosen: np.ndarray) -> Memory:
        """The memory of some branches, given by a mask or by their numbers."""
        values = {variable: array[chosen] for variable, array in self.values.items()}
        return Memory(self.bits[:, chosen], values)

    @staticmethod
    def join(parts: Sequence[Memory]) -> Memory:
        """The memory of all branches; variables that some of them lack are out of scope."""
        shared = set.intersection(*(set(part.values) for part in parts))
        values = {
            variable: np.concatenate([part.values[variable] for part in parts])
            for variable in parts[0].values
            if variable in shared
        }
        return Memory(np.concatenate([part.bits for part in parts], axis=1), values)

    def keys(self, bits: Sequence[int], variables: set[expr.Var]) -> list[tuple[Any, ...]]:
        """For each branch the contents of some bits and variables, as a comparable key."""
        packed = np.packbits(self.bits[list(bits)], axis=0).T
        kept = [array for variable, array in self.values.items() if variable in variables]
        return [
            (column.tobytes(), *(array[number] for array in kept))
            for number, column in enumerate(packed)
        ]

    def declare(self, variable: expr.Var) -> None:
        """Brings a variable into scope, without a value."""
        self.values[variable] = np.full(self.count, None, dtype=object)

    def store(self, target: expr.Expr, value: np.ndarray, places: Places) -> None:
        """Stores one value per branch.

        Args:
            target: a variable, a bit, a register, or an element of one of these.
            value: bool, integers or floats ``(branches,)``.
            places: of the bits that `target` names.
        """
        if isinstance(target, expr.Index):
            whole = self.evaluate(target.target, places)
            bit = 1 << self._index(target, places)
            self.store(target.target, np.where(value, whole | bit, whole & ~bit), places)
        elif not isinstance(target, expr.Var):
            raise RefusedError(f"can't store a value in {target}")
        elif target.standalone:
            self.values[target] = value.astype(object)
        elif isinstance(target.var, Clbit):
            self.bits[places[target.var]] = value.astype(bool)
        else:
            for number, clbit in enumerate(_bits_of(target.var)):
                self.bits[places[clbit]] = ((value >> number) & 1).astype(bool)

    def integers(self, bits: Sequence[int]) -> np.ndarray:
        """Bits, the lowest first, as one integer per branch."""
        packed = np.packbits(self.bits[list(bits)], axis=0, bitorder="little").T
        numbers = [int.from_bytes(column.tobytes(), "little") for column in packed]
        return np.array(numbers, dtype=object)

    def holds(self, condition: Any, places: Places) -> np.ndarray:
        """Whether a condition holds, bool ``(branches,)``.

        Args:
            condition: an expression, or a pair of a bit or register and its value.
            places: of the bits that the condition names.
        """
        if isinstance(condition, expr.Expr):
            return self.evaluate(condition, places).astype(bool)
        target, value = condition
        return self.read(target, places) == int(value)

    def read(self, target: Any, places: Places) -> np.ndarray:
        """The value of a bit, a register or an expression as one number per branch."""
        if isinstance(target, expr.Expr):
            value = self.evaluate(target, places)
            return value.astype(int) if value.dtype == bool else value
        if isinstance(target, Clbit):
            return self.bits[places[target]].astype(int)
        return self.integers([places[clbit] for clbit in _bits_of(target)])

    def evaluate(self, node: expr.Expr, places: Places) -> np.ndarray:
        """The value of an expression on every branch.

        Args:
            node: the expression.
            places: of the bits that it names.

        Returns:
            ``(branches,)``: bool for Bool, Python integers for Uint, float64 for Float.

        Raises:
            RefusedError: division by zero, an index out of range, a variable without a value, or an
                operation on durations.
        """
        if isinstance(node, expr.Var):
            return self._variable(node, places)
        if isinstance(node, expr.Value):
            return _typed(np.full(self.count, node.value, dtype=object), node.type)
        if isinstance(node, expr.Cast):
            return _cast(self.evaluate(node.operand, places), node.type)
        if isinstance(node, expr.Index):
            return _bool((self.evaluate(node.target, places) >> self._index(node, places)) & 1)
        if isinstance(node, expr.Unary):
            operand = self.evaluate(node.operand, places)
            if node.op.name == "NEGATE":  # Qiskit 2.2 does not have it
                return -operand
            if operand.dtype == bool or node.op == expr.Unary.Op.LOGIC_NOT:
                return ~_bool(operand)
            return operand ^ _mask(node.type)
        assert isinstance(node, expr.Binary), node
        return _binary(node, self.evaluate(node.left, places), self.evaluate(node.right, places))

    def _variable(self, node: expr.Var, places: Places) -> np.ndarray:
        if not node.standalone:
            value = self.read(node.var, places)
            return value.astype(bool) if isinstance(node.var, Clbit) else value
        value = self.values.get(node)
        if value is None or any(item is None for item in value):
            raise RefusedError(
                f"the real-time variable {node.name!r} is read before it has a value",
                solution="Give it one where it is declared.",
            )
        return _typed(value, node.type)

    def _index(self, node: expr.Index, places: Places) -> np.ndarray:
        index = self.evaluate(node.index, places)
        width = _width(node.target.type)
        if np.any(index >= width):
            raise RefusedError(
                f"index {max(index)} is out of range: {node.target} has {width} bits"
            )
        return index


def _bits_of(register: ClassicalRegister) -> list[Clbit]:
    return list(register)


def _width(kind: types.Type) -> int:
    assert isinstance(kind, types.Uint), kind
    return kind.width


def _mask(kind: types.Type) -> int:
    return (1 << _width(kind)) - 1


def _bool(value: np.ndarray) -> np.ndarray:
    return value.astype(bool)


def _typed(value: np.ndarray, kind: types.Type) -> np.ndarray:
    """Converts an array of objects to the NumPy type of an expression type."""
    if isinstance(kind, types.Bool):
        return value.astype(bool)
    if isinstance(kind, types.Float):
        return value.astype(float)
    if isinstance(kind, types.Uint):
        return value
    raise RefusedError(
        f"a value of type {kind} in an expression; the simulator has bool, uint and float only",
        solution="Use numbers instead of durations.",
    )


def _cast(value: np.ndarray, kind: types.Type) -> np.ndarray:
    if isinstance(kind, types.Uint):
        integers = np.array([int(item) for item in value], dtype=object)
        return integers & _mask(kind)
    return _typed(value, kind)


def _binary(node: expr.Binary, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    if node.op in (expr.Binary.Op.SHIFT_LEFT, expr.Binary.Op.SHIFT_RIGHT):
        # Bits beyond the width are lost: don't build a number of 2**64 digits.
        distance = np.minimum(right, _width(node.type))
        if node.op == expr.Binary.Op.SHIFT_RIGHT:
            return left >> distance
        return (left << distance) & _mask(node.type)
    if node.op == expr.Binary.Op.DIV:
        if np.any(right == 0):
            raise RefusedError(f"a division by zero: {node.left} / {node.right}")
        return left // right if isinstance(node.type, types.Uint) else left / right
    try:
        result = _SAME_TYPE[node.op](left, right)
    except KeyError:
        raise RefusedError(f"the simulator has no operation {node.op}") from None
    if isinstance(node.type, types.Bool):
        return _bool(result)
    return result & _mask(node.type) if isinstance(node.type, types.Uint) else result
