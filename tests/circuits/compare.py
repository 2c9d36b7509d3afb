"""Compares encoded circuits, as read by Qiskit's importer, with the originals in Qiskit or Aer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import ClassicalRegister, QuantumRegister
from qiskit.primitives import BitArray
from qiskit.quantum_info import Operator

from qiskit_rest_primitives.circuits import EncodedCircuit, encode_circuit


def loaded(encoded: EncodedCircuit, values: Sequence[float] = ()) -> QuantumCircuit:
    """Reads the text with qiskit-qasm3-import and binds the inputs by name."""
    circuit = qasm3.loads(encoded.qasm)
    inputs = encoded.encode_values(np.asarray(values, dtype=float))
    names = declared_inputs(encoded.qasm)
    assert len(names) == encoded.num_parameters == inputs.shape[-1]
    assert names == sorted(names)
    # A service may sort by name, or take the order of the declarations.
    assert [parameter.name for parameter in circuit.parameters if is_input(parameter)] == names
    return circuit.assign_parameters(dict(zip(names, inputs, strict=True)))


def is_input(parameter: Any) -> bool:
    """False for a loop variable, which Qiskit 2.2 lists among the parameters."""
    return parameter.name.startswith("p")


def declared_inputs(text: str) -> list[str]:
    """Returns the names of the declared inputs."""
    return re.findall(r"^input float\[64\] (\w+);$", text, re.MULTILINE)


def assert_same_operator(circuit: QuantumCircuit, values: Sequence[float] = ()) -> EncodedCircuit:
    """The text means the same unitary as the circuit, up to global phase."""
    encoded = encode_circuit(circuit)
    found = loaded(encoded, values)
    assert found.num_qubits == circuit.num_qubits
    expected = circuit.assign_parameters(list(values)) if len(values) else circuit
    assert Operator(found).equiv(Operator(expected)), encoded.qasm
    return encoded


def counts(circuit: QuantumCircuit, shots: int = 1) -> dict[str, list[int]]:
    """Runs a circuit on Aer; returns, by register, the sorted values of the shots."""
    from qiskit_aer import AerSimulator

    simulator = AerSimulator(method="statevector", seed_simulator=7)
    memory = simulator.run(circuit, shots=shots, memory=True).result().get_memory()
    result: dict[str, list[int]] = {}
    for index, creg in enumerate(reversed(circuit.cregs)):
        result[creg.name] = sorted(int(shot.split(" ")[index], 2) for shot in memory)
    return result


def restored_counts(encoded: EncodedCircuit, circuit: QuantumCircuit) -> dict[str, list[int]]:
    """Runs the imported text on Aer, and restores the user's registers."""
    fields = {
        name: BitArray.from_samples(values, num_bits=width)
        for (name, values), width in zip(
            reversed(counts(circuit).items()), [creg.size for creg in circuit.cregs], strict=True
        )
    }
    restored = encoded.description.restore_registers(fields, (), 1)
    # Qiskit's get_bitstrings fails on registers of size zero, whose value is 0.
    return {
        name: [int(v, 2) for v in bits.get_bitstrings()] if bits.num_bits else [0]
        for name, bits in restored.items()
    }


def assert_same_outcome(circuit: QuantumCircuit, values: Sequence[float] = ()) -> EncodedCircuit:
    """A circuit with a deterministic outcome has the same outcome after encoding and import."""
    encoded = encode_circuit(circuit)
    # Qiskit 2.2 counts loop variables among the parameters, but can not bind them.
    values = [*values, *[0.0] * (circuit.num_parameters - len(values))]
    free = {
        parameter: value
        for parameter, value in zip(circuit.parameters, values, strict=True)
        if parameter.name in ("scale", "turn")
    }
    bound = circuit.assign_parameters(free) if free else circuit
    assert restored_counts(encoded, loaded(encoded, values)) == counts(bound), encoded.qasm
    return encoded


def canonical(circuit: QuantumCircuit, encoded: EncodedCircuit) -> QuantumCircuit:
    """Rebuilds a flat circuit with the wire's names, without using the package's writer."""
    wire = {source.name: source.wire for source in encoded.description.registers}
    cregs = [ClassicalRegister(creg.size, wire[creg.name]) for creg in circuit.cregs]
    result = QuantumCircuit(QuantumRegister(circuit.num_qubits, "q"), *cregs)
    for instruction in circuit.data:
        if instruction.name == "global_phase":
            continue
        clbits = []
        for bit in instruction.clbits:
            register, index = circuit.find_bit(bit).registers[0]
            clbits.append(cregs[circuit.cregs.index(register)][index])
        qubits = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        result.append(instruction.operation, qubits, clbits)
    return result


def without_comments(text: str) -> str:
    """Returns the text without comment lines."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("//"))
