"""Instruction names of a backend's configuration -> Qiskit instructions. No I/O."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, TypeAlias

from qiskit.circuit import (
    BoxOp,
    BreakLoopOp,
    ContinueLoopOp,
    ForLoopOp,
    Gate,
    IfElseOp,
    Instruction,
    Parameter,
    SwitchCaseOp,
    WhileLoopOp,
)

logger = logging.getLogger(__name__)

NON_UNITARY = ("measure", "reset", "delay")
CONTROL_FLOW: dict[str, type[Instruction]] = {
    "if_else": IfElseOp,
    "while_loop": WhileLoopOp,
    "for_loop": ForLoopOp,
    "switch_case": SwitchCaseOp,
    "break_loop": BreakLoopOp,
    "continue_loop": ContinueLoopOp,
    "box": BoxOp,
}
# The official client has no class for other names and warns about each one on every start.
CONTROL_FLOW_DESCRIBED = ("if_else", "while_loop", "for_loop", "switch_case")
# Not fractional gates: their angle is a virtual frame change or a time, at no cost.
# Source: qiskit_ibm_runtime.utils.is_fractional_gate.
FREE_ANGLES = frozenset({"rz", "p", "u1", "delay"})

Operations: TypeAlias = "dict[str, Instruction | type[Instruction]]"


def gate_entries(configuration: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The configuration's ``gates`` by name."""
    entries = configuration.get("gates") or []
    return {
        entry["name"]: entry for entry in entries if isinstance(entry, dict) and "name" in entry
    }


def decode_operations(configuration: Mapping[str, Any]) -> Operations:
    """Name -> instruction, or its class for control flow, in the order of the configuration.

    Empty if the configuration has no gates.
    """
    from qiskit.circuit.library import get_standard_gate_name_mapping

    standard = get_standard_gate_name_mapping()
    gates = gate_entries(configuration)
    supported = configuration.get("supported_instructions") or NON_UNITARY
    operations: Operations = {}
    for name in configuration.get("basis_gates") or list(gates):
        if name in CONTROL_FLOW:
            operations[name] = CONTROL_FLOW[name]
        elif name in standard:
            operations[name] = standard[name]
        elif coupling := gates.get(name, {}).get("coupling_map"):
            parameters = [Parameter(text) for text in gates[name].get("parameters") or []]
            operations[name] = Gate(name, len(coupling[0]), parameters)
        else:
            logger.debug("gate %s has no definition and no qubits; left out", name)
    if not operations:
        return operations
    for signature in configuration.get("instruction_signatures") or []:
        operations[signature["name"]] = Instruction(
            name=signature["name"],
            num_qubits=signature.get("num_qubits") or 0,
            num_clbits=signature.get("num_clbits") or 0,
            params=[Parameter(text) for text in signature.get("parameters") or []],
        )
    operations |= {name: standard[name] for name in NON_UNITARY if name in supported}
    operations.setdefault("measure", standard["measure"])
    operations |= {name: CONTROL_FLOW[name] for name in CONTROL_FLOW if name in supported}
    if configuration.get("simulator") and operations.keys() & {"for_loop", "while_loop"}:
        operations |= {name: CONTROL_FLOW[name] for name in ("box", "break_loop", "continue_loop")}
    return operations


def without_fractional(operations: Operations) -> Operations:
    """Removes fractional gates, if the others still form a universal set."""
    gates = {name: op for name, op in operations.items() if isinstance(op, Gate)}
    fractional = {name for name, gate in gates.items() if gate.params} - FREE_ANGLES
    kept = gates.keys() - fractional
    entangles = any(gates[name].num_qubits > 1 for name in kept)
    never_did = all(gate.num_qubits == 1 for gate in gates.values())
    if (entangles or never_did) and kept & {"sx", "sxdg", "h"}:
        return {name: op for name, op in operations.items() if name not in fractional}
    return operations
