"""Refuses circuits that the options can't be applied to. The extra is not needed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.mitigation.base.options import Mitigation
from qiskit_rest_primitives.mitigation.random_circuits.folding import FOLDABLE

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

# Gates that samplomatic takes Pauli gates through; rzz too, if it is a Clifford gate.
TWIRLED = frozenset({"cx", "cz", "ecr"})
NO_GATES = frozenset({"barrier", "measure", "reset", "delay", "box"})
_TRANSPILE = "transpile the circuit to cz, cx or ecr"


def check_circuit(circuit: QuantumCircuit, options: Mitigation, pub_index: int) -> None:
    """Checks a PUB's circuit.

    Raises:
        OptionsError: names the instruction and the option to switch off.
    """
    for position, item in enumerate(circuit.data):
        reason = _reason(item, options)
        if reason is not None:
            qubits = [circuit.find_bit(qubit).index for qubit in item.qubits]
            where = f"qubits {qubits}" if len(qubits) > 1 else f"qubit {qubits[0]}"
            raise OptionsError(
                f"PUB {pub_index}: instruction {position}, {item.name} on {where}, {reason}"
            )


def _reason(item: Any, options: Mitigation) -> str | None:
    """Why the options can't be applied to an instruction, and the cure; None if they can."""
    control_flow = item.is_control_flow()
    if options.decoupling is not None and control_flow:
        return (
            "has no fixed duration, which dynamical decoupling needs; set "
            "dynamical_decoupling.enable = False"
        )
    if options.twirling.gates:
        off = _off(options)
        if control_flow:
            return f"is control flow, which can't be in a twirled circuit; {off}"
        if len(item.qubits) > 1 and not item.clbits and not _can_be_twirled(item):
            return f"can't be twirled; {_TRANSPILE}, or {off}"
        if len(item.qubits) == 1 and not (item.is_standard_gate() or item.name in NO_GATES):
            return f"is not a standard gate, which twirling needs; transpile the circuit, or {off}"
    if options.zne is not None and options.zne.amplifier != "pea":
        for gate in _gates(item):
            if len(gate.qubits) > 1 and (control_flow or gate.name not in FOLDABLE):
                what = f"has {gate.name} in it, which" if control_flow else ""
                return (
                    f"{what} can't be folded to raise its noise; ".lstrip()
                    + ("" if control_flow else f"{_TRANSPILE}, or ")
                    + "set resilience.zne_mitigation = False"
                )
    return None


def _can_be_twirled(item: Any) -> bool:
    if item.name in NO_GATES - {"box"} or item.name in TWIRLED:
        return True
    if item.name != "rzz" or item.is_parameterized():
        return False
    return math.isclose(abs(float(item.params[0])), math.pi / 2)


def _gates(item: Any) -> Iterator[Any]:
    """The instruction itself, or what is in its bodies."""
    if not item.is_control_flow():
        if item.name not in NO_GATES:
            yield item
        return
    for block in item.operation.blocks:
        for inner in block.data:
            yield from _gates(inner)


def _off(options: Mitigation) -> str:
    """What to set so that gates are not twirled."""
    if options.pec is not None:
        return "set resilience.pec_mitigation = False and twirling.enable_gates = False"
    if options.zne is not None and options.zne.amplifier == "pea":
        return "set resilience.zne_mitigation = False and twirling.enable_gates = False"
    return "set twirling.enable_gates = False"
