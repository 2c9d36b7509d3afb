"""Real-time variables -> their declarations and assignments.

In: the variables that a `Block` declares and its `Store` instructions. Out: lines. A variable gets
a new name each time its declaration is written, because the body of an unrolled loop or of a case
can be written more than once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.classical import expr, types

from qiskit_rest_primitives.circuits.classical import SENT_TYPES, type_text
from qiskit_rest_primitives.circuits.names import variable_name
from qiskit_rest_primitives.errors import EncodeError

if TYPE_CHECKING:
    from qiskit_rest_primitives.circuits.block import Block
    from qiskit_rest_primitives.circuits.classical import Classical


class Variables:
    """The real-time variables of one text.

    Attributes:
        names: the current name of every declared variable.
    """

    def __init__(self):
        self.names: dict[expr.Var, str] = {}
        self._count = 0

    def declarations(self, block: Block, indent: str) -> Iterator[str]:
        """Yields the declarations at the beginning of a block.

        Raises:
            EncodeError: a declaration can't be sent.
        """
        circuit = block.circuit
        if not circuit.num_vars and not circuit.num_stretches:
            return
        _refuse(block)
        for variable in circuit.iter_declared_vars():
            if variable.type.kind not in SENT_TYPES:
                raise EncodeError(
                    f"circuit {circuit.name!r} declares the real-time variable {variable.name!r} "
                    f"of type {variable.type}{block.path}; only bool and uint can be sent"
                )
            self.names[variable] = yield from self._declare(variable.type, indent)

    def assignment(self, classical: Classical, operation: Any, indent: str) -> Iterator[str]:
        """Yields the lines of a `Store`.

        Raises:
            EncodeError: its value or its target can't be sent.
        """
        target, value = operation.lvalue, operation.rvalue
        if isinstance(value, expr.Value) and value.type.kind is types.Uint:
            text = str(int(value.value))
        else:
            text = classical.text(value)
        if isinstance(target, expr.Index):
            yield f"{indent}{self._element(classical, target)} = {text};\n"
        elif isinstance(target.var, Clbit):
            yield f"{indent}{classical.bit(target.var)} = {text};\n"
        elif not isinstance(target.var, ClassicalRegister):
            yield f"{indent}{classical.variable(target)} = {text};\n"
        else:
            places = classical.places(target.var)
            if (wire := classical.whole(places)) is not None:
                yield f"{indent}{wire} = {text};\n"
                return
            # Not one of the wire's registers; the value may depend on bits that it changes.
            name = yield from self._declare(value.type, indent)
            yield f"{indent}{name} = {text};\n"
            for index, (wire, place) in enumerate(places):
                yield f"{indent}{wire}[{place}] = {name}[{index}];\n"

    def _declare(self, kind: types.Type, indent: str) -> Any:
        name = variable_name(self._count)
        self._count += 1
        yield f"{indent}{type_text(kind)} {name};\n"
        return name

    def _element(self, classical: Classical, target: expr.Index) -> str:
        inner: Any = target.target
        overlaps = (
            isinstance(inner.var, ClassicalRegister)
            and not isinstance(target.index, expr.Value)
            and classical.whole(classical.places(inner.var)) is None
        )
        if overlaps:
            raise EncodeError(
                f"{classical.where} assigns to a computed bit of register {inner.var.name!r}, "
                f"which shares bits with another register; use a register of its own"
            )
        return classical.element(inner, target.index)


def _refuse(block: Block) -> None:
    circuit = block.circuit
    declares = f"circuit {circuit.name!r} declares the real-time"
    for variable in circuit.iter_input_vars():
        raise EncodeError(
            f"{declares} input {variable.name!r}, and a PUB has no values for real-time inputs; "
            f"use a Parameter, or add_var with a value"
        )
    for stretch in circuit.iter_declared_stretches():
        raise EncodeError(
            f"{declares} stretch {stretch.name!r}{block.path}, which can't be sent; "
            f"use delays of constant duration"
        )
    if block.depth:
        return
    for variable in [*circuit.iter_captured_vars(), *circuit.iter_captured_stretches()]:
        raise EncodeError(
            f"circuit {circuit.name!r} captures the real-time variable {variable.name!r} of "
            f"another circuit; run the whole circuit"
        )
