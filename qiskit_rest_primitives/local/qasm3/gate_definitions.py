"""``gate name(a, b) q, r { ... }`` -> a gate that the text can call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qiskit.circuit import Parameter, QuantumCircuit

from qiskit_rest_primitives.circuits.names import KEYWORDS
from qiskit_rest_primitives.local.qasm3 import gates
from qiskit_rest_primitives.local.qasm3.gate_calls import MODIFIERS, GateCalls
from qiskit_rest_primitives.local.qasm3.qiskit_types import InputParameter
from qiskit_rest_primitives.local.qasm3.scope import Scope
from qiskit_rest_primitives.local.qasm3.tokens import Scanner

MAX_DEFINITION_DEPTH = 50


@dataclass(eq=False)
class GateDefinitions:
    """Reads definitions of gates into the scope."""

    _scanner: Scanner
    _scope: Scope
    _gate_calls: GateCalls
    _read_barrier: Callable[[], None]

    def read_definition(self) -> None:
        """``gate name(a, b) q, r { ... }``."""
        start = self._scanner.start
        self._scanner.advance()
        self._scope.only_global("gates")
        name_start, name = self._scanner.start, self._scanner.expect_name("the gate's name")
        if name in self._scope.gates:
            self._scanner.fail(f"gate {name!r} is already defined", name_start)
        # Only constants are visible in a gate's body.
        outside = self._scope.names[0].items()
        names: dict[str, Any] = {
            key: value for key, value in outside if isinstance(value, (int, float))
        }
        parameters: list[InputParameter] = []
        if self._scanner.accept("("):
            for formal in self._names(")"):
                parameters.append(Parameter(formal))
                names[formal] = parameters[-1]
            self._scanner.expect(")")
        qubit_names = self._names("{")
        if len(qubit_names) + len(parameters) != len({*qubit_names, *(p.name for p in parameters)}):
            self._scanner.fail("a gate's parameters and qubits need different names", start)
        body = QuantumCircuit(len(qubit_names), name=name)
        names.update(zip(qubit_names, body.qubits, strict=True))
        with self._scope.gate_body(body, names):
            self._scanner.expect("{")
            while not self._scanner.accept("}"):
                self._read_statement()
            cost = max(1, self._scope.cost)
        depth = self._scope.definition_depth + 1
        if depth > MAX_DEFINITION_DEPTH:
            self._scanner.fail(
                f"gate definitions nested more than {MAX_DEFINITION_DEPTH} deep", start
            )
        self._scope.gates[name] = gates.define(name, parameters, body, cost, depth)

    def _read_statement(self) -> None:
        """A statement of a gate's body."""
        self._scanner.skip_annotations()
        if self._scanner.token == "barrier":
            self._read_barrier()
        elif self._scanner.kind == "name" and self._scanner.token not in ("gphase", *MODIFIERS):
            self._gate_calls.read_gate([])
        else:
            self._gate_calls.read_modified()
        self._scanner.expect(";")

    def _names(self, closing: str) -> list[str]:
        names: list[str] = []
        while self._scanner.token != closing:
            start = self._scanner.start
            name = self._scanner.expect_name("a name")
            if name in KEYWORDS:
                self._scanner.fail(f"{name!r} is a keyword and can't be a name", start)
            names.append(name)
            if not self._scanner.accept(","):
                break
        return names
