from __future__ import annotations

import copy
import pickle
import threading
import time
from datetime import datetime, timezone
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import Operator
from qiskit.transpiler import generate_preset_pass_manager

from qiskit_rest_primitives import QiskitRuntimeService
from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.circuits.isa import check_isa
from qiskit_rest_primitives.errors import NotFoundError
from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.wire.target.target import encode_target
from tests.wire.target.test_target import facts, official_target

LINE = [[0, 1], [1, 2], [2, 3], [3, 4]]


class Service:
    """Stands in for a client: answers the four backend calls and records them."""

    def __init__(self, **options: Any):
        gates = ["cz", "id", "rz", "sx", "x", "rx", "rzz"]
        target = GenericBackendV2(5, gates, coupling_map=LINE, control_flow=True, seed=1).target
        fields = {"name": "fake_5q", "processor_type": {"family": "Fake"}} | options
        self.configuration, self.properties = encode_target(target, **fields)
        self.calls: list[str] = []

    def backend_configuration(self, name: str, calibration_id: str | None = None) -> dict[str, Any]:
        """GET /backends/{name}/configuration."""
        self.calls.append("configuration")
        time.sleep(0.01)
        return self.configuration

    def backend_properties(self, name: str, *_: str | None) -> dict[str, Any] | None:
        """GET /backends/{name}/properties."""
        self.calls.append("properties")
        if self.properties is None:
            raise NotFoundError("no properties", status_code=404)
        return self.properties

    def backend_status(self, name: str) -> dict[str, Any]:
        """GET /backends/{name}/status."""
        self.calls.append("status")
        return {"state": True, "status": "active", "length_queue": 3, "backend_version": "1.2.3"}


@pytest.fixture
def http_service(local: LocalService) -> QiskitRuntimeService:
    """A client of the embedded service."""
    return QiskitRuntimeService(url=local.url, token=local.token, instance=local.instance)


@pytest.fixture
def service() -> Service:
    """A service with one device."""
    return Service()


@pytest.fixture
def backend(service: Service) -> RestBackend:
    """Its device."""
    return RestBackend(service, "fake_5q")


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_transpiled_circuit_passes_the_isa_check(backend: RestBackend, level: int) -> None:
    """``generate_preset_pass_manager(backend=backend)`` does what the cure promises."""
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.ccx(0, 1, 2)
    circuit.measure_all()
    isa = generate_preset_pass_manager(level, backend=backend).run(circuit)
    check_isa(isa, backend.target, pub_index=0)


def test_transpiled_fractional_circuit_passes_the_isa_check(service: Service) -> None:
    """Rzz angles are folded into the range that the device is calibrated for."""
    backend = RestBackend(service, "fake_5q", use_fractional_gates=True)
    circuit = QuantumCircuit(2)
    circuit.rzz(5.0, 0, 1)
    circuit.rx(0.3, 0)
    circuit.rzz(-1.0, 0, 1)
    manager = generate_preset_pass_manager(1, backend=backend, initial_layout=[0, 1])
    isa = manager.run(circuit)
    assert isa.count_ops()["rzz"] == 2
    check_isa(isa, backend.target, pub_index=0)
    assert Operator.from_circuit(isa).equiv(Operator(QuantumCircuit(5).compose(circuit, [0, 1])))


def test_requests_are_made_when_needed_and_only_once(
    backend: RestBackend, service: Service
) -> None:
    """Name and client need no request, the target needs two."""
    assert (backend.name, repr(backend)) == ("fake_5q", "<RestBackend('fake_5q')>")
    assert backend.client is service
    assert service.calls == []
    assert backend.num_qubits == 5
    assert service.calls == ["configuration"]
    assert backend.target is backend.target
    assert backend.coupling_map is not None
    assert backend.properties() is backend.properties()
    assert service.calls == ["configuration", "properties"]


def test_threads_share_one_fetch(backend: RestBackend, service: Service) -> None:
    """Twenty threads, one target."""
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(backend.target)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(target) for target in found}) == 1
    assert service.calls == ["configuration", "properties"]


def test_refresh_requests_again(backend: RestBackend, service: Service) -> None:
    """After a refresh, the target shows the new calibration."""
    error = backend.target["sx"][0,].error
    _, service.properties = encode_target(
        GenericBackendV2(5, ["sx", "cz"], coupling_map=LINE, seed=9).target, name="fake_5q"
    )
    assert backend.target["sx"][0,].error == error
    backend.refresh()
    assert backend.target["sx"][0,].error != error
    assert service.calls == ["configuration", "properties"] * 2
    backend.properties(refresh=True)
    assert service.calls[-1] == "properties"


def test_attributes_of_the_official_backend(backend: RestBackend) -> None:
    """Those with a name of their own and those of the configuration, in SI units."""
    assert backend.basis_gates == ["cz", "id", "rz", "sx", "x"]
    assert backend.processor_type == {"family": "Fake"}
    assert backend.online_date == datetime(2024, 1, 1, tzinfo=timezone.utc)
    assert backend.backend_version == "1.0.0"
    assert backend.dt == backend.configuration().dt == pytest.approx(0.222e-9)
    assert backend.rep_delay_range == [0.0, 500e-6]
    assert backend.default_rep_delay == 250e-6
    assert backend.supported_features == ["qasm3", "dynamic_circuits"]
    assert backend.meas_map == [[0, 1, 2, 3, 4]]
    assert (backend.simulator, backend.max_circuits, backend.dtm) == (False, None, None)
    assert backend.coupling_map.get_edges() == [tuple(pair) for pair in LINE]
    assert backend.qubit_properties(0).t1 == backend.properties().t1(0)
    assert backend.gates[0].coupling_map == LINE
    assert backend.description == ""


def test_unknown_attribute_is_an_attribute_error(backend: RestBackend) -> None:
    """``hasattr`` works; Python's special methods cause no request."""
    assert not hasattr(backend, "_repr_latex_")
    assert backend.client.calls == []
    assert not hasattr(backend, "colour")
    with pytest.raises(AttributeError, match="fake_5q has no attribute 'colour'"):
        _ = backend.colour


def test_missing_fields_read_as_none(service: Service) -> None:
    """The attributes of BackendV2 exist without them."""
    for field in ("description", "online_date", "backend_version", "meas_map"):
        del service.configuration[field]
    backend = RestBackend(service, "fake_5q")
    assert (backend.description, backend.online_date) == (None, None)
    assert (backend.backend_version, backend.meas_map) == (None, None)


def test_status_has_the_official_attributes(backend: RestBackend) -> None:
    """Each call requests it."""
    status = backend.status()
    assert status.to_dict() == {
        "backend_name": "fake_5q",
        "backend_version": "1.2.3",
        "operational": True,
        "pending_jobs": 3,
        "status_msg": "active",
    }


@pytest.mark.parametrize("fractional", [False, True, None])
def test_the_configuration_lists_the_gates_that_the_official_one_lists(
    service: Service, fractional: bool | None
) -> None:
    """Programs transpile to its basis_gates."""
    pytest.importorskip("qiskit_ibm_runtime")
    from qiskit_ibm_runtime.utils.backend_decoder import configuration_from_server_data

    reply = service.backend_configuration("fake_5q")
    theirs = configuration_from_server_data(copy.deepcopy(reply), use_fractional_gates=fractional)
    ours = RestBackend(service, "fake_5q", use_fractional_gates=fractional).configuration()
    assert ours.basis_gates == theirs.basis_gates
    assert [gate.name for gate in ours.gates] == [gate.name for gate in theirs.gates]
    assert ours.supported_instructions == theirs.supported_instructions


def test_fractional_gates_can_be_switched(backend: RestBackend, service: Service) -> None:
    """As an option of the backend, without another request."""
    assert "rzz" not in backend.target.operation_names
    backend.set_options(use_fractional_gates=True)
    assert "rzz" in backend.target.operation_names
    assert service.calls == ["configuration", "properties"]
    everything = RestBackend(service, "fake_5q", use_fractional_gates=None)
    assert "rx" in everything.target.operation_names


@pytest.mark.parametrize(
    "copier", [copy.copy, copy.deepcopy, lambda b: pickle.loads(pickle.dumps(b))]
)
def test_copies_are_independent(backend: RestBackend, copier: Any) -> None:
    """They keep the fetched data; target and lock are new."""
    names = set(backend.target.operation_names)
    other = copier(backend)
    before = len(other.client.calls)
    assert set(other.target.operation_names) == names
    assert len(other.client.calls) == before
    assert other.name == backend.name
    other.set_options(use_fractional_gates=True)


def test_a_copy_before_the_first_request(backend: RestBackend) -> None:
    """Unpickling makes no request, either."""
    other = pickle.loads(pickle.dumps(backend))
    assert other.client.calls == []
    assert other.num_qubits == 5


def test_device_without_properties_has_a_target(service: Service) -> None:
    """A 404 is no error and is requested once."""
    service.properties = None
    backend = RestBackend(service, "fake_5q")
    assert backend.properties() is None
    assert backend.target["sx"][0,] is None
    assert service.calls.count("properties") == 1


def test_simulator_is_known_from_the_list(service: Service) -> None:
    """The entry of ``GET /backends`` saves the request, unless it lacks the field."""
    told = {"name": "fake_5q", "is_simulator": True}
    backend = RestBackend(service, "fake_5q", list_entry=told)
    assert backend.simulator
    assert service.calls == []
    backend = RestBackend(service, "fake_5q", list_entry={})
    assert not backend.simulator


def test_properties_of_a_simulator_are_never_requested() -> None:
    """A simulator has no properties."""
    service = Service(simulator=True)
    service.configuration["n_qubits"] = None
    backend = RestBackend(service, "sim")
    assert backend.properties() is None
    assert backend.num_qubits is None
    assert "rzz" in backend.target.operation_names
    backend.refresh()
    assert "properties" not in service.calls


@pytest.mark.parametrize("name", ["fake_133q", "fake_27q", "fake_5q"])
def test_target_of_a_served_device_is_the_official_one(
    http_service: QiskitRuntimeService, name: str
) -> None:
    """Through real HTTP: operations, qubits, durations and errors are those of both clients."""
    backend = http_service.backend(name)
    sent = (backend.configuration().to_dict(), backend.properties().to_dict())
    assert facts(backend.target) == facts(official_target(*sent))


def test_our_target_of_a_simulator_has_more_than_the_official_one(
    http_service: QiskitRuntimeService,
) -> None:
    """With fractional gates, only box, break and continue are added."""
    backend = http_service.backend("statevector")
    theirs = official_target(backend.configuration().to_dict(), None, fractional=True)
    more = set(backend.target.operation_names) - set(theirs.operation_names)
    assert set(theirs.operation_names) <= set(backend.target.operation_names)
    assert more <= {"box", "break_loop", "continue_loop"}


def test_a_pickled_backend_holds_no_token(
    http_service: QiskitRuntimeService, local: LocalService
) -> None:
    """Before and after its data were fetched."""
    backend = http_service.backend("fake_5q")
    for _ in range(2):
        pickled = pickle.dumps(backend)
        assert local.token.encode() not in pickled
        assert pickle.loads(pickled).num_qubits == 5
