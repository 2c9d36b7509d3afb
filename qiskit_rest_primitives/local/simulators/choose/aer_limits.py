"""Features of dynamic circuits that Aer simulates wrongly, refuses or crashes with.

They are found before Aer runs: some crash its process, others silently give wrong numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.simulators.base.circuit_analysis import measures_inside
from qiskit_rest_primitives.local.simulators.base.classical_reads import bits_of, reads_of

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

# Aer computes with 64 bits.
_WIDEST_INTEGER = 63
# fmt: off
_BINARY_OPERATIONS = frozenset({
    "BIT_AND", "BIT_OR", "BIT_XOR", "LOGIC_AND", "LOGIC_OR", "EQUAL", "NOT_EQUAL", "LESS",
    "LESS_EQUAL", "GREATER", "GREATER_EQUAL",
})
# fmt: on


def missing_in_aer(circuit: QuantumCircuit) -> str:
    """Names the first feature of a circuit that Aer does not run correctly; "" if there is none.

    Args:
        circuit: unfolded, see `analysis.unfolded`.
    """
    for variable in circuit.iter_vars():
        return f"real-time variables such as {variable.name!r}"
    known = set(circuit.clbits)
    for instruction in circuit.data:
        if not instruction.is_standard_gate() and (
            missing := _missing(instruction.operation, known)
        ):
            return missing
    return ""


def _missing(operation: Any, known: set[Any]) -> str:
    from qiskit.circuit import BoxOp, ForLoopOp, Store, SwitchCaseOp
    from qiskit.circuit.classical import expr

    if isinstance(operation, Store):
        return "assignments to classical bits"
    if isinstance(operation, BoxOp):
        return "boxes with variables or bits of their own"
    if measures_inside(operation):
        return f"the instruction {operation.name!r}, whose definition has conditions"
    blocks = getattr(operation, "blocks", ())
    if blocks and not operation.num_qubits:
        # Its jumps and marks lose their place among the instructions around them.
        return "control flow that touches no qubit"
    if isinstance(operation, ForLoopOp):
        values: Any
        values, parameter, _ = operation.params
        if isinstance(parameter, expr.Var) or len(set(values)) < len(list(values)):
            return "for loops over variables or over the same value twice"
    for item in reads_of(operation):
        if not known.issuperset(bits_of(item)):
            return "conditions on bits that have other names inside their block"
        if isinstance(item, expr.Expr):
            if isinstance(operation, SwitchCaseOp) and not isinstance(item, expr.Var):
                return f"a switch on the expression {item}"
            if missing := _missing_in_expression(item):
                return missing
    for block in blocks:
        for variable in block.iter_vars():
            return f"real-time variables such as {variable.name!r}"
        for instruction in block.data:
            if missing := _missing(instruction.operation, known):
                return missing
    return ""


def _missing_in_expression(node: Any) -> str:
    from qiskit.circuit.classical import expr, types

    if isinstance(node.type, types.Uint) and node.type.width > _WIDEST_INTEGER:
        return f"integers of {node.type.width} bits"
    if isinstance(node, expr.Binary):
        if node.op.name not in _BINARY_OPERATIONS:
            return f"the operation {node.op.name} in a condition"
        return _missing_in_expression(node.left) or _missing_in_expression(node.right)
    if isinstance(node, expr.Unary):
        return _missing_in_expression(node.operand)
    if isinstance(node, expr.Cast):
        if not isinstance(node.type, types.Uint):
            return f"a conversion to {node.type} in a condition"
        return _missing_in_expression(node.operand)
    if isinstance(node, (expr.Value, expr.Var)):
        return ""
    return f"{type(node).__name__} in a condition"
