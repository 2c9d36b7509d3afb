"""Any circuit -> standard gates, measure, reset, barrier, delay and control flow.

In: QuantumCircuit, which is left as it is. Out: a new one, with the same bits, registers and
parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from qiskit.circuit import Gate, Instruction, QuantumCircuit

from qiskit_rest_primitives.circuits.own_names import OwnNames
from qiskit_rest_primitives.errors import EncodeError

_NOT_GATES = frozenset(
    {"barrier", "break_loop", "continue_loop", "delay", "measure", "reset", "store"}
)


@cache
def _standard_gates() -> dict[str, Any]:
    from qiskit.circuit.library import get_standard_gate_name_mapping

    gates: dict[str, Any] = get_standard_gate_name_mapping()
    return {name: gate for name, gate in gates.items() if name not in _NOT_GATES}


def is_standard(operation: Any) -> bool:
    """Tells whether an operation is a standard gate, by its class and not its name alone.

    ``CircuitInstruction.is_standard_gate`` is faster, but says no to controlled gates made from a
    gate that has a label.
    """
    known = _standard_gates().get(operation.name)
    return (
        known is not None
        and getattr(operation, "base_class", None) is known.base_class
        and getattr(operation, "ctrl_state", None) == getattr(known, "ctrl_state", None)
    )


def is_custom(operation: Any) -> bool:
    """Tells whether an operation is one of the user's that is only a name for its definition.

    Subclasses are left to synthesis, which knows how to build many of them better.
    """
    return (
        type(operation) in (Gate, Instruction)
        and not is_standard(operation)
        and operation.definition is not None
    )


def _is_impostor(operation: Any) -> bool:
    """Tells whether a pass that goes by names could take an operation for one of Qiskit's."""
    if is_standard(operation) or not isinstance(operation, Instruction):
        return False
    return type(operation) in (Gate, Instruction) or operation.name in _standard_gates()


def flatten(circuit: QuantumCircuit) -> QuantumCircuit:
    """Synthesises every operation that is not flat, inside control flow too.

    Raises:
        EncodeError: an operation has no definition, or Qiskit can't synthesise it.
    """
    from qiskit.transpiler import PassManager
    from qiskit.transpiler.passes import HighLevelSynthesis

    # A name decides here whether an operation stays. "mcx" is left out: gates of every width bear
    # it.
    names = sorted(_standard_gates().keys() | _NOT_GATES)
    synthesis = PassManager([HighLevelSynthesis(basis_gates=names, qubits_initially_zero=False)])

    def synthesise(circuit: QuantumCircuit) -> QuantumCircuit:
        return synthesis.run(OwnNames(_is_impostor).circuit(circuit))

    try:
        flat = synthesise(circuit)
    except BaseException as error:
        if not is_qiskit_failure(error):
            raise
        reason = next(_obstacles(circuit, "", synthesise), None)
        if reason is not None:
            raise EncodeError(reason) from error
        raise EncodeError(
            f"Qiskit can't reduce circuit {circuit.name!r} to standard gates: {error}; "
            f"transpile or decompose it first"
        ) from error
    if flat.num_qubits != circuit.num_qubits or flat.num_clbits != circuit.num_clbits:
        raise EncodeError(
            f"reducing circuit {circuit.name!r} to standard gates changed its width from "
            f"{circuit.num_qubits} to {flat.num_qubits}; transpile it first"
        )
    return flat


def is_qiskit_failure(error: BaseException) -> bool:
    """Tells errors, Rust panics included, from what must go through (KeyboardInterrupt, exit)."""
    # pyo3's PanicException derives from BaseException and can't be imported.
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def _obstacles(
    circuit: QuantumCircuit, path: str, synthesise: Callable[[QuantumCircuit], Any]
) -> Iterator[str]:
    """Yields why operations can't be synthesised, the innermost ones that can't."""
    for index, instruction in enumerate(circuit.data):
        operation: Any = instruction.operation
        where = f"instruction {index} ({instruction.name!r}){path}"
        if is_standard(operation) or _stays(operation):
            continue
        if instruction.is_control_flow():
            for body in operation.blocks:
                yield from _obstacles(body, f" in the body of {where}", synthesise)
            continue
        alone = QuantumCircuit(operation.num_qubits, operation.num_clbits)
        alone.append(operation, alone.qubits, alone.clbits)
        try:
            synthesise(alone)
            continue
        except BaseException as error:
            if not is_qiskit_failure(error):
                raise
            failure = error
        definition = None
        if not isinstance(failure, RecursionError):
            definition = _definition(operation)
        if definition is not None:
            yield from _obstacles(definition, f" in the definition of {where}", synthesise)
        elif type(operation) in (Gate, Instruction):
            yield f"{where} is opaque: it has no definition; give it one, or replace it by gates"
        yield (
            f"Qiskit can't reduce {where} to standard gates: {failure}; "
            f"transpile or decompose it first"
        )


def _stays(operation: Any) -> bool:
    """Tells whether synthesis leaves an operation as it is."""
    return operation.name in _NOT_GATES and type(operation) not in (Gate, Instruction)


def _definition(operation: Any) -> QuantumCircuit | None:
    try:
        return getattr(operation, "definition", None)
    except BaseException as error:
        if not is_qiskit_failure(error):
            raise
        return None
