"""Statements without blocks -> instructions and names, and the definitions of gates."""

from __future__ import annotations

from typing import Any

from qiskit.circuit import (
    Barrier,
    ClassicalRegister,
    Clbit,
    Delay,
    Measure,
    Parameter,
    QuantumCircuit,
    QuantumRegister,
    Reset,
)

from qiskit_rest_primitives.local.qasm3 import gates
from qiskit_rest_primitives.local.qasm3.declarations import KEYWORDS, MAX_BITS, MAX_QUBITS
from qiskit_rest_primitives.local.qasm3.gate_calls import MODIFIERS, GateCalls
from qiskit_rest_primitives.local.qasm3.tokens import InputParameter, Operand

MAX_DEFINITION_DEPTH = 50

UNITS = {"dt": "dt", "ns": "ns", "us": "us", "µs": "us", "μs": "us", "ms": "ms", "s": "s"}


class Statements(GateCalls):
    """Reads one statement after another into the circuit."""

    def read_version(self) -> None:
        """``OPENQASM 3;`` or ``OPENQASM 3.x;``."""
        self.expect("OPENQASM")
        if self.kind != "number" or self.token.split(".")[0] != "3":
            self.fail(f"only OpenQASM 3 is read here, not {self.token!r}")
        self.advance()

    def read_include(self) -> None:
        """``include "stdgates.inc"``."""
        self.advance()
        if self.kind != "string":
            self.fail(f"expected a file name in quotes, found {self.found()}")
        if self.token[1:-1] != "stdgates.inc":
            self.fail(f'only "stdgates.inc" can be included, not {self.token}')
        start = self.start
        self.advance()
        library = gates.library()
        for name, qiskit_name in gates.STDGATES.items():
            if name in self.gates:
                self.fail(f"gate {name!r} is already defined", start)
            self.gates[name] = library[qiskit_name]

    def read_qubits(self) -> None:
        """``qubit[n] q``, ``qubit q`` and the older ``qreg q[n]``."""
        old = self.advance() == "qreg"
        self.only_global("qubits")
        limit = (MAX_QUBITS, self.circuit.num_qubits)
        size = None if old else self.size("qubit", *limit)
        start, name = self.start, self.expect_name("a name")
        if old:
            size = self.size("qubit", *limit)
        self.declare_qubits(name, size, start)

    def read_bits(self) -> None:
        """``bit[n] c``, ``bit c = measure q``, ``creg c[n]``."""
        old = self.advance() == "creg"
        self.only_global("bits")
        limit = (MAX_BITS, self.circuit.num_clbits)
        size = None if old else self.size("bit", *limit)
        start, name = self.start, self.expect_name("a name")
        if old:
            size = self.size("bit", *limit)
        target = self.declare_bits(name, size, start)
        if self.accept("="):
            start = self.start
            if self.token == "measure":
                self.add_loose()
                self.read_measurement(target)
            elif self.integer("the value of a bit") != 0:
                self.fail("bits start as 0; no other value is supported", start)

    def read_input(self) -> None:
        """``input float[64] p``, ``input angle p``."""
        self.advance()
        self.only_global("inputs")
        if self.token not in ("float", "angle"):
            self.fail(f"inputs must be float or angle, not {self.found()}")
        self.advance()
        self.skip_width()
        start, name = self.start, self.expect_name("a name")
        parameter = Parameter(name)
        self.declare(name, parameter, start)
        self.parameters.append(parameter)
        self.flat.values[name] = parameter

    def read_output(self) -> None:
        """``output bit[n] c``: every bit is an output here."""
        self.advance()
        if self.token != "bit":
            self.fail(f"outputs must be bits, not {self.found()}")
        self.read_bits()

    def read_constant(self) -> None:
        """``const float[64] a = pi / 2``."""
        self.advance()
        if self.token not in ("int", "uint", "float", "angle", "bool"):
            self.fail(f"constants of type {self.found()} are not supported")
        kind = self.advance()
        self.skip_width()
        start, name = self.start, self.expect_name("a name")
        self.expect("=")
        value = self.expression()
        if not isinstance(value, (int, float)):
            self.fail(f"{name!r} is not constant", start)
        if kind in ("float", "angle"):
            value = float(value)
        self.declare(name, value, start)

    def read_alias(self) -> None:
        """``let a = q[0:2] ++ q[4]`` and the exporter's ``let a = {b0, b1}``."""
        self.advance()
        self.only_global("aliases")
        start, name = self.start, self.expect_name("a name")
        self.expect("=")
        braces = self.accept("{")
        read = self.qubits
        if isinstance(self.lookup(self.token), (ClassicalRegister, Clbit)):
            read = self.bits
        bits = list(read().bits)
        while self.accept("," if braces else "++"):
            bits += read().bits
        if braces:
            self.expect("}")
        if len(set(bits)) != len(bits):
            self.fail("an alias can't name a bit twice", start)
        kind = ClassicalRegister if read == self.bits else QuantumRegister
        register = kind(name=name, bits=bits)
        self.declare(name, register, start)
        self.circuit.add_register(register)

    def read_definition(self) -> None:
        """``gate name(a, b) q, r { ... }``."""
        start = self.start
        self.advance()
        self.only_global("gates")
        name_start, name = self.start, self.expect_name("the gate's name")
        if name in self.gates:
            self.fail(f"gate {name!r} is already defined", name_start)
        scope: dict[str, Any] = {
            key: value for key, value in self.scopes[0].items() if isinstance(value, (int, float))
        }
        parameters: list[InputParameter] = []
        if self.accept("("):
            for formal in self._names(")"):
                parameters.append(Parameter(formal))
                scope[formal] = parameters[-1]
            self.expect(")")
        qubit_names = self._names("{")
        if len(qubit_names) + len(parameters) != len({*qubit_names, *(p.name for p in parameters)}):
            self.fail("a gate's parameters and qubits need different names", start)
        body = QuantumCircuit(len(qubit_names), name=name)
        scope.update(zip(qubit_names, body.qubits, strict=True))
        outside = (self.circuit, self.scopes, self.cost, self.symbolic_phases)
        self.circuit, self.scopes, self.cost, self.symbolic_phases = body, [scope], 0, 0
        self.in_gate, self.definition_depth = True, 0
        self.expect("{")
        while not self.accept("}"):
            self.read_in_gate()
        self.in_gate = False
        cost = max(1, self.cost)
        self.circuit, self.scopes, self.cost, self.symbolic_phases = outside
        depth = self.definition_depth + 1
        if depth > MAX_DEFINITION_DEPTH:
            self.fail(f"gates defined more than {MAX_DEFINITION_DEPTH} deep", start)
        self.gates[name] = gates.define(name, parameters, body, cost, depth)

    def read_in_gate(self) -> None:
        """A statement of a gate's body."""
        self.skip_annotations()
        if self.token == "barrier":
            self.read_barrier()
        elif self.kind == "name" and self.token not in ("gphase", *MODIFIERS):
            self.read_gate([])
        else:
            self.read_modified()
        self.expect(";")

    def read_measurement(self, target: Operand | None = None) -> None:
        """``measure q``, into the target or after ``->``."""
        start = self.start
        self.expect("measure")
        measured = self.qubits()
        if target is None:
            if not self.accept("->"):
                self.fail("a measurement needs bits for its outcome", start)
            target = self.bits()
        if len(measured.bits) != len(target.bits):
            self.fail(
                f"{len(measured.bits)} qubits can't be measured into {len(target.bits)} bits", start
            )
        self._no_duplicates(measured.bits, start)
        self.spend(len(measured.bits), start)
        for qubit, bit in zip(measured.bits, target.bits, strict=True):
            self.append(Measure(), (qubit,), (bit,))

    def read_reset(self) -> None:
        """``reset q``."""
        start = self.start
        self.advance()
        operand = self.qubits()
        self.spend(len(operand.bits), start)
        for qubit in operand.bits:
            self.append(Reset(), (qubit,), ())

    def read_barrier(self) -> None:
        """``barrier``, ``barrier q[0], r``."""
        start = self.start
        self.advance()
        if self.token == ";":
            qubits = list(self.circuit.qubits)
        else:
            qubits = [qubit for operand in self._operands() for qubit in operand.bits]
        self.spend(1, start)
        self._no_duplicates(qubits, start)
        self.append(Barrier(len(qubits)), tuple(qubits), ())

    def read_delay(self) -> None:
        """``delay[100ns] q``; durations in dt are whole numbers."""
        start = self.start
        self.advance()
        self.expect("[")
        duration, unit = self.duration()
        self.expect("]")
        if self.token == ";":
            qubits = list(self.circuit.qubits)
        else:
            qubits = [qubit for operand in self._operands() for qubit in operand.bits]
        self.spend(len(qubits), start)
        for qubit in qubits:
            self.append(Delay(duration, unit), (qubit,), ())

    def duration(self) -> tuple[float, str]:
        """A literal with its unit."""
        start = self.start
        if self.kind != "number":
            self.fail(f"expected a duration such as 100ns, found {self.found()}")
        token = self.advance()
        number = token.rstrip("dtnuµμms")
        unit = token[len(number) :]
        if not unit:
            unit = self.expect_name("a unit: dt, ns, us, ms or s")
        if unit not in UNITS:
            self.fail("a duration needs a unit: dt, ns, us, ms or s", start)
        value = self._literal(start, number)
        if unit == "dt":
            if value != int(value):
                self.fail("a duration in dt is a whole number", start)
            return int(value), unit
        return value, UNITS[unit]

    def skip_width(self) -> None:
        """``[64]`` after a type: all are doubles here."""
        if self.accept("["):
            self.integer("a width")
            self.expect("]")

    def only_global(self, what: str) -> None:
        """Fails inside blocks."""
        if len(self.scopes) > 1 or self.blocks:
            self.fail(f"{what} can only be declared outside blocks", self.start)

    def _names(self, closing: str) -> list[str]:
        names: list[str] = []
        while self.token != closing:
            start = self.start
            name = self.expect_name("a name")
            if name in KEYWORDS:
                self.fail(f"{name!r} is a keyword and can't be a name", start)
            names.append(name)
            if not self.accept(","):
                break
        return names
