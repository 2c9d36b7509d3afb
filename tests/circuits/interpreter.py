"""Runs circuits of X, CX, measurements, control flow and classical expressions by hand.

Their outcome is deterministic, so no simulator is needed. Classical expressions are evaluated as
Qiskit's documentation defines them.
"""

from __future__ import annotations

import operator
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import (
    CASE_DEFAULT,
    BoxOp,
    ClassicalRegister,
    Clbit,
    ForLoopOp,
    IfElseOp,
    SwitchCaseOp,
    WhileLoopOp,
)
from qiskit.circuit.classical import expr, types

BINARY = {
    "BIT_AND": operator.and_,
    "BIT_OR": operator.or_,
    "BIT_XOR": operator.xor,
    "LOGIC_AND": lambda left, right: bool(left) and bool(right),
    "LOGIC_OR": lambda left, right: bool(left) or bool(right),
    "EQUAL": operator.eq,
    "NOT_EQUAL": operator.ne,
    "LESS": operator.lt,
    "LESS_EQUAL": operator.le,
    "GREATER": operator.gt,
    "GREATER_EQUAL": operator.ge,
    "SHIFT_LEFT": operator.lshift,
    "SHIFT_RIGHT": operator.rshift,
    "ADD": operator.add,
    "SUB": operator.sub,
    "MUL": operator.mul,
    "DIV": operator.floordiv,
}
LONGEST = 200


class JumpError(Exception):
    """A break or continue."""


class EndlessError(Exception):
    """A program that does not end."""


class Program:
    """The state of one run.

    Attributes:
        qubits: their values.
        clbits: their values.
        variables: the values of the real-time variables; 0 where nothing was assigned.
    """

    def __init__(self, circuit: QuantumCircuit):
        self.qubits = dict.fromkeys(circuit.qubits, 0)
        self.clbits = dict.fromkeys(circuit.clbits, 0)
        self.variables: dict[expr.Var, int] = {}
        self.steps = 0
        self.run(circuit, {bit: bit for bit in [*circuit.qubits, *circuit.clbits]})

    def registers(self, circuit: QuantumCircuit) -> dict[str, int]:
        """The values of the circuit's registers at the end, by name."""
        return {
            register.name: sum(self.clbits[bit] << index for index, bit in enumerate(register))
            for register in circuit.cregs
        }

    def run(self, circuit: QuantumCircuit, outer: dict[Any, Any]) -> None:
        """Runs a circuit or a body; ``outer`` maps its bits to those of the whole circuit."""
        for variable in circuit.iter_declared_vars():
            self.variables[variable] = 0
        for instruction in circuit.data:
            self.steps += 1
            if self.steps > LONGEST:
                raise EndlessError
            operation: Any = instruction.operation
            qubits = [outer[bit] for bit in instruction.qubits]
            name = instruction.name
            if name == "x":
                self.qubits[qubits[0]] ^= 1
            elif name == "cx":
                self.qubits[qubits[1]] ^= self.qubits[qubits[0]]
            elif name == "measure":
                self.clbits[outer[instruction.clbits[0]]] = self.qubits[qubits[0]]
            elif name == "store":
                self.store(operation.lvalue, self.value(operation.rvalue, outer), outer)
            elif name in ("break_loop", "continue_loop"):
                raise JumpError(name)
            else:
                self.control(operation, outer, instruction)

    def control(self, operation: Any, outer: dict[Any, Any], instruction: Any) -> None:
        """Runs an operation of control flow."""

        def body(block: QuantumCircuit) -> None:
            inside = [*block.qubits, *block.clbits]
            outside = [*instruction.qubits, *instruction.clbits]
            self.run(block, dict(zip(inside, [outer[bit] for bit in outside], strict=True)))

        def goes_on(block: QuantumCircuit) -> bool:
            try:
                body(block)
            except JumpError as jump:
                return jump.args[0] == "continue_loop"
            return True

        if isinstance(operation, BoxOp):
            body(operation.blocks[0])
        elif isinstance(operation, IfElseOp):
            blocks = operation.blocks
            if self.condition(operation.condition, outer):
                body(blocks[0])
            elif len(blocks) > 1:
                body(blocks[1])
        elif isinstance(operation, WhileLoopOp):
            while self.condition(operation.condition, outer):
                self.steps += 1
                if self.steps > LONGEST:
                    raise EndlessError
                if not goes_on(operation.blocks[0]):
                    break
        elif isinstance(operation, ForLoopOp):
            for _ in operation.params[0]:
                if not goes_on(operation.blocks[0]):
                    break
        elif isinstance(operation, SwitchCaseOp):
            value = self.value(expr.lift(operation.target), outer)
            for values, block in operation.cases_specifier():
                if CASE_DEFAULT in values or value in values:
                    body(block)
                    break
        else:
            raise NotImplementedError(operation.name)

    def condition(self, condition: Any, outer: dict[Any, Any]) -> bool:
        """Whether a condition holds."""
        if isinstance(condition, tuple):
            return self.value(expr.lift(condition[0]), outer) == condition[1]
        return bool(self.value(condition, outer))

    def bits(self, register: ClassicalRegister, outer: dict[Any, Any]) -> list[Clbit]:
        """The bits of the whole circuit that a register has."""
        return [outer.get(bit, bit) for bit in register]

    def value(self, node: Any, outer: dict[Any, Any]) -> int:
        """The value of an expression."""
        if isinstance(node, expr.Value):
            return int(node.value)
        if isinstance(node, expr.Var):
            if isinstance(node.var, Clbit):
                return self.clbits[outer[node.var]]
            if isinstance(node.var, ClassicalRegister):
                bits = self.bits(node.var, outer)
                return sum(self.clbits[bit] << index for index, bit in enumerate(bits))
            return self.variables[node]
        if isinstance(node, expr.Cast):
            return wrapped(self.value(node.operand, outer), node.type)
        if isinstance(node, expr.Index):
            return self.value(node.target, outer) >> self.value(node.index, outer) & 1
        if isinstance(node, expr.Unary):
            value = self.value(node.operand, outer)
            if node.op is expr.Unary.Op.LOGIC_NOT:
                return not value
            return not value if node.type == types.Bool() else wrapped(~value, node.type)
        left, right = self.value(node.left, outer), self.value(node.right, outer)
        return wrapped(BINARY[node.op.name](left, right), node.type)

    def store(self, target: Any, value: int, outer: dict[Any, Any]) -> None:
        """Assigns to a variable, a register or one bit of them."""
        if isinstance(target, expr.Index):
            place = self.value(target.index, outer)
            old = self.value(target.target, outer)
            self.store(target.target, old & ~(1 << place) | bool(value) << place, outer)
        elif isinstance(target.var, Clbit):
            self.clbits[outer[target.var]] = int(value)
        elif isinstance(target.var, ClassicalRegister):
            for index, bit in enumerate(self.bits(target.var, outer)):
                self.clbits[bit] = value >> index & 1
        else:
            self.variables[target] = wrapped(value, target.type)


def wrapped(value: int, kind: types.Type) -> int:
    """A value wrapped to the range of its type."""
    return int(bool(value)) if kind == types.Bool() else int(value) & ((1 << kind.width) - 1)
