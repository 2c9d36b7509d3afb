"""A whole text -> a circuit: each statement goes to the part that reads it."""

from __future__ import annotations

from collections.abc import Callable

from qiskit.circuit import ClassicalRegister, Clbit, QuantumCircuit, Qubit
from qiskit.circuit.classical import expr

from qiskit_rest_primitives.local.qasm3.control_flow import ControlFlow
from qiskit_rest_primitives.local.qasm3.declarations import Declarations
from qiskit_rest_primitives.local.qasm3.expressions import Expressions
from qiskit_rest_primitives.local.qasm3.gate_calls import MODIFIERS, GateCalls
from qiskit_rest_primitives.local.qasm3.gate_definitions import GateDefinitions
from qiskit_rest_primitives.local.qasm3.operands import Operands
from qiskit_rest_primitives.local.qasm3.operations import Operations
from qiskit_rest_primitives.local.qasm3.qiskit_types import InputParameter
from qiskit_rest_primitives.local.qasm3.scope import Scope, SwitchTarget
from qiskit_rest_primitives.local.qasm3.switch import Switch
from qiskit_rest_primitives.local.qasm3.tokens import ReadError, Scanner
from qiskit_rest_primitives.local.qasm3.variables import Variables

# fmt: off
UNSUPPORTED = frozenset({
    "cal", "def", "defcal", "defcalgrammar", "durationof", "end", "extern", "mutable", "nop",
    "pragma", "readonly", "return",
})
UNSUPPORTED_TYPES = frozenset({
    "angle", "array", "complex", "duration", "float", "stretch",
})
# fmt: on
# Statements other than gates whose repeated line is the same instruction again.
REPEATABLE = frozenset({"measure", "reset", "barrier", "delay"})


class Parser:
    """Reads a text from its first to its last statement.

    Args:
        text: the whole text.
        num_qubits: the width of the circuit, for texts that name physical qubits only.
        check: called now and then; raises to stop reading.
    """

    def __init__(
        self,
        text: str,
        num_qubits: int | None = None,
        check: Callable[[], None] = lambda: None,
    ):
        self._num_qubits = num_qubits
        self._check = check
        self._scanner = scanner = Scanner(text)
        self._scope = scope = Scope(scanner)
        if "$" in text:
            scope.add_physical_qubits(num_qubits)
        expressions = Expressions(scanner, scope)
        operands = Operands(scanner, scope, expressions)
        operations = Operations(scanner, scope, expressions, operands)
        measurement = operations.read_measurement
        declarations = Declarations(scanner, scope, expressions, operands, measurement)
        self._variables = Variables(scanner, scope, expressions, measurement)
        self._gate_calls = GateCalls(scanner, scope, expressions, operands)
        gate_definitions = GateDefinitions(
            scanner, scope, self._gate_calls, operations.read_barrier
        )
        self._control_flow = ControlFlow(
            scanner, scope, expressions, operations.duration, self._read_statement
        )
        self._switch = Switch(scanner, scope, expressions, self._control_flow.read_block)
        self._read_version = declarations.read_version
        self._readers: dict[str, Callable[[], None]] = {
            "include": declarations.read_include,
            "qubit": declarations.read_qubits,
            "qreg": declarations.read_qubits,
            "bit": declarations.read_bits,
            "creg": declarations.read_bits,
            "input": declarations.read_input,
            "output": declarations.read_output,
            "const": declarations.read_constant,
            "let": declarations.read_alias,
            "int": self._switch.read_target,
            "bool": self._variables.read_declaration,
            "uint": self._variables.read_declaration,
            "measure": measurement,
            "reset": operations.read_reset,
            "barrier": operations.read_barrier,
            "delay": operations.read_delay,
            "break": self._control_flow.read_jump,
            "continue": self._control_flow.read_jump,
            "gphase": self._gate_calls.read_modified,
            **dict.fromkeys(MODIFIERS, self._gate_calls.read_modified),
        }
        self._block_readers: dict[str, Callable[[], None]] = {
            "gate": gate_definitions.read_definition,
            "if": self._control_flow.read_if,
            "while": self._control_flow.read_while,
            "for": self._control_flow.read_for,
            "switch": self._switch.read_switch,
            "box": self._control_flow.read_box,
        }

    @property
    def parameters(self) -> list[InputParameter]:
        """The inputs in the order of their declarations."""
        return self._scope.parameters

    def read(self) -> QuantumCircuit:
        """The circuit of the whole text.

        Raises:
            ReadError: the text is wrong, too large, or not supported.
        """
        scanner, scope = self._scanner, self._scope
        position = 0
        try:
            if scanner.token == "OPENQASM":
                self._read_version()
                scanner.expect(";")
            while scanner.kind != "end":
                position = scanner.start
                self._read_statement()
                if scanner.token in ("qubit", "bit"):
                    continue
                scope.add_loose_bits()
                position, operations = scope.fast_lines.read(
                    scanner.text, scanner.previous_end, scope.circuit, self._check
                )
                scope.spend(operations, position)
                if operations:
                    scanner.seek(position)
            self._complete()
        except ReadError:
            raise
        except RecursionError:
            raise scanner.error("nested too deep", position) from None
        except Exception as error:
            # Refused by Qiskit itself, such as a break outside a loop.
            message = str(getattr(error, "message", error)) or type(error).__name__
            raise scanner.error(message, position) from error
        return scope.circuit

    def _read_statement(self) -> None:
        """The current statement, semicolon or block included."""
        self._check()
        scanner, scope = self._scanner, self._scope
        scanner.skip_annotations()
        start, token = scanner.start, scanner.token
        if scanner.kind != "name":
            self._refuse()
        self._control_flow.count_repeated(start)
        if block := self._block_readers.get(token):
            block()
            return
        before = len(scope.circuit.data)
        if reader := self._readers.get(token):
            reader()
        else:
            meaning = scope.lookup(token)
            if isinstance(meaning, SwitchTarget):
                self._switch.read_assignment(meaning)
                return
            if isinstance(meaning, (Clbit, ClassicalRegister, expr.Var)):
                token = "measure"
                self._variables.read_assignment()
            elif token in UNSUPPORTED_TYPES:
                scanner.fail(f"variables of type {token} are not supported; bool and uint[n] are")
            elif token in UNSUPPORTED:
                scanner.fail(f"{token!r} is not supported")
            else:
                self._gate_calls.read_gate([])
        if token in REPEATABLE and not scope.blocks and len(scope.circuit.data) == before + 1:
            text = scanner.text[start : scanner.start]
            if text != "barrier":
                scope.fast_lines.add_line(text.rstrip(), scope.circuit.data[-1], 1)
        scanner.expect(";")

    def _refuse(self) -> None:
        if self._scanner.token == "#":
            self._scanner.fail("pragmas are not supported")
        self._scanner.fail(f"expected a statement, found {self._scanner.found()}")

    def _complete(self) -> None:
        """Adds the qubits that the caller wants, and every input as a parameter of the circuit."""
        circuit = self._scope.circuit
        if self._num_qubits is not None:
            missing = self._num_qubits - circuit.num_qubits
            if missing < 0:
                self._scanner.fail(
                    f"{circuit.num_qubits} qubits in a circuit of {self._num_qubits}"
                )
            if missing:
                circuit.add_bits([Qubit() for _ in range(missing)])
        used = set(circuit.parameters)
        for parameter in self.parameters:
            if parameter not in used:
                circuit.global_phase += 0 * parameter
