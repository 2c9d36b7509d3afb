"""Results have the user's registers, as those of the reference sampler."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.primitives import BitArray, StatevectorSampler

from qiskit_rest_primitives.circuits import CircuitDescription, encode_circuit
from qiskit_rest_primitives.errors import ProtocolError


def encoded_and_restored(circuit: QuantumCircuit, shots: int = 5) -> dict[str, BitArray]:
    """Samples the imported circuit with the reference sampler, and restores the registers."""
    encoded = encode_circuit(circuit)
    result = StatevectorSampler(seed=1).run([qasm3.loads(encoded.qasm)], shots=shots).result()[0]
    description = CircuitDescription.from_qasm(encoded.qasm)
    assert description == encoded.description
    return description.restore_registers(dict(result.data.items()), (), shots)


def assert_as_reference(circuit: QuantumCircuit) -> None:
    """The restored registers are those of the reference sampler on the user's circuit."""
    expected = StatevectorSampler(seed=1).run([circuit], shots=5).result()[0].data
    found = encoded_and_restored(circuit)
    assert list(found) == list(expected)
    for name, bits in expected.items():
        assert found[name].num_bits == bits.num_bits
        assert found[name].num_shots == bits.num_shots
        assert np.array_equal(found[name].array, bits.array)


NAMES = """
meas|c|c0|input|c-0|U|θ|q|h|cx|pi|sin|switch|case|default|void|true|readonly|dt|a b||p00000|i0|é
Upper|_under|lambda|def|import|p1|rzz|mcx|im|中|A|c1
""".replace("\n", "|").split("|")


@pytest.mark.parametrize("name", NAMES)
def test_any_register_name(name: str) -> None:
    """A register may have any name; the result has it unchanged."""
    circuit = QuantumCircuit(QuantumRegister(3, "qubits"))
    circuit.add_register(ClassicalRegister(2, name), ClassicalRegister(1, "other"))
    circuit.x([0, 2])
    circuit.measure([0, 1, 2], [1, 0, 2])
    assert_as_reference(circuit)


@pytest.mark.parametrize("name", ["self", "shape", "keys", "size", "ndim", "items", "values"])
def test_register_names_that_break_data_bin_are_not_on_the_wire(name: str) -> None:
    """DataBin has no such fields, so the register has another name on the wire."""
    circuit = QuantumCircuit(1)
    circuit.add_register(ClassicalRegister(1, name))
    circuit.x(0)
    circuit.measure(0, 0)
    (source,) = encode_circuit(circuit).description.registers
    assert source.name == name
    assert source.wire == "c0"
    assert encoded_and_restored(circuit)[name].get_counts() == {"1": 5}


@pytest.mark.parametrize("name", ["meas", "c", "alpha_1", "myReg"])
def test_portable_names_are_unchanged(name: str) -> None:
    """A name that every importer reads unchanged is the name on the wire."""
    circuit = QuantumCircuit(1)
    circuit.add_register(ClassicalRegister(1, name))
    assert f"\nbit[1] {name};\n" in encode_circuit(circuit).qasm


def test_canonical_names_avoid_the_users() -> None:
    """A renamed register does not get the name c0 of another register of the user."""
    circuit = QuantumCircuit(1)
    circuit.add_register(ClassicalRegister(1, "input"), ClassicalRegister(1, "c0"))
    assert [source.wire for source in encode_circuit(circuit).description.registers] == [
        "c1",
        "c0",
    ]


def test_zero_size_registers() -> None:
    """An empty register is not sent, but is in the result."""
    circuit = QuantumCircuit(
        QuantumRegister(1), ClassicalRegister(0, "e"), ClassicalRegister(1, "c")
    )
    circuit.x(0)
    circuit.measure(0, 0)
    assert "bit[0]" not in encode_circuit(circuit).qasm
    assert_as_reference(circuit)


def test_a_circuit_with_only_a_zero_size_register() -> None:
    """Without sent registers the result has the empty register, in the PUB's shape."""
    description = encode_circuit(QuantumCircuit(1).copy_empty_like()).description
    assert description.restore_registers({}, (2, 3), 7) == {}
    circuit = QuantumCircuit(QuantumRegister(1), ClassicalRegister(0, "e"))
    restored = encode_circuit(circuit).description.restore_registers({}, (2, 3), 7)
    assert restored["e"].array.shape == (2, 3, 7, 0)
    assert restored["e"].num_bits == 0


def test_unmeasured_and_loose_bits() -> None:
    """Unmeasured bits are zero; loose bits, also between registers, are in no register."""
    circuit = QuantumCircuit(3)
    circuit.add_bits([Clbit()])
    circuit.add_register(ClassicalRegister(2, "a"))
    circuit.add_bits([Clbit()])
    circuit.add_register(ClassicalRegister(3, "b"))
    circuit.x([0, 2])
    circuit.measure([0, 1, 2], [0, 2, 5])
    assert_as_reference(circuit)


def overlapping() -> tuple[QuantumCircuit, list[Clbit]]:
    """Three registers on four bits, one of them in another order."""
    bits = [Clbit() for _ in range(4)]
    circuit = QuantumCircuit(QuantumRegister(4), bits)
    circuit.add_register(ClassicalRegister(bits=bits[:2], name="low"))
    circuit.add_register(ClassicalRegister(bits=[bits[2], bits[1]], name="U"))
    circuit.add_register(ClassicalRegister(bits=bits, name="all"))
    return circuit, bits


@pytest.mark.parametrize("pattern", range(16))
def test_overlapping_registers(pattern: int) -> None:
    """Bits in several registers are sent once and given back in each."""
    circuit, bits = overlapping()
    for index in range(4):
        if pattern >> index & 1:
            circuit.x(index)
    circuit.measure(range(4), bits)
    assert_as_reference(circuit)


def test_measurement_levels_0_and_1_are_restored_by_column() -> None:
    """Arrays of complex numbers are split along their last axis, the bits."""
    circuit, _ = overlapping()
    low = np.arange(2 * 3 * 2).reshape(2, 3, 2) * 1j
    rest = np.arange(2 * 3 * 2).reshape(2, 3, 2) + 100.0
    restored = encode_circuit(circuit).description.restore_registers(
        {"low": low, "c0": rest}, (2,), 3
    )
    assert np.array_equal(restored["low"], low)
    assert np.array_equal(restored["U"], np.stack([rest[..., 0], low[..., 1]], axis=-1))
    assert restored["all"].shape == (2, 3, 4)


def test_missing_or_resized_registers_are_a_protocol_error() -> None:
    """A register that is missing or has another width is named."""
    circuit, _ = overlapping()
    restore = encode_circuit(circuit).description.restore_registers
    one = BitArray(np.zeros((4, 1), dtype=np.uint8), 1)
    two = BitArray(np.zeros((4, 1), dtype=np.uint8), 2)
    with pytest.raises(ProtocolError, match=r"'low'.*missing.*'c0'"):
        restore({"c0": two}, (), 4)
    with pytest.raises(ProtocolError, match="'low' has 2 bits, but the result has 1"):
        restore({"low": one, "c0": two}, (), 4)
    with pytest.raises(ProtocolError, match="'all' needs bit 1 of 'c0'"):
        restore({"low": two, "c0": one}, (), 4)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_random_registers_are_restored(data: st.DataObject) -> None:
    """Any layout of registers over bits, any measurements: as the reference sampler."""
    size = data.draw(st.integers(1, 5))
    bits = [Clbit() for _ in range(size)]
    circuit = QuantumCircuit(QuantumRegister(size), bits)
    names = data.draw(st.lists(st.text(max_size=4), unique=True, max_size=4))
    for name in names:
        if name in ("self", "shape", "size", "ndim"):
            continue
        own = data.draw(st.lists(st.sampled_from(bits), unique=True))
        register = ClassicalRegister(bits=own, name=name) if own else ClassicalRegister(0, name)
        circuit.add_register(register)
    circuit.x(data.draw(st.lists(st.sampled_from(range(size)), unique=True, min_size=1)))
    for qubit in data.draw(st.lists(st.sampled_from(range(size)), unique=True, min_size=1)):
        circuit.measure(qubit, data.draw(st.sampled_from(range(size))))
    if circuit.cregs:
        assert_as_reference(circuit)
