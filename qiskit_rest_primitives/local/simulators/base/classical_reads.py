"""Which classical bits, registers and variables an operation reads or names. No simulation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def reads_of(operation: Any) -> Iterator[Any]:
    """Expressions, bits and registers that an operation itself reads; its blocks may read more."""
    from qiskit.circuit import IfElseOp, Store, SwitchCaseOp, WhileLoopOp
    from qiskit.circuit.classical import expr

    if isinstance(operation, Store):
        yield operation.rvalue
        if isinstance(operation.lvalue, expr.Index):
            yield operation.lvalue
    elif isinstance(operation, SwitchCaseOp):
        yield operation.target
    elif isinstance(operation, (IfElseOp, WhileLoopOp)):
        condition: Any = operation.condition
        yield condition if isinstance(condition, expr.Expr) else condition[0]


def named_bits(operation: Any) -> set[Any]:
    """Bits that conditions and stores name, those inside blocks included.

    An instruction need not list them among its own bits.
    """
    from qiskit.circuit import Store

    items = list(reads_of(operation))
    if isinstance(operation, Store):
        items.append(operation.lvalue)
    bits = {bit for item in items for bit in bits_of(item)}
    for block in getattr(operation, "blocks", ()):
        for instruction in block.data:
            bits |= named_bits(instruction.operation)
    return bits


def bits_of(item: Any) -> Iterable[Any]:
    """The bits of an expression, a register or a bit."""
    from qiskit.circuit import Clbit
    from qiskit.circuit.classical import expr

    if isinstance(item, expr.Expr):
        return [
            bit
            for variable in expr.iter_vars(item)
            if not variable.standalone
            for bit in bits_of(variable.var)
        ]
    return [item] if isinstance(item, Clbit) else list(item)
