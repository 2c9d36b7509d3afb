"""Checks that a device can run a circuit as it is. In: QuantumCircuit and Target. Out: ISAError.

A device runs only its own instructions on its own qubits; the service accepts and queues other
circuits, fails them and charges for them. The rules are those of
``qiskit_ibm_runtime.utils.validate_isa_circuits``, plus one: a custom gate under the name of a
standard one is checked by its definition.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.circuit import Gate, Instruction, ParameterExpression

from qiskit_rest_primitives.errors import ISAError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

# Instructions for the compiler or the controller; they need no calibration.
ALWAYS_ALLOWED = frozenset({"barrier", "store"})
# Rounding can make π/2 slightly larger; the service has the same tolerance.
ANGLE_TOLERANCE = 1e-10
# The classes of custom gates, as made by circuit.to_gate() and to_instruction().
_GENERIC = (Gate, Instruction)
CURE = "transpile it first: generate_preset_pass_manager(backend=backend).run(circuit)"


def check_isa(circuit: QuantumCircuit, target: Target, *, pub_index: int) -> None:
    """Refuses a circuit that the device can't run as it is.

    Args:
        circuit: as the user passes it in a PUB.
        target: the device's instructions.
        pub_index: position of the PUB, for the message.

    Raises:
        ISAError: names the PUB, the first instruction that does not fit, its qubits and the cure.
    """
    if target.num_qubits is not None and circuit.num_qubits > target.num_qubits:
        raise ISAError(
            f"PUB {pub_index}: the circuit has {circuit.num_qubits} qubits, {_device(target)} has "
            f"{target.num_qubits}; choose a wider backend or cut the circuit"
        )
    _Check(target, pub_index).block(circuit, range(circuit.num_qubits), "")


class _Check:
    def __init__(self, target: Target, pub_index: int):
        self.target = target
        self.pub_index = pub_index
        self.bounded = _bounds_rzz(target)

    def block(self, circuit: QuantumCircuit, physical: Sequence[int], where: str) -> None:
        """Checks a circuit or a body of control flow.

        Args:
            circuit: the circuit or body.
            physical: the device's qubit of each of the circuit's qubits.
            where: path from the whole circuit to this body, for the message.
        """
        device_qubit = dict(zip(circuit.qubits, physical, strict=True))
        supports = self.target.instruction_supported
        angled = "rzz" if self.bounded else None
        # A circuit repeats few instructions many times: ask the target once for each.
        seen: set[Any] = set()
        for position, item in enumerate(circuit.data):
            name = item.name
            qubits = item.qubits
            key = (name, qubits)
            if key not in seen:
                place = tuple([device_qubit[qubit] for qubit in qubits])
                if not supports(name, place) and name not in ALWAYS_ALLOWED:
                    raise self.error(item, place, where, position, self.reason(name, place))
                seen.add(key)
            if item.is_standard_gate():
                if name == angled and not _in_range(angle := item.params[0]):
                    place = tuple(device_qubit[qubit] for qubit in qubits)
                    reason = f"its angle {float(angle):g} is not in [0, π/2]"
                    raise self.error(item, place, where, position, reason)
            elif item.is_control_flow():
                inner = [device_qubit[qubit] for qubit in qubits]
                for number, body in enumerate(item.operation.blocks):
                    self.block(
                        body, inner, f"{where}instruction {position} ({name}), body {number}, "
                    )
            elif type(item.operation) in _GENERIC and not self.generic(name):
                place = tuple(device_qubit[qubit] for qubit in qubits)
                self.definition(item, place, where, position)

    def definition(self, item: Any, place: tuple[int, ...], where: str, position: int) -> None:
        """Checks a custom gate by its definition, which is sent in its place."""
        definition = item.operation.definition
        cure = "give it another name and transpile again, since transpiling compares names only"
        like = f"it is a custom gate named like an instruction of {_device(self.target)}"
        if definition is None:
            raise self.error(item, place, where, position, f"{like}, without a definition", cure)
        try:
            self.block(definition, place, "")
        except ISAError as error:
            why = str(error).removesuffix(f"; {CURE}")
            reason = f"{like}, and its definition does not fit ({why})"
            raise self.error(item, place, where, position, reason, cure) from None

    def generic(self, name: str) -> bool:
        """Returns whether Qiskit has no class for the device's instruction of this name."""
        return type(self.target.operation_from_name(name)) in _GENERIC

    def reason(self, name: str, qubits: tuple[int, ...]) -> str:
        """Returns why the target does not have the instruction on these qubits."""
        device = _device(self.target)
        if name not in self.target.operation_names:
            known = ", ".join(sorted(self.target.operation_names))
            return f"{device} has no such instruction (it has {known})"
        if len(qubits) == 2 and self.target.instruction_supported(name, qubits[::-1]):
            return f"on {device} it exists in the direction {qubits[::-1]} only"
        for qubit in qubits:
            if not self.target.instruction_supported("measure", (qubit,)):
                return f"qubit {qubit} of {device} is out of order"
        return f"{device} does not have it on these qubits"

    def error(
        self,
        item: Any,
        qubits: tuple[int, ...],
        where: str,
        position: int,
        reason: str,
        cure: str = CURE,
    ) -> ISAError:
        place = f"qubit {qubits[0]}" if len(qubits) == 1 else f"qubits {qubits}"
        return ISAError(
            f"PUB {self.pub_index}: {where}instruction {position}, {item.name} on {place}: "
            f"{reason}; {cure}"
        )


def check_rzz_values(
    circuit: QuantumCircuit, values: np.ndarray, target: Target, *, pub_index: int
) -> None:
    """Refuses parameter values that give an rzz angle outside [0, π/2].

    Args:
        circuit: a circuit that passed `check_isa`.
        values: float64 ``(*shape, len(circuit.parameters))`` in ``circuit.parameters`` order.
        target: the device's instructions; without bounds on rzz nothing is checked.
        pub_index: position of the PUB, for the message.

    Raises:
        ISAError: names the PUB, the expression, the angle and its position in the sweep.
    """
    if not circuit.parameters or not _bounds_rzz(target):
        return
    from qiskit_rest_primitives.circuits.expressions import Expression

    columns = {parameter: column for column, parameter in enumerate(circuit.parameters)}
    bindings = values.reshape(-1, len(columns)).T
    # A loop variable has no column: the loop sets its values.
    angles = {angle for angle in _rzz_angles(circuit) if angle.parameters <= columns.keys()}
    for angle in angles:
        found = np.real(Expression.of(angle, columns).evaluate(bindings))
        # Written so that NaN is out of range. The encoder refuses complex values.
        wrong = ~((found >= 0) & (found <= math.pi / 2 + ANGLE_TOLERANCE))
        if wrong.any():
            row = int(np.argmax(wrong))
            place = tuple(map(int, np.unravel_index(row, values.shape[:-1])))
            raise ISAError(
                f"PUB {pub_index}: rzz({angle}) gets the angle {found[row]:g} from the "
                f"parameter values at {place}, which is not in [0, π/2]; choose other values, or "
                "bind the parameters and transpile, which folds the angle"
            )


def _rzz_angles(circuit: QuantumCircuit) -> list[Any]:
    """Returns the angles of rzz that depend on parameters, in control flow too."""
    angles: list[Any] = []
    for item in circuit.data:
        if item.name == "rzz" and isinstance(item.params[0], ParameterExpression):
            angles.append(item.params[0])
        elif item.is_control_flow():
            for body in item.operation.blocks:
                angles += _rzz_angles(body)
    return angles


def _bounds_rzz(target: Target) -> bool:
    return "rzz" in target.operation_names and target.gate_has_angle_bounds("rzz")


def _in_range(angle: Any) -> bool:
    if isinstance(angle, ParameterExpression) and angle.parameters:
        return True
    return 0.0 <= float(angle) <= math.pi / 2 + ANGLE_TOLERANCE


def _device(target: Target) -> str:
    return target.description or "the backend"
