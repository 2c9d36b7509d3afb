"""Properties of a circuit that decide how it is simulated, and steps that simplify it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.circuits.measured import IDLE
from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.base.classical_reads import named_bits

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


def active_qubits(circuit: QuantumCircuit) -> list[int]:
    """Qubits that an operation other than a barrier or a delay acts on, ascending."""
    numbers = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    return sorted(
        {
            numbers[qubit]
            for instruction in circuit.data
            if instruction.name not in IDLE
            for qubit in instruction.qubits
        }
    )


def keep_qubits(circuit: QuantumCircuit, kept: list[int]) -> QuantumCircuit:
    """The circuit on `kept` only, renumbered 0, 1, ...; registers of bits stay."""
    from qiskit.circuit import QuantumCircuit, QuantumRegister

    numbers = {circuit.qubits[qubit]: index for index, qubit in enumerate(kept)}
    small = QuantumCircuit(
        name=circuit.name, global_phase=circuit.global_phase, metadata=circuit.metadata
    )
    qubits = QuantumRegister(len(kept), "q")
    small.add_register(qubits)
    small.add_bits([bit for bit in circuit.clbits if not circuit.find_bit(bit).registers])
    for creg in circuit.cregs:
        small.add_register(creg)
    for variable in circuit.iter_declared_vars():
        small.add_uninitialized_var(variable)
    for stretch in circuit.iter_declared_stretches():
        small.add_stretch(stretch)
    for instruction in circuit.data:
        placed = [qubits[numbers[qubit]] for qubit in instruction.qubits if qubit in numbers]
        if len(placed) == len(instruction.qubits):
            small.append(instruction.operation, placed, instruction.clbits, copy=False)
        elif placed and instruction.operation.name == "barrier":
            small.barrier(placed)
    return small


def keep_letters(observable: dict[str, float], kept: list[int]) -> dict[str, float]:
    """The observable on `kept` qubits, where the others are in state 0: there Z is 1, X and Y 0."""
    width = len(next(iter(observable), ""))
    dropped = [width - 1 - qubit for qubit in range(width) if qubit not in set(kept)]
    places = [width - 1 - qubit for qubit in reversed(kept)]
    small: dict[str, float] = {}
    for pauli, coefficient in observable.items():
        if any(pauli[place] in "XY" for place in dropped):
            coefficient = 0.0
        letters = "".join(pauli[place] for place in places)
        small[letters] = small.get(letters, 0.0) + coefficient
    return small


def is_dynamic(circuit: QuantumCircuit) -> bool:
    """Whether anything but a barrier or delay follows a measurement, or any control flow occurs.

    A reset counts once its qubit has been touched; before that it does nothing.
    """
    touched: set[Any] = set()
    measured: set[Any] = set()
    for instruction in circuit.data:
        # Not its operation unless it has to be: Qiskit makes a Python object at each access.
        name = instruction.name
        if name in IDLE:
            continue
        if instruction.is_control_flow() or name == "store":
            return True
        if not instruction.is_standard_gate() and measures_inside(instruction.operation):
            return True
        if name == "measure":
            if instruction.qubits[0] in measured:
                continue
            measured.add(instruction.qubits[0])
        elif name == "reset":
            if instruction.qubits[0] in touched or instruction.qubits[0] in measured:
                return True
            continue
        elif not measured.isdisjoint(instruction.qubits):
            return True
        touched.update(instruction.qubits)
    return False


def split_final_measurements(
    circuit: QuantumCircuit,
) -> tuple[QuantumCircuit, list[tuple[int, int]]]:
    """Removes final measurements: neither their qubit nor their bit is used afterwards.

    Returns:
        The circuit without them, with all its bits; and their (qubit, clbit), in order.
    """
    used: set[Any] = set()
    kept: list[Any] = []
    final: list[Any] = []
    for instruction in reversed(circuit.data):
        name = instruction.name
        if name == "measure" and used.isdisjoint((*instruction.qubits, *instruction.clbits)):
            final.append(instruction)
            continue
        if name not in IDLE:
            used.update(instruction.qubits, instruction.clbits)
            if instruction.is_control_flow() or name == "store":
                used |= named_bits(instruction.operation)
        kept.append(instruction)
    if not final:
        return circuit, []
    bare = circuit.copy_empty_like()
    for instruction in reversed(kept):
        bare.append(instruction, copy=False)
    qubits = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    clbits = {clbit: index for index, clbit in enumerate(circuit.clbits)}
    return bare, [(qubits[i.qubits[0]], clbits[i.clbits[0]]) for i in reversed(final)]


def keep_after_measuring(observable: dict[str, float], qubits: set[int]) -> dict[str, float]:
    """The observable after a measurement of `qubits`: terms with X or Y there have the value 0."""
    return {
        pauli: 0.0 if any(pauli[len(pauli) - 1 - qubit] in "XY" for qubit in qubits) else value
        for pauli, value in observable.items()
    }


def without_leading_resets(circuit: QuantumCircuit) -> QuantumCircuit:
    """Drops resets of a circuit that is not dynamic: they act on fresh qubits."""
    if not any(instruction.operation.name == "reset" for instruction in circuit.data):
        return circuit
    bare = circuit.copy_empty_like()
    for instruction in circuit.data:
        if instruction.operation.name != "reset":
            bare.append(instruction)
    return bare


def all_instructions(circuit: QuantumCircuit) -> Iterator[Any]:
    """Every instruction, those inside control flow included."""
    for instruction in circuit.data:
        yield instruction
        for block in getattr(instruction.operation, "blocks", ()):
            yield from all_instructions(block)


def branches_bound(circuit: QuantumCircuit) -> int:
    """Base-2 logarithm of an upper bound of the amplitudes in a circuit's branches."""
    from qiskit.circuit import ForLoopOp, WhileLoopOp

    splits = 0.0
    for instruction in all_instructions(circuit):
        if isinstance(instruction.operation, (ForLoopOp, WhileLoopOp)):
            splits = math.inf
        elif instruction.operation.name in ("measure", "reset"):
            splits += 1
        elif measures_inside(instruction.operation):
            splits = math.inf
    return circuit.num_qubits + int(min(circuit.num_qubits, splits))


def refuse_inputs(circuit: QuantumCircuit, pub_index: int) -> None:
    """Refuses input variables: a PUB has no values for them."""
    for variable in circuit.iter_input_vars():
        raise RefusedError(
            f"PUB {pub_index}: the circuit's input variable {variable.name!r} has no value; a PUB "
            "gives values to parameters only",
            solution="Declare it with add_var() and an initial value.",
        )


def unfolded(circuit: QuantumCircuit) -> QuantumCircuit:
    """Replaces boxes, and instructions that measure, by their contents.

    Contents with conditions on bits that have other names inside stay as they are. Control flow
    from which a transpiler has taken all gates is left out, except for loops that may not end.
    """
    if all(
        i.is_standard_gate() or not (i.is_control_flow() or measures_inside(i.operation))
        for i in circuit.data
    ):
        return circuit
    from qiskit.circuit import BoxOp, WhileLoopOp

    flat = circuit.copy_empty_like()
    for instruction in circuit.data:
        operation, inner = instruction.operation, None
        if instruction.is_control_flow() and operation.blocks:
            blocks = [unfolded(block) for block in operation.blocks]
            empty = not operation.num_qubits and not any(block.data for block in blocks)
            if empty and not isinstance(operation, WhileLoopOp):
                continue
            operation = operation.replace_blocks(blocks)
            if isinstance(operation, BoxOp):
                inner = blocks[0]
        elif measures_inside(operation):
            inner = unfolded(operation.definition)
        bits = (instruction.qubits, instruction.clbits)
        if inner is not None and _may_stand_in(inner, instruction):
            flat.compose(inner, *bits, inplace=True, copy=False)
        else:
            flat.append(operation, *bits, copy=False)
    return flat


def _may_stand_in(inner: QuantumCircuit, instruction: Any) -> bool:
    """Whether `compose` can replace the instruction by the circuit without confusing bits."""
    return not inner.num_vars and (
        list(inner.clbits) == list(instruction.clbits)
        or not any(inside.is_control_flow() for inside in inner.data)
    )


def measures_inside(operation: Any) -> bool:
    """Whether an instruction's definition has measurements, resets or control flow."""
    from qiskit.circuit import Barrier, Delay, Gate, Instruction, Measure, Reset, Store

    if isinstance(operation, (Gate, Measure, Reset, Barrier, Delay, Store)) or not isinstance(
        operation, Instruction
    ):
        return False
    definition: Any = None if hasattr(operation, "blocks") else operation.definition
    return definition is not None and any(
        isinstance(inner.operation, (Measure, Reset, Store))
        or inner.is_control_flow()
        or measures_inside(inner.operation)
        for inner in definition.data
    )
