"""The simulated devices, as the transpiler and the official client see them."""

from __future__ import annotations

import importlib
import sys

import pytest
from qiskit import QuantumCircuit
from qiskit.transpiler import CouplingMap, generate_preset_pass_manager

from qiskit_rest_primitives.circuits.isa import check_isa
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.local.simulators.base.gate_sets import DEVICE_GATES
from qiskit_rest_primitives.local.simulators.choose import common_steps
from qiskit_rest_primitives.local.simulators.devices.fake_devices import (
    _calibration,
    device_size,
    device_target,
)
from qiskit_rest_primitives.local.simulators.devices.lattices import edges_of
from qiskit_rest_primitives.wire.target.target import decode_target


@pytest.mark.parametrize("size", [5, 6, 7, 16, 27, 65, 99, 127])
def test_a_device_of_any_size_is_connected_and_sparse(size):
    """No qubit has more than three neighbours."""
    coupling = CouplingMap(edges_of(size))
    coupling.make_symmetric()
    assert coupling.size() == size
    assert coupling.is_connected()
    assert max(len(coupling.neighbors(qubit)) for qubit in range(size)) <= 3


def test_names_contain_the_size():
    """5 to 156 qubits; other names are no device."""
    assert device_size("fake_5q") == 5
    assert device_size("fake_127q") == 127
    for name in ("fake_4q", "fake_157q", "fake_05q", "fake_q", "statevector", "fake_27q "):
        assert device_size(name) is None


def test_calibration_is_the_same_in_every_process():
    """A fixed seed: errors and times of two builds agree."""
    first = device_target(7)
    _calibration.cache_clear()
    second = device_target(7)
    assert first is not second
    for name in (*DEVICE_GATES, "measure"):
        assert {q: (p.error, p.duration) for q, p in first[name].items()} == {
            q: (p.error, p.duration) for q, p in second[name].items()
        }
    assert 0 < first["cz"][edges_of(7)[0]].error < 0.1


def test_a_transpiled_circuit_is_an_isa_circuit():
    """For the target itself, and for the one that a client builds from the JSON."""
    circuit = QuantumCircuit(6)
    circuit.h(0)
    for qubit in range(5):
        circuit.cx(0, qubit + 1)
    circuit.measure_all()
    backend = LocalBackends().device("fake_16q")
    read = decode_target(backend.configuration(), backend.properties(), use_fractional_gates=True)
    for target in (device_target(16), read):
        physical = generate_preset_pass_manager(2, target=target, seed_transpiler=1).run(circuit)
        check_isa(physical, device_target(16), pub_index=0)
    assert read.num_qubits == 16
    assert {"if_else", "while_loop", "for_loop", "switch_case", "reset", "delay"} <= set(
        device_target(16).operation_names
    )


def test_the_official_client_reads_the_json():
    """Its schemas and converter accept configuration and properties."""
    models = pytest.importorskip("qiskit_ibm_runtime.models")
    converter = pytest.importorskip("qiskit_ibm_runtime.utils.backend_converter")
    backend = LocalBackends().device("fake_7q")
    configuration = models.QasmBackendConfiguration.from_dict(backend.configuration())
    properties = models.BackendProperties.from_dict(backend.properties())
    target = converter.convert_to_target(configuration, properties)
    assert target.num_qubits == 7
    edge = edges_of(7)[0]
    assert target["cz"][edge].error == pytest.approx(device_target(7)["cz"][edge].error)
    assert target.qubit_properties[0].t1 == pytest.approx(device_target(7).qubit_properties[0].t1)


def test_the_list_has_simulators_and_some_devices(monkeypatch):
    """Aer's only with Aer; unknown names are KeyErrors, and other sizes of devices exist."""
    backends = LocalBackends()
    assert backends.names()[:2] == ["statevector", "aer"]
    assert "aer_matrix_product_state" in backends.names()
    assert "fake_27q" in backends.names()
    assert backends.device("fake_11q").num_qubits == 11
    assert backends.device("fake_11q") is backends.device("fake_11q")
    for name in ("aer_", "aer_unitary", "fake_4q", "", "statevector "):
        with pytest.raises(KeyError):
            backends.device(name)
    monkeypatch.setattr(
        "qiskit_rest_primitives.local.simulators.backends.aer_is_installed", lambda: False
    )
    assert not [name for name in LocalBackends().names() if name.startswith("aer")]


def test_a_backend_describes_itself():
    """List entry, status, configuration and properties of a simulator and of a device."""
    backends = LocalBackends()
    simulator, device = backends.device("statevector"), backends.device("fake_27q")
    entry = device.list_entry(4)
    assert (entry["name"], entry["qubits"], entry["queue_length"]) == ("fake_27q", 27, 4)
    assert entry["status"]["name"] == "online"
    assert 0 < entry["performance_metrics"]["two_q_error_best"]["value"] < 0.1
    assert entry["processor_type"]["revision"] == "1.0"
    assert entry["physical_qubits"] == 27
    assert simulator.list_entry(0)["is_simulator"] is True
    assert simulator.list_entry(0)["performance_metrics"] is None
    assert device.status(2) | {"message": ""} == {
        "state": True,
        "status": "active",
        "message": "",
        "length_queue": 2,
        "backend_version": "1.0.0",
    }
    assert simulator.configuration()["simulator"] is True
    assert simulator.configuration()["coupling_map"] is None
    assert "ry" in simulator.configuration()["basis_gates"]
    assert device.configuration()["n_qubits"] == 27
    assert device.configuration() is device.configuration()
    assert len(device.properties()["qubits"]) == 27


def test_aer_is_found_without_being_imported(monkeypatch):
    """The check is fast."""
    monkeypatch.setattr(sys, "modules", {k: v for k, v in sys.modules.items() if "aer" not in k})
    common_steps.aer_is_installed.cache_clear()
    assert common_steps.aer_is_installed() is (importlib.util.find_spec("qiskit_aer") is not None)
    assert "qiskit_aer" not in sys.modules
