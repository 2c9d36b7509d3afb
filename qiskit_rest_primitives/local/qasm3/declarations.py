"""Declarations -> names: registers, bits, inputs, constants, aliases, and the included gates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qiskit.circuit import ClassicalRegister, Clbit, Parameter, QuantumRegister

from qiskit_rest_primitives.local.qasm3 import gates
from qiskit_rest_primitives.local.qasm3.expressions import Expressions
from qiskit_rest_primitives.local.qasm3.operands import Operands
from qiskit_rest_primitives.local.qasm3.scope import MAX_BITS, MAX_QUBITS, Operand, Scope
from qiskit_rest_primitives.local.qasm3.tokens import Scanner


@dataclass(eq=False)
class Declarations:
    """Reads declarations into the scope."""

    _scanner: Scanner
    _scope: Scope
    _expressions: Expressions
    _operands: Operands
    _read_measurement: Callable[[Operand], None]

    def read_version(self) -> None:
        """``OPENQASM 3;`` or ``OPENQASM 3.x;``."""
        self._scanner.expect("OPENQASM")
        if self._scanner.kind != "number" or self._scanner.token.split(".")[0] != "3":
            self._scanner.fail(f"only OpenQASM 3 is supported, not {self._scanner.token!r}")
        self._scanner.advance()

    def read_include(self) -> None:
        """``include "stdgates.inc"``."""
        self._scanner.advance()
        if self._scanner.kind != "string":
            self._scanner.fail(f"expected a file name in quotes, found {self._scanner.found()}")
        if self._scanner.token[1:-1] != "stdgates.inc":
            self._scanner.fail(f'only "stdgates.inc" can be included, not {self._scanner.token}')
        start = self._scanner.start
        self._scanner.advance()
        library = gates.library()
        for name, qiskit_name in gates.STDGATES.items():
            if name in self._scope.gates:
                self._scanner.fail(f"gate {name!r} is already defined", start)
            self._scope.gates[name] = library[qiskit_name]

    def read_qubits(self) -> None:
        """``qubit[n] q``, ``qubit q`` and the older ``qreg q[n]``."""
        old = self._scanner.advance() == "qreg"
        self._scope.only_global("qubits")
        limit = (MAX_QUBITS, self._scope.circuit.num_qubits)
        size = None if old else self._expressions.size("qubit", *limit)
        start, name = self._scanner.start, self._scanner.expect_name("a name")
        if old:
            size = self._expressions.size("qubit", *limit)
        self._scope.declare_qubits(name, size, start)

    def read_bits(self) -> None:
        """``bit[n] c``, ``bit c = measure q``, ``creg c[n]``."""
        old = self._scanner.advance() == "creg"
        self._scope.only_global("bits")
        limit = (MAX_BITS, self._scope.circuit.num_clbits)
        size = None if old else self._expressions.size("bit", *limit)
        start, name = self._scanner.start, self._scanner.expect_name("a name")
        if old:
            size = self._expressions.size("bit", *limit)
        target = self._scope.declare_bits(name, size, start)
        if self._scanner.accept("="):
            start = self._scanner.start
            if self._scanner.token == "measure":
                self._scope.add_loose_bits()
                self._read_measurement(target)
            elif self._expressions.integer("the value of a bit") != 0:
                self._scanner.fail("bits start as 0; no other value is supported", start)

    def read_input(self) -> None:
        """``input float[64] p``, ``input angle p``."""
        self._scanner.advance()
        self._scope.only_global("inputs")
        if self._scanner.token not in ("float", "angle"):
            self._scanner.fail(f"inputs must be float or angle, not {self._scanner.found()}")
        self._scanner.advance()
        self._expressions.skip_width()
        start, name = self._scanner.start, self._scanner.expect_name("a name")
        parameter = Parameter(name)
        self._scope.declare(name, parameter, start)
        self._scope.parameters.append(parameter)
        self._scope.fast_lines.values[name] = parameter

    def read_output(self) -> None:
        """``output bit[n] c``: every bit is an output here."""
        self._scanner.advance()
        if self._scanner.token != "bit":
            self._scanner.fail(f"outputs must be bits, not {self._scanner.found()}")
        self.read_bits()

    def read_constant(self) -> None:
        """``const float[64] a = pi / 2``."""
        self._scanner.advance()
        if self._scanner.token not in ("int", "uint", "float", "angle", "bool"):
            self._scanner.fail(f"constants of type {self._scanner.found()} are not supported")
        kind = self._scanner.advance()
        self._expressions.skip_width()
        start, name = self._scanner.start, self._scanner.expect_name("a name")
        self._scanner.expect("=")
        value = self._expressions.expression()
        if not isinstance(value, (int, float)):
            self._scanner.fail(f"{name!r} is not constant", start)
        if kind in ("float", "angle"):
            value = float(value)
        self._scope.declare(name, value, start)

    def read_alias(self) -> None:
        """``let a = q[0:2] ++ q[4]`` and the exporter's ``let a = {b0, b1}``."""
        self._scanner.advance()
        self._scope.only_global("aliases")
        start, name = self._scanner.start, self._scanner.expect_name("a name")
        self._scanner.expect("=")
        braces = self._scanner.accept("{")
        classical = isinstance(self._scope.lookup(self._scanner.token), (ClassicalRegister, Clbit))
        read = self._operands.bits if classical else self._operands.qubits
        bits = list(read().bits)
        while self._scanner.accept("," if braces else "++"):
            bits += read().bits
        if braces:
            self._scanner.expect("}")
        if len(set(bits)) != len(bits):
            self._scanner.fail("an alias can't name a bit twice", start)
        kind = ClassicalRegister if classical else QuantumRegister
        register = kind(name=name, bits=bits)
        self._scope.declare(name, register, start)
        self._scope.circuit.add_register(register)
