from __future__ import annotations

from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Gate
from qiskit.quantum_info import Operator
from qiskit.transpiler import generate_preset_pass_manager

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.target.target import decode_target, encode_target
from tests.wire.target.test_target import LINE, facts, fake_target, official_target


def simulator(**fields: Any) -> dict[str, Any]:
    """A configuration of a simulator of any width."""
    return {
        "backend_name": "simulator",
        "n_qubits": None,
        "simulator": True,
        "basis_gates": ["h", "u", "rx", "cx", "rzz"],
        "gates": [],
        "supported_instructions": ["measure", "reset", "delay", "for_loop", "if_else"],
    } | fields


@pytest.mark.parametrize("properties", [None, {}])
def test_the_transpiler_accepts_a_simulator_of_any_width(properties: Any) -> None:
    """No width, no coupling, no bounds; breaking out of a loop works wherever loops do."""
    target = decode_target(simulator(), properties)
    assert target.num_qubits is None
    circuit = QuantumCircuit(3)
    circuit.ccx(0, 1, 2)
    circuit.rzz(5.0, 0, 2)
    found = generate_preset_pass_manager(1, target=target).run(circuit)
    assert Operator(found).equiv(circuit)
    assert not target.has_angle_bounds()
    assert {"rx", "break_loop", "continue_loop"} <= set(target.operation_names)


def test_gates_unknown_to_qiskit_keep_their_qubits() -> None:
    """A name with a coupling map becomes an opaque gate; one without is left out."""
    configuration = {
        "backend_name": "odd",
        "n_qubits": 2,
        "basis_gates": ["sx", "fsim", "unheard_of", "if_else"],
        "gates": [
            {"name": "fsim", "parameters": ["a", "b"], "qasm_def": "", "coupling_map": [[0, 1]]},
            "not a gate",
        ],
        "instruction_signatures": [
            {"name": "measure_2", "num_qubits": 1, "num_clbits": 1, "parameters": ["t"]}
        ],
    }
    target = decode_target(configuration, None, use_fractional_gates=True)
    fsim = target.operation_from_name("fsim")
    assert isinstance(fsim, Gate)
    assert (fsim.num_qubits, len(fsim.params)) == (2, 2)
    assert set(target["fsim"]) == {(0, 1)}
    assert "unheard_of" not in target.operation_names
    assert target.operation_from_name("measure_2").num_clbits == 1
    assert "if_else" in target.operation_names


@pytest.mark.parametrize(
    ("dt", "expected"), [(4, 4e-9), (0.5, 0.5e-9), (None, None), ("x", None), (True, None)]
)
def test_dt_of_any_kind_is_read(dt: Any, expected: float | None) -> None:
    """The API's description calls it an integer; the service sends floats."""
    configuration, _ = encode_target(fake_target(), name="d", extra={"dt": dt})
    assert decode_target(configuration, None).dt == expected


def test_unreadable_properties_are_left_out() -> None:
    """A strange unit, a missing value or a qubit that is not there are ignored."""
    configuration, properties = encode_target(fake_target(), name="d")
    properties["qubits"] = [
        [
            {"name": "T1", "unit": "lightyear", "value": 1.0},
            {"name": "T2", "unit": "us", "value": None},
            {"name": "frequency", "unit": "Hz", "value": 5e9},
            {"name": "anharmonicity", "unit": "GHz"},
            {"name": "readout_error", "unit": "", "value": float("nan")},
            "nonsense",
        ]
    ]
    properties["gates"].append({"gate": "cz", "qubits": [0, 99], "parameters": None})
    properties["gates"].append({"gate": "cz"})
    target = decode_target(configuration, properties)
    assert target.qubit_properties is not None
    assert len(target.qubit_properties) == 5
    assert target.qubit_properties[0].t1 is None
    assert target.qubit_properties[0].frequency == 5e9
    assert target["measure"][0,].error is None
    assert (0, 99) not in target["cz"]


def test_gate_without_coupling_map_gets_its_qubits_from_the_properties() -> None:
    """As in the official client, the gate exists on the reported qubits only."""
    configuration, properties = encode_target(fake_target(), name="d")
    for gate in configuration["gates"]:
        gate.pop("coupling_map")
    target = decode_target(configuration, properties)
    assert set(target["cz"]) == {tuple(pair) for pair in LINE}
    assert facts(target) == facts(official_target(configuration, properties))


@pytest.mark.parametrize("qubits", ["5", -1, 2.5])
def test_nonsense_width_is_refused(qubits: Any) -> None:
    """The message says which field of which backend."""
    with pytest.raises(ProtocolError, match="'simulator': n_qubits is"):
        decode_target(simulator(n_qubits=qubits), None)


def test_configuration_without_gates_is_refused() -> None:
    """A reply of another kind does not become an empty device."""
    with pytest.raises(ProtocolError, match="neither basis_gates nor gates"):
        decode_target({"backend_name": "x"}, None)


def test_gates_alone_name_the_basis() -> None:
    """A missing basis_gates is read from gates; a one-qubit device needs no entangling gate."""
    configuration = {
        "n_qubits": 1,
        "gates": [{"name": "sx"}, {"name": "rx"}, {"name": "rz"}],
    }
    target = decode_target(configuration, None)
    assert {"sx", "rz", "measure"} <= set(target.operation_names)
    assert "rx" not in target.operation_names
