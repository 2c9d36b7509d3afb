"""Real-time variables: ``bool b;``, ``uint[8] u = 3;``, and assignments to them and to bits.

Each function reads one statement through the reader that it is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.classical import expr, types

from qiskit_rest_primitives.local.qasm3 import classical
from qiskit_rest_primitives.local.qasm3.declarations import MAX_BITS
from qiskit_rest_primitives.local.qasm3.tokens import Operand

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.qasm3.statements import Statements

# Operations that take as much time and memory as one variable.
VARIABLE_COST = 10


def read_declaration(reader: Statements) -> None:
    """``bool name;`` or ``uint[n] name;``, with or without a value."""
    start = reader.start
    if reader.advance() == "bool":
        kind: types.Type = types.Bool()
    else:
        width = reader.size("bit of a uint", MAX_BITS, 0)
        if not width:
            reader.fail("a uint variable needs its width: uint[n]", start)
        kind = types.Uint(width)
    name_start, name = reader.start, reader.expect_name("a name")
    variable = expr.Var.new(reader.unused_name(name), kind)
    reader.spend(VARIABLE_COST, start)
    circuit: Any = reader.circuit
    if reader.accept("="):
        if reader.token == "measure":
            reader.fail("only bits take the outcome of a measurement")
        value = _value(reader, variable)
        circuit.add_var(variable, value)
    elif reader.blocks:
        # Qiskit wants a value inside control flow; the language leaves it open.
        circuit.add_var(variable, expr.Value(0, kind))
    else:
        circuit.add_uninitialized_var(variable)
    reader.declare(name, variable, name_start)


def read_assignment(reader: Statements) -> None:
    """``c = measure q``, ``c[0] = b && c[1]``, ``u = u + 1``, ``u[2] = true``."""
    start = reader.start
    name = reader.advance()
    target = reader.value_of_name(name, start)
    reader.expect("=")
    if reader.token == "measure":
        reader.read_measurement(_bits(reader, target, start))
        return
    if isinstance(target, classical.Slice):
        reader.fail("assign to a whole register or to one bit of it", start)
    place = expr.lift(target)
    value = _value(reader, place)
    reader.spend(1, start)
    circuit: Any = reader.circuit
    circuit.store(place, value)


def _value(reader: Statements, target: expr.Expr) -> Any:
    start, value = reader.start, reader.expression()
    return reader.applied(start, classical.assigned, target, value)


def _bits(reader: Statements, target: Any, position: int) -> Operand:
    if isinstance(target, Clbit):
        return Operand([target], True)
    if isinstance(target, ClassicalRegister):
        return Operand(list(target), False)
    if isinstance(target, classical.Slice):
        return Operand(target.bits, False)
    raise reader.error("only bits take the outcome of a measurement", position)
