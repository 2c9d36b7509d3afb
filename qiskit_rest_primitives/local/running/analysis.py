"""What a circuit asks of a simulator: which qubits it uses, whether it acts on its own results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.running.outcome import RefusedError

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

# Neither changes a state; they don't make a qubit active.
_IDLE = frozenset({"barrier", "delay"})


def active_qubits(circuit: QuantumCircuit) -> list[int]:
    """Qubits that an operation other than a barrier or a delay acts on, ascending."""
    numbers = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    return sorted(
        {
            numbers[qubit]
            for instruction in circuit.data
            if instruction.operation.name not in _IDLE
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


def only_resets(circuit: QuantumCircuit) -> bool:
    """Whether a circuit holds neither measurements nor control flow: its states stay pure."""
    return not any(
        instruction.is_control_flow() or instruction.operation.name in ("measure", "store")
        for instruction in circuit.data
    )


def is_dynamic(circuit: QuantumCircuit) -> bool:
    """Whether anything but a barrier or delay follows a measurement, or any control flow occurs.

    A reset counts once its qubit has been touched; before that it does nothing.
    """
    touched: set[Any] = set()
    measured: set[Any] = set()
    for instruction in circuit.data:
        name = instruction.operation.name
        if name in _IDLE:
            continue
        if instruction.is_control_flow() or name == "store":
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


def without_final_measurements(circuit: QuantumCircuit) -> QuantumCircuit:
    """Drops measurements after which neither their qubit nor their bit is used; bits stay."""
    used: set[Any] = set()
    kept: list[Any] = []
    for instruction in reversed(circuit.data):
        name = instruction.operation.name
        if name == "measure" and used.isdisjoint((*instruction.qubits, *instruction.clbits)):
            continue
        if name not in _IDLE:
            used.update(instruction.qubits, instruction.clbits)
        kept.append(instruction)
    if len(kept) == len(circuit.data):
        return circuit
    bare = circuit.copy_empty_like()
    for instruction in reversed(kept):
        bare.append(instruction, copy=False)
    return bare


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


def refuse_what_crashes_aer(circuit: QuantumCircuit, pub_index: int) -> None:
    """Refuses real-time variables: unsigned ones end Aer's whole process, boolean ones fail."""
    for variable in circuit.iter_vars():
        raise RefusedError(
            f"PUB {pub_index}: the simulator has no real-time variables such as "
            f"{getattr(variable, 'name', variable)!r}",
            solution="Use bits of a classical register.",
        )
