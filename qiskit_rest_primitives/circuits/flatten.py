"""Any circuit -> standard gates, measure, reset, barrier, delay and control flow.

In: QuantumCircuit, which is left as it is. Out: a new one, with the same bits, registers and
parameters.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from qiskit.circuit import Gate, Instruction

from qiskit_rest_primitives.errors import EncodeError

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

_NOT_GATES = frozenset({"barrier", "break_loop", "continue_loop", "delay", "measure", "reset"})


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
        and operation.definition is not None
        and operation.name not in _standard_gates().keys() | _NOT_GATES
    )


def flatten(circuit: QuantumCircuit) -> QuantumCircuit:
    """Synthesises every operation that is not flat, inside control flow too.

    Raises:
        EncodeError: an operation has no definition, or Qiskit can't synthesise it.
    """
    from qiskit.transpiler import PassManager
    from qiskit.transpiler.passes import HighLevelSynthesis

    # A name decides here whether an operation stays. "mcx" is left out: gates of every width bear
    # it. "store" stays so that the writer can refuse it by name.
    names = sorted(_standard_gates().keys() | _NOT_GATES | {"store"})
    synthesis = PassManager([HighLevelSynthesis(basis_gates=names, qubits_initially_zero=False)])
    try:
        flat = synthesis.run(circuit)
    except BaseException as error:
        if not is_qiskit_failure(error):
            raise
        opaque = next(_opaque(circuit, ""), None)
        if opaque is not None:
            raise EncodeError(
                f"{opaque} is opaque: it has no definition; give it one, or replace it by gates"
            ) from error
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


def _opaque(circuit: Any, path: str) -> Iterator[str]:
    for index, instruction in enumerate(circuit.data):
        where = f"instruction {index} ({instruction.name!r}){path}"
        operation = instruction.operation
        if is_standard(operation) or instruction.name in _NOT_GATES | {"store"}:
            continue
        if instruction.is_control_flow():
            for block in operation.blocks:
                yield from _opaque(block, f" in the body of {where}")
            continue
        try:
            definition = getattr(operation, "definition", None)
        except Exception:
            continue
        if definition is not None:
            yield from _opaque(definition, f" in the definition of {where}")
        elif type(operation).__module__.startswith("qiskit.circuit.library"):
            continue
        elif not hasattr(operation, "base_op"):
            yield where
