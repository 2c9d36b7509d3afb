from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit import Measure, Parameter
from qiskit.circuit.library import CXGate, RZGate, SXGate
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.transpiler import (
    CouplingMap,
    InstructionProperties,
    QubitProperties,
    Target,
)

from qiskit_rest_primitives.wire.target.target import decode_target, encode_target

LINE = [[0, 1], [1, 2], [2, 3], [3, 4]]


def fake_target(**options: Any) -> Target:
    """A line of five qubits with calibration, control flow and fractional gates."""
    options = {"coupling_map": LINE, "control_flow": True, "seed": 3} | options
    return GenericBackendV2(5, ["cz", "id", "rz", "sx", "x", "rx", "rzz"], **options).target


def facts(target: Target) -> dict[str, Any]:
    """The properties by which two targets are equal for the transpiler."""
    return {
        "operations": set(target.operation_names),
        "qubits": {name: set(target[name]) for name in target.operation_names},
        "values": {
            (name, qubits): (getattr(known, "error", None), getattr(known, "duration", None))
            for name in target.operation_names
            for qubits, known in target[name].items()
        },
        "properties": [
            (qubit.t1, qubit.t2, qubit.frequency) for qubit in target.qubit_properties or []
        ],
        "timing": (
            target.dt,
            target.num_qubits,
            target.granularity,
            target.min_length,
            target.pulse_alignment,
            target.acquire_alignment,
        ),
    }


def official_target(
    configuration: dict[str, Any], properties: dict[str, Any] | None, fractional: bool = False
) -> Target:
    """The Target that qiskit-ibm-runtime makes of the same JSON."""
    pytest.importorskip("qiskit_ibm_runtime")
    from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
    from qiskit_ibm_runtime.utils.backend_decoder import (
        configuration_from_server_data,
        properties_from_server_data,
    )

    # The official functions change what they are given.
    theirs = configuration_from_server_data(
        copy.deepcopy(configuration), use_fractional_gates=fractional
    )
    assert theirs is not None
    return convert_to_target(
        theirs, properties and properties_from_server_data(copy.deepcopy(properties), fractional)
    )


def recorded(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Configuration and properties of a real device, as the official client ships them."""
    runtime = pytest.importorskip("qiskit_ibm_runtime")
    folder = Path(runtime.__file__).parent / "fake_provider" / "backends" / name
    return (
        json.loads((folder / f"conf_{name}.json").read_text()),
        json.loads((folder / f"props_{name}.json").read_text()),
    )


@pytest.mark.parametrize("fractional", [False, True])
@pytest.mark.parametrize("name", ["fractional", "torino", "sherbrooke", "manila", "armonk"])
def test_decode_gives_the_official_target_of_a_real_device(name: str, fractional: bool) -> None:
    """Operations, qubits, durations, errors, qubit properties and timing agree exactly."""
    configuration, properties = recorded(name)
    ours = decode_target(configuration, properties, use_fractional_gates=fractional)
    assert facts(ours) == facts(official_target(configuration, properties, fractional))


@pytest.mark.parametrize("fractional", [False, True])
def test_both_clients_see_our_device_alike(fractional: bool) -> None:
    """The official models read our description as the same target."""
    sent = json.loads(json.dumps(encode_target(fake_target(), name="fake_5q")))
    ours = decode_target(*sent, use_fractional_gates=fractional)
    assert facts(ours) == facts(official_target(*sent, fractional=fractional))


def test_27_qubit_device_survives_the_wire_exactly() -> None:
    """Errors, durations, T1, T2, frequencies and dt come back to the last bit, in both clients."""
    edges = CouplingMap.from_heavy_hex(3).get_edges()
    target = GenericBackendV2(19, ["cz", "id", "rz", "sx", "x"], coupling_map=edges, seed=7).target
    sent = json.loads(json.dumps(encode_target(target, name="fake_19q")))
    want = facts(target)
    for found in (facts(decode_target(*sent)), facts(official_target(*sent))):
        assert found == want


@settings(max_examples=40, deadline=None)
@given(
    seconds=st.floats(0, 1e-3, allow_subnormal=False),
    error=st.floats(0, 1),
    t1=st.floats(1e-9, 1),
    frequency=st.floats(1e6, 1e11),
)
def test_any_value_is_unchanged(seconds: float, error: float, t1: float, frequency: float) -> None:
    """Converting units loses no precision."""
    qubit = QubitProperties(t1=t1, t2=t1 / 3, frequency=frequency)
    target = Target(num_qubits=1, qubit_properties=[qubit])
    target.add_instruction(SXGate(), {(0,): InstructionProperties(seconds, error)})
    target.add_instruction(Measure(), {(0,): InstructionProperties(seconds, error)})
    assert facts(decode_target(*encode_target(target, name="one"))) == facts(target)


def test_coupling_map_has_both_directions_and_gates_keep_theirs() -> None:
    """As the service does: the device's map is symmetric, each gate's map is the true one."""
    configuration, _ = encode_target(fake_target(), name="fake_5q")
    assert [1, 0] in configuration["coupling_map"]
    gate = next(gate for gate in configuration["gates"] if gate["name"] == "cz")
    assert gate["coupling_map"] == LINE


def test_description_has_the_documented_fields() -> None:
    """Required fields of the API's description, and those that the official client reads."""
    configuration, properties = encode_target(
        fake_target(), name="fake_5q", processor_type={"family": "Fake"}, extra={"clops_h": 1}
    )
    required = "backend_name backend_version basis_gates conditional coords coupling_map gates "
    required += "local memory n_qubits online_date u_channel_lo open_pulse simulator"
    assert set(required.split()) <= configuration.keys()
    assert configuration["supported_features"] == ["qasm3", "dynamic_circuits"]
    assert configuration["processor_type"] == {"family": "Fake"}
    assert configuration["clops_h"] == 1
    assert set(properties) == {
        "backend_name",
        "backend_version",
        "last_update_date",
        "qubits",
        "gates",
        "general",
    }


def test_faulty_qubits_and_gates_are_left_out_as_by_the_official_client() -> None:
    """A qubit or gate marked as not operational has no instruction in the target."""
    sent = encode_target(
        fake_target(), name="fake_5q", faulty_qubits=[4], faulty_gates=[("cz", (0, 1))]
    )
    ours = decode_target(*sent)
    assert facts(ours) == facts(official_target(*sent))
    assert set(ours["cz"]) == {(1, 2), (2, 3)}
    assert (4,) not in ours["sx"]
    assert not ours.instruction_supported("measure", (4,))


def test_faulty_qubit_loses_gates_without_calibration_too() -> None:
    """The configuration's coupling map alone does not bring a broken qubit back."""
    configuration, properties = encode_target(fake_target(), name="d", faulty_qubits=[4])
    properties["gates"] = []
    assert (3, 4) not in decode_target(configuration, properties)["cz"]


def test_parametrised_gates_are_stripped_from_devices_unless_asked() -> None:
    """Fractional gates are rx and rzz; rz and delay cost nothing and stay."""
    sent = encode_target(fake_target(), name="fake_5q")
    assert {"rx", "rzz"}.isdisjoint(decode_target(*sent).operation_names)
    asked = decode_target(*sent, use_fractional_gates=True)
    assert {"rx", "rzz", "rz", "delay"} <= set(asked.operation_names)
    assert asked.gate_has_angle_bounds("rzz")
    assert not asked.supported_angle_bound("rzz", [2.0])


def test_parametrised_gates_of_an_ion_trap_are_kept() -> None:
    """It has no other gates."""
    ions = Target(num_qubits=2)
    for name in ("r", "rz", "rzz"):
        known = GenericBackendV2(2, [name], coupling_map=[[0, 1]]).target
        ions.add_instruction(known.operation_from_name(name), dict(known[name].items()))
    ions.add_instruction(Measure(), {(0,): None, (1,): None})
    assert {"r", "rzz"} <= set(decode_target(*encode_target(ions, name="ions")).operation_names)


def test_simulator_with_a_width_is_the_same_for_both_clients() -> None:
    """Global gates stay global; measurements are per qubit."""
    target = Target(num_qubits=4)
    for gate in (SXGate(), RZGate(Parameter("a")), CXGate(), Measure()):
        target.add_instruction(gate)
    configuration, _ = encode_target(target, name="simulator", simulator=True)
    assert configuration["coupling_map"] is None
    assert "rep_delay_range" not in configuration
    assert facts(decode_target(configuration, None)) == facts(official_target(configuration, None))


def test_parameters_that_are_numbers_can_be_described() -> None:
    """A gate at a fixed angle in the target does not break the description."""
    target = Target(num_qubits=1)
    target.add_instruction(RZGate(0.5), {(0,): None}, name="rz")
    configuration, _ = encode_target(target, name="one")
    assert configuration["gates"][0]["parameters"] == ["0.5"]


def test_device_without_calibration_is_usable() -> None:
    """No qubit or readout properties on either side."""
    target = fake_target(noise_info=False)
    configuration, properties = encode_target(target, name="d")
    assert properties["qubits"][0][0]["name"] == "operational"
    found = decode_target(configuration, properties)
    assert set(found["sx"]) == {(qubit,) for qubit in range(5)}
    assert facts(found) == facts(official_target(configuration, properties))
