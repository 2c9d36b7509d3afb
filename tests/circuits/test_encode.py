"""qiskit-qasm3-import reads the encoded text as the user's circuit."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit, QuantumRegister, qasm3, transpile
from qiskit.circuit import AnnotatedOperation, ControlModifier, Parameter, ParameterVector, Qubit
from qiskit.circuit.classical import expr
from qiskit.circuit.library import (
    DiagonalGate,
    GlobalPhaseGate,
    HGate,
    LinearFunction,
    MCPhaseGate,
    PauliEvolutionGate,
    PauliGate,
    PermutationGate,
    QFTGate,
    RVGate,
    StatePreparation,
    SwapGate,
    UnitaryGate,
    XGate,
    efficient_su2,
    get_standard_gate_name_mapping,
    qaoa_ansatz,
    real_amplitudes,
    zz_feature_map,
)
from qiskit.quantum_info import (
    Operator,
    SparsePauliOp,
    Statevector,
    random_clifford,
    random_statevector,
    random_unitary,
)
from qiskit.transpiler import CouplingMap

from qiskit_rest_primitives.circuits import encode_circuit
from tests.circuits.compare import assert_same_operator, declared_inputs, loaded

ANGLES = np.random.default_rng(11).uniform(0.1, 0.9, 100)

NAMES = """
θ[0]|my param|a-b|a.b|a[0]|$0|中|é|input|gate|cx|h|U|pi|τ|euler|switch|case|default|pragma|readonly
void|true|false|im|_|sin|exp|dt|ns|e|p00001|q|"|a\\b|
""".replace("\n", "|").split("|")


def test_parameter_vector_of_twelve_keeps_its_order() -> None:
    """θ[10] is not sorted before θ[2]: inputs are zero-padded, so both readings of order agree."""
    theta = ParameterVector("θ", 12)
    circuit = QuantumCircuit(2)
    for index, parameter in enumerate(theta):
        circuit.rx(parameter, index % 2)
        circuit.cx(0, 1)
    encoded = assert_same_operator(circuit, ANGLES[:12])
    assert declared_inputs(encoded.qasm) == [f"p{index:05d}" for index in range(12)]
    assert encoded.description.parameters == tuple(f"θ[{index}]" for index in range(12))


@pytest.mark.parametrize("name", NAMES)
def test_any_parameter_name(name: str) -> None:
    """A parameter may have any name: a keyword, a gate, a constant, another alphabet, nothing."""
    circuit = QuantumCircuit(1)
    for index, own in enumerate([name, f"{name} ", "p00000"]):
        circuit.rx(Parameter(own), 0) if index % 2 else circuit.rz(Parameter(own), 0)
    assert_same_operator(circuit, ANGLES[:3])


def test_two_parameters_of_different_circuits_share_a_name_with_a_register() -> None:
    """A parameter called like a register or the qubits does not rename them."""
    circuit = QuantumCircuit(QuantumRegister(2, "q"))
    circuit.rx(Parameter("q"), 0)
    circuit.rx(Parameter("meas"), 1)
    encoded = assert_same_operator(circuit, [0.1, 0.2])
    assert "qubit[2] q;" in encoded.qasm


def test_global_phase_is_dropped_with_its_parameter() -> None:
    """A parameter only in the global phase is not declared: services count the inputs of gates."""
    circuit = QuantumCircuit(1, global_phase=2 * Parameter("a"))
    circuit.append(GlobalPhaseGate(Parameter("b")), [])
    circuit.rx(Parameter("c"), 0)
    encoded = assert_same_operator(circuit, [0.1, 0.2, 0.3])
    assert encoded.num_parameters == 1
    assert encoded.encode_values([[0.1, 0.2, 0.3]]).tolist() == [[0.3]]


@pytest.mark.parametrize(
    "angle",
    [
        np.pi * 1.0000000001,
        1e-10,
        0.1 + 0.2,
        5e-324,
        1e22,
        -1e-5,
        float(np.nextafter(np.pi / 2, 4)),
        1e16,
        9999999999999998.0,
        -0.0001,
        9.999e-5,
        0.0,
    ],
)
def test_angles_are_exact(angle: float) -> None:
    """No angle is folded to a fraction of pi, or rounded."""
    circuit = QuantumCircuit(1)
    circuit.rx(angle, 0)
    assert qasm3.loads(encode_circuit(circuit).qasm).data[0].operation.params == [angle]


@pytest.mark.parametrize(
    "name",
    sorted(set(get_standard_gate_name_mapping()) - {"measure", "reset", "delay", "global_phase"}),
)
def test_every_standard_gate(name: str) -> None:
    """Each standard gate, with its definition where stdgates.inc lacks it."""
    gate = get_standard_gate_name_mapping()[name]
    circuit = QuantumCircuit(gate.num_qubits)
    circuit.append(type(gate)(*ANGLES[: len(gate.params)]), circuit.qubits[::-1])
    assert_same_operator(circuit)


def custom() -> QuantumCircuit:
    """A circuit whose parameters are used in another order than they sort."""
    circuit = QuantumCircuit(2, name="foo")
    circuit.rx(Parameter("b"), 0)
    circuit.ry(2 * Parameter("a"), 1)
    circuit.cx(0, 1)
    return circuit


def test_custom_gates_of_one_name() -> None:
    """Gates that share a name but not a definition, bound, inverted, controlled, instructions."""
    inner, other = custom(), QuantumCircuit(2, name="foo")
    other.cz(0, 1)
    circuit = QuantumCircuit(3)
    circuit.append(inner.to_gate(), [0, 1])
    circuit.append(other.to_gate(), [1, 2])
    circuit.append(inner.assign_parameters([0.1, 0.2]).to_gate(), [2, 0])
    circuit.append(inner.to_instruction(), [1, 0])
    circuit.append(inner.to_gate().inverse(), [0, 2])
    circuit.append(inner.assign_parameters([0.3, 0.4]).to_gate().control(1), [0, 1, 2])
    assert_same_operator(circuit, [0.6, 0.7])


def test_custom_gate_partially_bound() -> None:
    """Binding after to_gate changes the definition that is written."""
    circuit = QuantumCircuit(2)
    circuit.append(custom().to_gate(), [0, 1])
    partly = circuit.assign_parameters({circuit.parameters[0]: 0.25})
    assert_same_operator(partly, [0.5])


@pytest.mark.parametrize("name", ["qft", "mcx", "clifford", "permutation", "unitary", "pauli"])
def test_custom_gate_called_like_a_synthesis_method(name: str) -> None:
    """A custom gate named like one of Qiskit's high-level objects keeps its definition."""
    inner = custom().assign_parameters([0.1, 0.2])
    inner.name = name
    circuit = QuantumCircuit(3)
    circuit.append(inner.to_gate(), [0, 1])
    circuit.append(inner.to_gate().control(1), [2, 0, 1])
    assert_same_operator(circuit)


@pytest.mark.parametrize(
    "operation",
    [
        QFTGate(3),
        PermutationGate([2, 0, 1]),
        DiagonalGate([1, 1, 1, 1, -1, 1, 1, -1]),
        UnitaryGate(random_unitary(8, seed=1)),
        PauliGate("XYZ"),
        random_clifford(3, seed=1),
        LinearFunction([[1, 1, 0], [0, 1, 0], [0, 0, 1]]),
        HGate().control(2, ctrl_state=1, annotated=True),
        AnnotatedOperation(SwapGate(), [ControlModifier(1)]),
        MCPhaseGate(0.3, 2),
        RVGate(0.1, 0.2, 0.3),
        XGate().control(2, ctrl_state=2),
        XGate(label="mine").control(1, ctrl_state=0),
    ],
    ids=lambda operation: operation.name,
)
def test_high_level_objects(operation: object) -> None:
    """Objects that qasm3.dumps refuses or writes wrongly are synthesised first."""
    circuit = QuantumCircuit(3)
    circuit.h([0, 1, 2])
    circuit.append(operation, range(operation.num_qubits))
    assert_same_operator(circuit)


def test_multi_controlled_x_of_every_width() -> None:
    """Gates of several widths share the name mcx, one of them a standard gate."""
    circuit = QuantumCircuit(6)
    circuit.h(range(6))
    circuit.mcx([0, 1, 2, 3, 4], 5)
    circuit.mcx([0, 1, 2], 4)
    circuit.mcx([0, 1, 2, 3], 5)
    assert_same_operator(circuit)


ISING = SparsePauliOp(["ZZI", "IZZ", "ZII"], [0.3, 0.4, 0.5])


@pytest.mark.filterwarnings("ignore:The class:DeprecationWarning", "ignore:splu|spsolve")
@pytest.mark.parametrize("old", [True, False])
def test_library_ansatzes(old: bool) -> None:
    """QAOA, RealAmplitudes and EfficientSU2 with more than ten parameters, as class or function."""
    from qiskit.circuit.library import EfficientSU2, QAOAAnsatz, RealAmplitudes, ZZFeatureMap

    circuits = (
        [
            QAOAAnsatz(ISING, reps=2),
            RealAmplitudes(3, reps=4),
            EfficientSU2(3, reps=2),
            ZZFeatureMap(3),
        ]
        if old
        else [
            qaoa_ansatz(ISING, reps=2),
            real_amplitudes(3, reps=4),
            efficient_su2(3, reps=2),
            zz_feature_map(3),
        ]
    )
    for circuit in circuits:
        assert_same_operator(circuit, ANGLES[: circuit.num_parameters])


def test_pauli_evolution_follows_its_own_definition() -> None:
    """The text has the Trotter steps of the gate's definition; time may be an expression."""
    first, second = Parameter("b"), Parameter("a")
    gate = PauliEvolutionGate(SparsePauliOp(["ZZ", "XI"], [0.3, 0.4]), 2 * first + second)
    circuit, expected = QuantumCircuit(2), QuantumCircuit(2)
    circuit.append(gate, [0, 1])
    expected.compose(gate.definition, inplace=True)
    found = loaded(encode_circuit(circuit), [0.3, 0.4])
    assert Operator(found).equiv(Operator(expected.assign_parameters({second: 0.3, first: 0.4})))


def test_state_preparation_and_initialize() -> None:
    """Both prepare the state; initialize by resets, which keep |0> as it is."""
    state = random_statevector(8, seed=2)
    prepared = QuantumCircuit(3)
    prepared.append(StatePreparation(state), [2, 0, 1])
    assert Statevector(loaded(encode_circuit(prepared))).equiv(Statevector(prepared))
    initialized = QuantumCircuit(3)
    initialized.initialize(state.data)
    found = loaded(encode_circuit(initialized))
    assert found.count_ops()["reset"] == 3
    assert Statevector(found).equiv(state)


def test_loose_and_shared_qubits_keep_their_index() -> None:
    """Qubits outside registers, or registers in another order, do not permute the qubits."""
    bits = [Qubit() for _ in range(4)]
    circuit = QuantumCircuit(bits)
    circuit.add_register(QuantumRegister(bits=[bits[3], bits[1]], name="r"))
    circuit.add_register(QuantumRegister(bits=[bits[1], bits[2]], name="overlap"))
    circuit.add_register(QuantumRegister(1, "q"))
    circuit.h(0)
    circuit.cx(0, 3)
    circuit.t(1)
    circuit.cx(2, 1)
    circuit.rx(0.1, 4)
    assert "qubit[5] q;" in assert_same_operator(circuit).qasm


def test_transpiled_circuit_keeps_its_width() -> None:
    """A layout is ignored: all qubits of the device are declared, idle ones too."""
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    isa = transpile(
        circuit,
        coupling_map=CouplingMap.from_line(7),
        basis_gates=["rz", "sx", "cz"],
        initial_layout=[4, 2, 3],
        seed_transpiler=1,
    )
    encoded = assert_same_operator(isa)
    assert "qubit[7] q;" in encoded.qasm
    assert "$" not in encoded.qasm
    assert encoded.description.num_qubits == 7


@pytest.mark.parametrize(
    ("duration", "unit", "text"),
    [
        (100, "ns", "100"),
        (1.5, "us", "1.5us"),
        (1e-6, "s", "1e-06s"),
        (3, "dt", "3dt"),
        (100, "ps", "0.1ns"),
        (2, "ms", "2"),
    ],
)
def test_delays_keep_their_unit(duration: float, unit: str, text: str) -> None:
    """Delays stay, with their unit; picoseconds become nanoseconds."""
    circuit = QuantumCircuit(1)
    circuit.delay(duration, 0, unit)
    encoded = encode_circuit(circuit)
    assert f"delay[{text}" in encoded.qasm
    seconds = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "ps": 1e-12, "dt": 1}
    delay = qasm3.loads(encoded.qasm).data[0].operation
    assert delay.duration * seconds[delay.unit] == pytest.approx(duration * seconds[unit])


def test_delay_of_a_constant_duration_expression() -> None:
    """A Duration literal is a number like any other."""
    from qiskit.circuit import Duration

    circuit = QuantumCircuit(1)
    circuit.delay(expr.lift(Duration.ns(100.0)), 0)
    circuit.delay(expr.lift(Duration.ps(100.0)), 0)
    found = qasm3.loads(encode_circuit(circuit).qasm)
    assert [inst.operation.duration for inst in found.data] == [100.0, 0.1]


@pytest.mark.parametrize(
    "circuit",
    [
        QuantumCircuit(),
        QuantumCircuit(0, 2),
        QuantumCircuit(2),
        QuantumCircuit(QuantumRegister(0, "a")),
    ],
    ids=["nothing", "bits only", "qubits only", "empty register"],
)
def test_nearly_empty_circuits(circuit: QuantumCircuit) -> None:
    """No gates, no qubits, no bits: still a text that loads."""
    found = loaded(encode_circuit(circuit))
    assert (found.num_qubits, found.num_clbits) == (circuit.num_qubits, circuit.num_clbits)


def test_barriers_resets_and_repeated_measurements() -> None:
    """Non-gates arrive in order, empty barriers excepted."""
    circuit = QuantumCircuit(2, 1)
    circuit.barrier(label="start")
    circuit.reset(0)
    circuit.measure(0, 0)
    circuit.measure(1, 0)
    circuit.append(QuantumCircuit(0, 0).to_instruction(), [])
    names = [inst.operation.name for inst in loaded(encode_circuit(circuit)).data]
    assert names == ["barrier", "reset", "measure", "measure"]


def test_circuit_is_left_as_it_is() -> None:
    """Encoding neither flattens, names nor binds anything in the user's circuit."""
    inner = custom()
    circuit = inner.copy()
    circuit.append(inner.to_gate(), [1, 0])
    circuit.append(PauliEvolutionGate(SparsePauliOp("XX"), 0.1), [0, 1])
    with circuit.for_loop((0, 1), Parameter("i")) as index:
        circuit.rx(2 * index, 0)
    circuit.metadata = {"a": [1]}
    before = circuit.copy()
    encode_circuit(circuit)
    assert circuit == before
    assert circuit.metadata == before.metadata
    assert circuit.count_ops() == before.count_ops()
