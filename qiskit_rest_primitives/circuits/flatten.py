"""Any circuit -> standard gates, measure, reset, barrier, delay and control flow.

In: QuantumCircuit, which is not changed. Out: a new one, with the same bits, registers and
parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from qiskit.circuit import Gate, Instruction, QuantumCircuit

from qiskit_rest_primitives.circuits.misnamed_gates import GateRenamer
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
    """Returns whether an operation is a standard gate, by its class and not its name alone.

    ``CircuitInstruction.is_standard_gate`` is faster, but is False for controlled gates made
    from a gate that has a label.
    """
    known = _standard_gates().get(operation.name)
    return (
        known is not None
        and getattr(operation, "base_class", None) is known.base_class
        and getattr(operation, "ctrl_state", None) == getattr(known, "ctrl_state", None)
    )


def is_custom(operation: Any) -> bool:
    """Returns whether an operation of the user is only a name for its definition.

    Subclasses are left to synthesis, which has better decompositions for many of them.
    """
    return (
        type(operation) in (Gate, Instruction)
        and not is_standard(operation)
        and operation.definition is not None
    )


def _has_misleading_name(operation: Any) -> bool:
    """Returns whether passes that compare names could confuse an operation with a standard one."""
    if is_standard(operation) or not isinstance(operation, Instruction):
        return False
    return type(operation) in (Gate, Instruction) or operation.name in _standard_gates()


def flatten(circuit: QuantumCircuit) -> QuantumCircuit:
    """Reduces every operation to standard gates, inside control flow too.

    Raises:
        EncodeError: an operation has no definition, or Qiskit can't synthesise it.
    """
    from qiskit.transpiler import PassManager
    from qiskit.transpiler.passes import HighLevelSynthesis

    # HighLevelSynthesis keeps operations by name. "mcx" is left out: gates of any width have it.
    names = sorted(_standard_gates().keys() | _NOT_GATES)
    synthesis = PassManager([HighLevelSynthesis(basis_gates=names, qubits_initially_zero=False)])

    def synthesise(circuit: QuantumCircuit) -> QuantumCircuit:
        return synthesis.run(GateRenamer(_has_misleading_name).circuit(circuit))

    try:
        flat = synthesise(circuit)
    except BaseException as error:
        if not is_qiskit_failure(error):
            raise
        reason = next(_failure_reasons(circuit, "", synthesise), None)
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
    """Returns True for errors and Rust panics, False for KeyboardInterrupt and SystemExit."""
    # pyo3's PanicException derives from BaseException and can't be imported.
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def _failure_reasons(
    circuit: QuantumCircuit, path: str, synthesise: Callable[[QuantumCircuit], Any]
) -> Iterator[str]:
    """Yields why operations can't be synthesised, innermost operations first."""
    for index, instruction in enumerate(circuit.data):
        operation: Any = instruction.operation
        where = f"instruction {index} ({instruction.name!r}){path}"
        if is_standard(operation) or _is_kept(operation):
            continue
        if instruction.is_control_flow():
            for body in operation.blocks:
                yield from _failure_reasons(body, f" in the body of {where}", synthesise)
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
            yield from _failure_reasons(definition, f" in the definition of {where}", synthesise)
        elif type(operation) in (Gate, Instruction):
            yield f"{where} is opaque: it has no definition; add one, or replace it by gates"
        yield (
            f"Qiskit can't reduce {where} to standard gates: {failure}; "
            f"transpile or decompose it first"
        )


def _is_kept(operation: Any) -> bool:
    """Returns whether synthesis keeps an operation unchanged."""
    return operation.name in _NOT_GATES and type(operation) not in (Gate, Instruction)


def _definition(operation: Any) -> QuantumCircuit | None:
    try:
        return getattr(operation, "definition", None)
    except BaseException as error:
        if not is_qiskit_failure(error):
            raise
        return None
