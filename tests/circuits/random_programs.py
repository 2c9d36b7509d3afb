"""Random programs of classical expressions and real-time variables, with deterministic outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.classical import expr, types

Choose = Callable[[list[Any]], Any]

LOGIC = [expr.logic_and, expr.logic_or]
BITWISE = [expr.bit_and, expr.bit_or, expr.bit_xor]
RELATIONS = [
    expr.equal,
    expr.not_equal,
    expr.less,
    expr.less_equal,
    expr.greater,
    expr.greater_equal,
]
ARITHMETIC = [expr.add, expr.sub, expr.mul]
SHIFTS = [expr.shift_left, expr.shift_right]


class RandomProgram:
    """Builds one program.

    Args:
        choose: picks one of a list.
        overlapping: whether registers share bits.
        portable: leaves out what ``qasm3.dumps`` can't write with its meaning.
    """

    def __init__(self, choose: Choose, *, overlapping: bool = True, portable: bool = False):
        self.choose = choose
        self.portable = portable
        bits = [Clbit() for _ in range(6)]
        self.circuit = QuantumCircuit(QuantumRegister(3, "q"), [] if portable else bits)
        if portable:
            self.circuit.add_register(ClassicalRegister(3, "c"), ClassicalRegister(2, "d"))
        else:
            layouts = [[0, 1, 2], [3, 4]]
            if overlapping:
                layouts += [[4, 3], [1, 2, 3], [5, 0, 4], [2]]
            for index, layout in enumerate(layouts):
                register = ClassicalRegister(bits=[bits[k] for k in layout], name=f"r{index}")
                self.circuit.add_register(register)
        self.variables: list[expr.Var] = []
        self.count = 0
        for qubit in range(3):
            if choose([0, 1]):
                self.circuit.x(qubit)
            self.circuit.measure(qubit, choose(self.circuit.clbits))
        for _ in range(choose([0, 1, 2, 3])):
            self.declare()
        self.block(0, False)
        self.circuit.measure(range(3), range(3))
        for variable in self.variables:
            if variable.type == types.Bool():
                self.circuit.store(self.circuit.clbits[3], variable)
            else:
                self.circuit.store(self.circuit.clbits[4], expr.not_equal(variable, 0))

    def declare(self, depth: int = 0) -> None:
        """A new variable; outside control flow it may have no value."""
        kind = self.choose([types.Bool(), types.Uint(3), types.Uint(8)])
        variable = expr.Var.new(f"x{self.count}", kind)
        self.count += 1
        if depth or self.choose([0, 1, 1]):
            value = self.boolean(2) if kind == types.Bool() else self.number(2, kind.width)
            self.circuit.add_var(variable, value)
        else:
            self.circuit.add_uninitialized_var(variable)
        self.variables.append(variable)

    def boolean(self, depth: int) -> Any:
        """An expression of type Bool."""
        choose = self.choose
        kind = choose(["bit", "var", "value"] if not depth else [*"nlbrrric"])
        flags = [v for v in self.variables if v.type == types.Bool()]
        if kind == "var" and flags:
            return choose(flags)
        if kind == "value":
            return expr.lift(choose([False, True]))
        if kind == "n":
            return choose([expr.logic_not, expr.bit_not])(self.boolean(depth - 1))
        if kind == "l":
            operands = [
                self.boolean(depth - 1) if choose([0, 1, 1]) else self.number(depth - 1)
                for _ in range(2)
            ]
            return choose(LOGIC)(*operands)
        if kind == "b":
            operation = choose([*BITWISE, expr.equal, expr.not_equal])
            return operation(self.boolean(depth - 1), self.boolean(depth - 1))
        if kind == "r":
            left, right = self.number(depth - 1), self.number(depth - 1)
            return choose(RELATIONS)(left, right)
        if kind == "i":
            target = self.number(depth - 1)
            width = target.type.width
            if choose([0, 1]) or width < 3:
                return expr.index(target, choose(list(range(width))))
            return expr.index(target, expr.bit_and(self.number(depth - 1), 1))
        if kind == "c":
            return expr.cast(self.number(depth - 1), types.Bool())
        return expr.lift(choose(self.circuit.clbits))

    def number(self, depth: int, width: int | None = None) -> Any:
        """An expression of type Uint, of the given width or of any."""
        node = self._number(depth)
        if width is not None and node.type != types.Uint(width):
            node = expr.cast(node, types.Uint(width))
        return node

    def _number(self, depth: int) -> Any:
        choose = self.choose
        kind = choose(["register", "var", "value"] if not depth else [*"bnasc", "register", "var"])
        numbers = [v for v in self.variables if v.type != types.Bool()]
        if kind == "var" and numbers:
            return choose(numbers)
        if kind == "value" and not self.portable:
            return expr.Value(choose([0, 1, 2, 3, 5]), types.Uint(choose([3, 4, 8])))
        if kind == "b":
            left = self.number(depth - 1)
            return choose(BITWISE)(left, self._operand(depth - 1, left.type.width))
        if kind == "n":
            return expr.bit_not(self.number(depth - 1))
        if kind == "a":
            return choose(ARITHMETIC)(self.number(depth - 1, 8), self._operand(depth - 1, 8))
        if kind == "s":
            return choose(SHIFTS)(self.number(depth - 1), choose([1, 2, self.number(0)]))
        if kind == "c":
            operand = choose([self.number, self.boolean])(depth - 1)
            return expr.cast(operand, types.Uint(choose([1, 2, 5, 9])))
        return expr.lift(choose(self.circuit.cregs))

    def _operand(self, depth: int, width: int | None = None) -> Any:
        return self.choose([0, 1]) if self.choose([0, 1, 1]) == 0 else self.number(depth, width)

    def block(self, depth: int, loop: bool) -> None:
        """Some statements."""
        circuit, choose = self.circuit, self.choose
        kinds = ["x", "cx", "measure", "store", "store", "bit"]
        if depth < 3:
            kinds += ["if", "if", "while", "switch", "for", "box", "declare"]
        for _ in range(choose([1, 2, 3])):
            kind = choose(kinds)
            if kind == "x":
                circuit.x(choose([0, 1, 2]))
            elif kind == "cx":
                circuit.cx(*choose([(0, 1), (1, 2), (2, 0)]))
            elif kind == "measure":
                circuit.measure(choose([0, 1, 2]), choose(circuit.clbits))
            elif kind == "declare" and not self.portable:
                self.declare(depth)
            elif kind == "store" and self.variables:
                variable = choose(self.variables)
                if variable.type == types.Bool():
                    circuit.store(variable, self.boolean(2))
                elif choose([0, 1, 1]):
                    circuit.store(variable, self.number(2, variable.type.width))
                else:
                    circuit.store(expr.index(variable, choose([0, 2])), self.boolean(2))
            elif kind == "bit":
                register = choose(circuit.cregs)
                if choose([0, 1]):
                    circuit.store(choose(circuit.clbits), self.boolean(2))
                elif choose([0, 1]):
                    circuit.store(register, self.number(2, register.size))
                else:
                    circuit.store(expr.index(register, register.size - 1), self.boolean(2))
            elif kind == "if":
                with circuit.if_test(self.boolean(3)) as otherwise:
                    self.body(depth, loop)
                    if loop and choose([0, 1, 1]) == 0:
                        circuit.break_loop() if choose([0, 1]) else circuit.continue_loop()
                if choose([0, 1]):
                    with otherwise:
                        self.body(depth, loop)
            elif kind == "while":
                condition = choose([self.boolean(2), (choose(circuit.cregs), choose([0, 1]))])
                with circuit.while_loop(condition):
                    self.body(depth, True)
                    circuit.break_loop() if choose([0, 0, 1]) else circuit.x(0)
            elif kind == "for":
                with circuit.for_loop(choose([range(2), range(3, 0, -1), (4, 2)])):
                    self.body(depth, True)
            elif kind == "switch":
                target = choose([choose(circuit.cregs), self.number(2)])
                with circuit.switch(target) as case:
                    with case(0):
                        self.body(depth, loop)
                    with case(1):
                        self.body(depth, loop)
                    if choose([0, 1]):
                        with case(case.DEFAULT):
                            self.body(depth, loop)
            elif kind == "box":
                with circuit.box():
                    self.body(depth, False)

    def body(self, depth: int, loop: bool) -> None:
        """Some statements whose variables are local to them."""
        known = len(self.variables)
        self.block(depth + 1, loop)
        del self.variables[known:]
