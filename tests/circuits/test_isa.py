from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ClassicalRegister, Gate, Parameter, QuantumRegister
from qiskit.circuit.library import UnitaryGate
from qiskit.transpiler import Target

from qiskit_rest_primitives.circuits.isa import check_isa, check_rzz_values
from qiskit_rest_primitives.errors import ISAError
from qiskit_rest_primitives.wire.target.target import decode_target

PAIRS = [[0, 1], [1, 2], [3, 2]]


def device(**fields: Any) -> Target:
    """Five qubits, cx and rzz in one direction on three pairs, qubit 4 out of order."""
    configuration = {
        "backend_name": "line",
        "n_qubits": 5,
        "basis_gates": ["cx", "rzz", "rz", "sx", "x", "foo"],
        "gates": [
            {"name": "cx", "parameters": [], "coupling_map": PAIRS},
            {"name": "rzz", "parameters": ["a"], "coupling_map": PAIRS},
            {"name": "foo", "parameters": [], "coupling_map": [[0]]},
            *(
                {"name": name, "parameters": [], "coupling_map": [[q] for q in range(5)]}
                for name in ("rz", "sx", "x")
            ),
        ],
        "supported_instructions": ["measure", "reset", "delay", "if_else", "for_loop"],
    } | fields
    row = [{"name": "operational", "unit": "", "value": 0}]
    return decode_target(
        configuration, {"qubits": [[], [], [], [], row]}, use_fractional_gates=True
    )


@pytest.fixture(scope="module")
def target() -> Target:
    """The device."""
    return device()


def refused(circuit: QuantumCircuit, target: Target) -> str:
    """Returns the message, after checking that the official client refuses the circuit too."""
    with pytest.raises(ISAError) as caught:
        check_isa(circuit, target, pub_index=3)
    assert str(caught.value).startswith("PUB 3: ")
    assert official_message(circuit, target)
    return str(caught.value)


def official_message(circuit: QuantumCircuit, target: Target) -> str:
    """Returns qiskit-ibm-runtime's objection to the circuit, or an empty text."""
    pytest.importorskip("qiskit_ibm_runtime")
    from qiskit_ibm_runtime.utils.utils import is_isa_circuit

    return is_isa_circuit(circuit, target)


def allowed() -> QuantumCircuit:
    """A circuit of all the device's instructions."""
    circuit = QuantumCircuit(QuantumRegister(2, "a"), QuantumRegister(2, "b"))
    circuit.add_register(ClassicalRegister(4, "c"))
    angle = Parameter("angle")
    for qubit in range(4):
        circuit.sx(qubit)
        circuit.rz(angle, qubit)
    circuit.cx(3, 2)
    circuit.rzz(math.pi / 2 + 5e-11, 0, 1)
    circuit.rzz(0, 0, 1)
    circuit.rzz(angle, 1, 2)
    circuit.rzz(0.3, 0, 1)
    circuit.append(Gate("foo", 1, []), [0])
    circuit.append(Gate("foo", 1, []), [0])
    circuit.barrier()
    circuit.delay(100, 0)
    circuit.reset(1)
    circuit.measure(range(4), range(4))
    with circuit.if_test((circuit.clbits[0], True)):
        circuit.x(3)
        with circuit.for_loop(range(3)):
            circuit.cx(0, 1)
    with circuit.if_test((circuit.clbits[0], True)):
        circuit.x(3)
    return circuit


def test_circuit_of_the_devices_instructions_passes(target: Target) -> None:
    """Barriers, parameters, control flow and gates of the device's own included."""
    assert official_message(allowed(), target) == ""
    check_isa(allowed(), target, pub_index=0)


def test_unknown_instruction_is_named_with_the_cure(target: Target) -> None:
    """The message has PUB, position, name, qubits, the device's instructions and the cure."""
    circuit = QuantumCircuit(2)
    circuit.sx(0)
    circuit.h(1)
    assert refused(circuit, target) == (
        "PUB 3: instruction 1, h on qubit 1: line has no such instruction (it has cx, delay, foo, "
        "for_loop, if_else, measure, reset, rz, rzz, sx, x); transpile it first: "
        "generate_preset_pass_manager(backend=backend).run(circuit)"
    )


def test_wrong_direction_and_no_coupling_have_different_messages(target: Target) -> None:
    """The two messages differ, since their cures do."""
    circuit = QuantumCircuit(3)
    circuit.cx(1, 0)
    assert "cx on qubits (1, 0): on line it exists in the direction (0, 1) only" in refused(
        circuit, target
    )
    circuit = QuantumCircuit(3)
    circuit.cx(0, 1)
    circuit.cx(0, 2)
    assert "instruction 1, cx on qubits (0, 2): line does not have it on these qubits" in refused(
        circuit, target
    )


def test_faulty_qubit_is_named(target: Target) -> None:
    """A qubit without instructions is out of order."""
    circuit = QuantumCircuit(5)
    circuit.sx(4)
    assert "sx on qubit 4: qubit 4 of line is out of order" in refused(circuit, target)


def test_a_circuit_wider_than_the_device_is_refused(target: Target) -> None:
    """A circuit wider than the device is refused even if the extra qubits are idle."""
    assert "the circuit has 6 qubits, line has 5" in refused(QuantumCircuit(6), target)


def test_bodies_of_control_flow_are_checked_on_the_outer_qubits(target: Target) -> None:
    """Bodies are checked, and the message has the path to the instruction."""
    circuit = QuantumCircuit(4, 1)
    circuit.sx(0)
    with circuit.if_test((circuit.clbits[0], True)) as otherwise:
        circuit.x(2)
    with otherwise, circuit.for_loop(range(2)):
        circuit.sx(3)
        circuit.cx(2, 3)
    assert (
        "instruction 1 (if_else), body 1, instruction 0 (for_loop), body 0, instruction 1, "
        "cx on qubits (2, 3): on line it exists in the direction (3, 2) only"
    ) in refused(circuit, target)


def test_control_flow_that_the_device_lacks_is_refused(target: Target) -> None:
    """The message has its name."""
    circuit = QuantumCircuit(1, 1)
    with circuit.while_loop((circuit.clbits[0], False)):
        circuit.x(0)
    assert "while_loop on qubit 0: line has no such" in refused(circuit, target)


@pytest.mark.parametrize("angle", [-0.1, 1.6, math.pi, -1e-6])
@pytest.mark.parametrize("before", [False, True])
def test_rzz_angle_out_of_range_is_refused(target: Target, angle: float, before: bool) -> None:
    """Each angle is checked, not only the first on these qubits."""
    circuit = QuantumCircuit(2)
    if before:
        circuit.rzz(0.1, 0, 1)
    circuit.rzz(angle, 0, 1)
    message = refused(circuit, target)
    assert f"instruction {int(before)}, rzz on qubits (0, 1): its angle {angle:g} is not" in message


def test_simulator_takes_any_angle_and_width() -> None:
    """A simulator has no bounds."""
    target = device(simulator=True, n_qubits=None, gates=[])
    circuit = QuantumCircuit(50)
    circuit.rzz(5.0, 48, 49)
    check_isa(circuit, target, pub_index=0)
    check_rzz_values(circuit, np.zeros((3, 0)), target, pub_index=0)


def test_custom_gate_under_a_standard_name_is_checked_by_its_definition(target: Target) -> None:
    """Its definition is sent, so it is checked; the official client does not check it."""
    inner = QuantumCircuit(1, name="x")
    inner.h(0)
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.append(inner.to_gate(), [0])
    words = r"instruction 1, x on qubit 0: it is a custom gate named .*instruction 0, h on qubit 0"
    with pytest.raises(ISAError, match=rf"{words}.*; give it another name and transpile again"):
        check_isa(circuit, target, pub_index=0)
    inner = QuantumCircuit(1, 1, name="measure")
    inner.sx(0)
    circuit = QuantumCircuit(1, 1)
    circuit.append(inner.to_instruction(), [0], [0])
    check_isa(circuit, target, pub_index=0)
    circuit.append(Gate("x", 1, []), [0])
    with pytest.raises(ISAError, match=r"custom gate named .*without a definition"):
        check_isa(circuit, target, pub_index=0)


def test_unitary_matrix_is_refused(target: Target) -> None:
    """Gates defined in Python are checked too."""
    circuit = QuantumCircuit(1)
    circuit.append(UnitaryGate(np.eye(2)), [0])
    assert "unitary on qubit 0" in refused(circuit, target)


def test_rzz_values_in_range_pass(target: Target) -> None:
    """Other parameters may have any value; without a parametrised rzz nothing is checked."""
    circuit = allowed()
    check_rzz_values(circuit, np.linspace(0, math.pi / 2, 7)[:, None], target, pub_index=0)
    plain = QuantumCircuit(1)
    plain.rz(Parameter("a"), 0)
    check_rzz_values(plain, np.array([9.0]), target, pub_index=0)
    check_rzz_values(QuantumCircuit(1), np.zeros((2, 0)), target, pub_index=0)


def test_loop_variable_has_no_user_value(target: Target) -> None:
    """It has no column in the values (in Qiskit 2.2 it has)."""
    loop, angle = Parameter("i"), Parameter("a")
    circuit = QuantumCircuit(2)
    circuit.rz(angle, 0)
    with circuit.for_loop(range(2), loop):
        circuit.rzz(loop, 0, 1)
    check_rzz_values(circuit, np.zeros(circuit.num_parameters), target, pub_index=0)


def test_thousand_equal_angles_are_evaluated_once(target: Target) -> None:
    """Equal expressions are evaluated once."""
    angle = Parameter("a")
    circuit = QuantumCircuit(2)
    for _ in range(1000):
        circuit.rzz(2 * angle, 0, 1)
    values = np.full((100_000, 1), 0.1)
    values[-1] = 1.0
    with pytest.raises(ISAError, match=r"angle 2 from the parameter values at \(99999,\)"):
        check_rzz_values(circuit, values, target, pub_index=0)


def test_angle_that_is_a_constant_expression_is_checked(target: Target) -> None:
    """An expression without parameters is a number."""
    angle = Parameter("a")
    circuit = QuantumCircuit(2)
    circuit.rzz((angle + 2.0).bind({angle: 1.0}), 0, 1)
    with pytest.raises(ISAError, match="its angle 3 is not in"):
        check_isa(circuit, target, pub_index=0)


@pytest.mark.parametrize(
    ("values", "place", "angle"),
    [
        ([[0.1, 0.2], [0.3, 0.9]], r"\(1,\)", "1.8"),
        ([[[0.1, 0.2]], [[0.3, -0.1]]], r"\(1, 0\)", "-0.2"),
        ([0.0, 1.0], r"\(\)", "2"),
        ([0.0, math.nan], r"\(\)", "nan"),
    ],
)
def test_rzz_values_out_of_range_are_refused(
    target: Target, values: Any, place: str, angle: str
) -> None:
    """The message has expression, angle and position in the sweep; in bodies too."""
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2, 1)
    circuit.rzz(a, 0, 1)
    with circuit.if_test((circuit.clbits[0], True)):
        circuit.rzz(2 * b, 0, 1)
    check_isa(circuit, target, pub_index=0)
    expected = rf"PUB 2: rzz\(.*b.*\) gets the angle {angle} from the parameter values at {place}"
    with pytest.raises(ISAError, match=expected):
        check_rzz_values(circuit, np.array(values), target, pub_index=2)
