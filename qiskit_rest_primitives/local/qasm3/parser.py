"""A whole text -> a circuit: which reader takes the statement at hand, and the end of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qiskit.circuit import ClassicalRegister, Clbit, QuantumCircuit, Qubit
from qiskit.circuit.classical import expr

from qiskit_rest_primitives.local.qasm3 import variables
from qiskit_rest_primitives.local.qasm3.control_flow import ControlFlow
from qiskit_rest_primitives.local.qasm3.declarations import SwitchTarget
from qiskit_rest_primitives.local.qasm3.gate_calls import MODIFIERS
from qiskit_rest_primitives.local.qasm3.tokens import ReadError

# fmt: off
UNSUPPORTED = frozenset({
    "cal", "def", "defcal", "defcalgrammar", "durationof", "end", "extern", "mutable", "nop",
    "pragma", "readonly", "return",
})
UNSUPPORTED_TYPES = frozenset({
    "angle", "array", "complex", "duration", "float", "stretch",
})
# fmt: on
LEARNABLE = frozenset({"measure", "reset", "barrier", "delay"})


class TextReader(ControlFlow):
    """Reads a text from its first to its last statement.

    Args:
        text: the whole text.
        num_qubits: the width of the circuit, for texts that name physical qubits only.
        check: called before each statement that takes long to read; raises to give up.
    """

    def __init__(
        self,
        text: str,
        num_qubits: int | None = None,
        check: Callable[[], None] = lambda: None,
    ):
        super().__init__(text, num_qubits)
        self._check = check
        self.readers: dict[str, Callable[[], None]] = {
            "include": self.read_include,
            "qubit": self.read_qubits,
            "qreg": self.read_qubits,
            "bit": self.read_bits,
            "creg": self.read_bits,
            "input": self.read_input,
            "output": self.read_output,
            "const": self.read_constant,
            "let": self.read_alias,
            "int": self.read_switch_target,
            "bool": partial(variables.read_declaration, self),
            "uint": partial(variables.read_declaration, self),
            "measure": self.read_measurement,
            "reset": self.read_reset,
            "barrier": self.read_barrier,
            "delay": self.read_delay,
            "break": self._read_jump,
            "continue": self._read_jump,
            "gphase": self.read_modified,
            **dict.fromkeys(MODIFIERS, self.read_modified),
        }
        self.block_readers: dict[str, Callable[[], None]] = {
            "gate": self.read_definition,
            "if": self.read_if,
            "while": self.read_while,
            "for": self.read_for,
            "switch": self.read_switch,
            "box": self.read_box,
        }

    def read(self) -> QuantumCircuit:
        """The circuit of the whole text.

        Raises:
            ReadError: whatever is wrong with it.
        """
        position = 0
        try:
            if self.token == "OPENQASM":
                self.read_version()
                self.expect(";")
            while self.kind != "end":
                position = self.start
                self.read_statement()
                if self.token in ("qubit", "bit"):
                    continue
                self.add_loose()
                position, operations = self.flat.read(self.text, self.previous_end, self.circuit)
                self.spend(operations, position)
                if operations:
                    self.seek(position)
            self._finish()
        except ReadError:
            raise
        except RecursionError:
            raise self.error("nested too deep", position) from None
        except Exception as error:
            # What Qiskit itself refuses, such as a break outside a loop.
            message = str(getattr(error, "message", error)) or type(error).__name__
            raise self.error(message, position) from error
        return self.circuit

    def read_statement(self) -> None:
        """The statement at hand, semicolon or block included."""
        self._check()
        self.skip_annotations()
        start, token = self.start, self.token
        if self.kind != "name":
            self._refuse()
        self.count_repeated(start)
        if block := self.block_readers.get(token):
            block()
            return
        before = len(self.circuit.data)
        if reader := self.readers.get(token):
            reader()
        else:
            meaning = self.lookup(token)
            if isinstance(meaning, SwitchTarget):
                self.assign_switch_target(meaning)
                return
            if isinstance(meaning, (Clbit, ClassicalRegister, expr.Var)):
                token = "measure"
                variables.read_assignment(self)
            elif token in UNSUPPORTED_TYPES:
                self.fail(f"variables of type {token} are not supported; bool and uint[n] are")
            elif token in UNSUPPORTED:
                self.fail(f"{token!r} is not supported")
            else:
                self.read_gate([])
        if token in LEARNABLE and not self.blocks and len(self.circuit.data) == before + 1:
            text = self.text[start : self.start]
            if text != "barrier":
                self.flat.learn_line(text.rstrip(), self.circuit.data[-1], 1)
        self.expect(";")

    def _read_jump(self) -> None:
        """``break`` or ``continue``."""
        if not self.loops:
            self.fail(f"{self.token!r} stands outside a loop, or in one whose variable is an index")
        if self.advance() == "break":
            self.circuit.break_loop()
        else:
            self.circuit.continue_loop()

    def _refuse(self) -> None:
        if self.token == "#":
            self.fail("pragmas are not supported")
        self.fail(f"expected a statement, found {self.found()}")

    def _finish(self) -> None:
        """The width the caller asked for, and every input as a parameter of the circuit."""
        missing = (self.num_qubits or 0) - self.circuit.num_qubits
        if self.num_qubits is not None and missing < 0:
            self.fail(f"{self.circuit.num_qubits} qubits in a circuit of {self.num_qubits}")
        if missing > 0:
            self.circuit.add_bits([Qubit() for _ in range(missing)])
        used = set(self.circuit.parameters)
        for parameter in self.parameters:
            if parameter not in used:
                self.circuit.global_phase += 0 * parameter
