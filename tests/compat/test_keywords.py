"""Keywords, attributes and argument order of programs for the official client, with both."""

from __future__ import annotations

import copy
import inspect
import pickle
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter

from qiskit_rest_primitives import (
    AccountError,
    BackendError,
    InputError,
    QiskitRuntimeService,
    RestBackend,
    SamplerV2,
    Session,
)
from qiskit_rest_primitives.backend.entries import select_backends
from tests.compat.conftest import CAROL, Client

pytestmark = pytest.mark.slow

OTHER = CAROL.instances[1]


def bell() -> QuantumCircuit:
    """A measured Bell state."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


# The service


def test_the_constructors_arguments_stand_in_the_official_order() -> None:
    """Ours beyond them are keywords."""
    import qiskit_ibm_runtime as official

    wanted = [*inspect.signature(official.QiskitRuntimeService.__init__).parameters][1:]
    given = inspect.signature(QiskitRuntimeService.__init__).parameters
    positional = [name for name, one in given.items() if one.kind is one.POSITIONAL_OR_KEYWORD][1:]
    assert positional == wanted


def test_is_local_says_whether_it_is_the_embedded_service(service: QiskitRuntimeService) -> None:
    """A service that is given by its url is remote, also if it runs on this machine."""
    assert QiskitRuntimeService(channel="local").is_local is True
    assert service.is_local is False


def test_a_resolver_gives_the_root_of_the_api(client: Client) -> None:
    """It is called with url, instance, private_endpoint and channel."""
    seen: list[Any] = []
    account = client.service.active_account()
    token = account["token"] if client.official else account["token"].reveal()

    def resolver(url: str, *place: Any) -> str:
        seen.append((url.partition("//")[0], *place))
        return url

    service = client.package.QiskitRuntimeService(
        token=token,
        url=account["url"],
        instance=CAROL.instances[0],
        url_resolver=resolver,
        private_endpoint=False,
    )
    assert "statevector" in [backend.name for backend in service.backends()]
    assert seen[0] == ("http:", CAROL.instances[0], False, "ibm_quantum_platform")


@pytest.mark.parametrize("wish", [{"plans_preference": ["open"]}, {"tags": ["mine"]}])
def test_wishes_about_instances_need_none_chosen(
    service: QiskitRuntimeService, wish: dict[str, list[str]]
) -> None:
    """Beside an instance they are ignored, as documented officially; alone they are an error."""
    account = service.client.account
    place = {"url": account.url, "token": account.token}
    assert QiskitRuntimeService(**place, instance=account.instance, **wish).backends()
    with pytest.raises(AccountError, match="pass instance="):
        QiskitRuntimeService(**place, **wish)


@pytest.mark.parametrize("wanted", [True, False])
def test_backends_are_filtered_by_dynamic_circuits(client: Client, wanted: bool) -> None:
    """All backends of the embedded service run them."""
    names = {backend.name for backend in client.service.backends(dynamic_circuits=wanted)}
    assert ("fake_5q" in names) is wanted


def test_backends_and_jobs_of_another_instance_are_found(client: Client) -> None:
    """instance= names another one of the account; a job runs there, and is found there only."""
    backends = client.service.backends("statevector", 1, OTHER)
    assert [backend.name for backend in backends] == ["statevector"]
    backend = client.service.backend("statevector", OTHER)
    job = client.package.SamplerV2(backend).run([bell()], shots=10)
    job.result()
    assert job.instance == OTHER
    assert client.service.job(job.job_id()).job_id() == job.job_id()
    listed = client.service.jobs(instance=OTHER, include_mocks=True)
    assert job.job_id() in [each.job_id() for each in listed]
    own = client.service.jobs(instance=CAROL.instances[0])
    assert job.job_id() not in [each.job_id() for each in own]


def test_an_instance_of_somebody_else_is_refused(service: QiskitRuntimeService) -> None:
    """Not an empty list."""
    with pytest.raises(Exception, match="not found"):
        service.backends(instance=OTHER)


def test_mocks_are_listed_on_request_only() -> None:
    """Backends that only check jobs; the embedded service has none, so their entries are made."""
    entries = [{"name": "fake"}, {"name": "mock_fake", "class": "mock"}]
    assert [entry["name"] for entry in select_backends(entries)] == ["fake"]
    assert len(select_backends(entries, include_mocks=True)) == 2
    assert RestBackend(None, "mock_fake", list_entry=entries[1]).is_mock


def test_a_backend_is_chosen_by_the_same_conditions(client: Client) -> None:
    """least_busy takes fractional gates by position, and filters beside."""
    backend = client.service.least_busy(20, None, lambda one: one.num_qubits < 60, True)
    assert 20 <= backend.num_qubits < 60
    assert "rzz" in backend.target.operation_names


@pytest.mark.parametrize("limit", ["usage_limit_seconds", "usage_allocation_seconds"])
def test_usage_says_how_much_is_left(
    client: Client, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the limit, or else of what was allocated; the embedded service has neither."""
    reply = {"usage_consumed_seconds": 40, limit: 600}
    inner = client.service._active_api_client if client.official else client.service.client
    name = "cloud_usage" if client.official else "usage"
    monkeypatch.setattr(inner, name, lambda: dict(reply), raising=False)
    assert client.service.usage() == {**reply, "usage_remaining_seconds": 560}


# Backends


def test_a_backends_attributes(client: Client) -> None:
    """Those of the official IBMBackend that programs read."""
    backend = client.service.backend("fake_5q")
    assert backend.service is client.service
    assert (backend.calibration_id, backend.is_mock, backend.physical_qubits) == (None, False, 5)
    assert backend.id_warning_issued is False
    assert isinstance(backend.get_translation_stage_plugin(), str)
    assert transpile(bell(), backend, seed_transpiler=1).num_qubits == 5
    history = backend.target_history(datetime=datetime(2030, 1, 1))
    assert history.operation_names == backend.target.operation_names


def test_a_backend_knows_its_service_when_it_was_pickled(service: QiskitRuntimeService) -> None:
    """Copies and pickles keep it, without the token."""
    backend = service.backend("fake_5q")
    for other in (copy.copy(backend), copy.deepcopy(backend), pickle.loads(pickle.dumps(backend))):
        assert other.service.backend("fake_5q").name == "fake_5q"
    assert service.client.account.token.reveal().encode() not in pickle.dumps(backend)


def test_properties_have_the_official_fields(client: Client) -> None:
    """Qubits, gates and general values, in the service's units; from_dict reads to_dict."""
    properties = client.service.backend("fake_5q").properties()
    first = properties.qubits[0][0]
    assert (first.name, first.unit) == ("T1", "us")
    assert first.value == pytest.approx(properties.t1(0) * 1e6)
    assert first.date == datetime(2026, 1, 1, tzinfo=timezone.utc)
    gate = next(gate for gate in properties.gates if gate.gate == "cz")
    error = next(value for value in gate.parameters if value.name == "gate_error")
    assert error.value == properties.gate_error("cz", gate.qubits)
    assert properties.general == []
    again = type(properties).from_dict(properties.to_dict())
    assert again.t1(0) == properties.t1(0)
    assert first.to_dict().keys() == {"name", "date", "unit", "value"}


def test_properties_of_an_earlier_time(client: Client) -> None:
    """The last ones from before it; a time in the future gives those of now."""
    backend = client.service.backend("fake_5q")
    later = backend.properties(datetime=datetime(2030, 1, 1))
    assert later.t1(0) == backend.properties().t1(0)
    with pytest.raises(TypeError):
        backend.properties(datetime="2030-01-01")
    if not client.official:  # which raises an error of its inner layer
        assert backend.properties(datetime=datetime(2000, 1, 1)) is None


def test_configurations_have_the_official_gates(client: Client) -> None:
    """GateConfig with to_dict; from_dict reads to_dict."""
    configuration = client.service.backend("fake_5q").configuration()
    gate = next(gate for gate in configuration.gates if gate.name == "cz")
    assert gate.to_dict()["coupling_map"] == gate.coupling_map
    again = type(configuration).from_dict(configuration.to_dict())
    assert again.backend_name == "fake_5q"
    models = client.module("models")
    assert isinstance(gate, models.GateConfig)
    assert isinstance(configuration, models.QasmBackendConfiguration)


def test_a_circuit_on_a_faulty_qubit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """check_faulty: as the official one, a ValueError with the place."""
    service = QiskitRuntimeService(channel="local")
    backend = service.backend("fake_5q")
    circuit = QuantumCircuit(5, name="mine")
    circuit.x(3)
    backend.check_faulty(circuit)
    reports = backend.properties().to_dict()
    reports["qubits"][3].append(
        {"name": "operational", "date": "2026-01-01", "unit": "", "value": 0}
    )
    faulty = type(backend.properties()).from_dict(reports)
    monkeypatch.setattr(backend, "_properties", faulty)
    with pytest.raises(ValueError, match=r"mine has x on \(3,\), where fake_5q reports a faulty"):
        backend.check_faulty(circuit)


# Jobs


def test_a_jobs_attributes(client: Client) -> None:
    """Those of RuntimeJobV2 that programs read."""
    job = client.package.SamplerV2(client.service.backend("fake_5q")).run(
        [transpile(bell(), client.service.backend("fake_5q"), seed_transpiler=1)], shots=20
    )
    job.wait_for_final_state(timeout=60, poll_interval=0.2)
    assert job.result(timeout=60, poll_interval=0.2)[0].data.meas.num_shots == 20
    assert job.JOB_FINAL_STATES == ("DONE", "CANCELLED", "ERROR")
    assert job.ERROR == "ERROR"
    assert not job.image
    assert job.properties().t1(0) == client.service.backend("fake_5q").properties().t1(0)
    assert job.backend(timeout=5).name == "fake_5q"
    assert job.usage(partial=True) == job.usage() >= 0


def test_inputs_have_the_users_circuits(client: Client) -> None:
    """On the handle that submitted the job: (circuit, values, shots), and observables."""
    backend = client.service.backend("statevector")
    theta = Parameter("θ")
    circuit = QuantumCircuit(1)
    circuit.ry(theta, 0)
    measured = circuit.measure_all(inplace=False)
    job = client.package.SamplerV2(backend).run([(measured, [[0.1], [0.2]], 30)])
    (pub,) = job.inputs["pubs"]
    assert isinstance(pub[0], QuantumCircuit)
    assert pub[0].num_parameters == 1
    assert np.asarray(pub[1]).tolist() == [[0.1], [0.2]]
    assert pub[2] == 30
    job = client.package.EstimatorV2(backend).run([(circuit, [["Z"], ["X"]], [0.3])])
    (pub,) = job.inputs["pubs"]
    assert [list(row) for row in pub[1]] == [[{"Z": 1.0}], [{"X": 1.0}]]


def test_a_decoder_is_refused(backend: RestBackend) -> None:
    """The text for it is raw_result()."""
    job = SamplerV2(backend).run([bell()])
    with pytest.raises(TypeError, match=r"raw_result\(\)"):
        job.result(decoder=dict)


# Sessions and primitives


@pytest.mark.parametrize("kind", ["Session", "Batch"])
def test_sessions_know_their_service(client: Client, kind: str) -> None:
    """A session that is found by its id, with fractional gates by position, runs jobs."""
    backend = client.service.backend("fake_5q")
    made = getattr(client.package, kind)(backend, "10m", create_new=True)
    assert made.service is client.service
    found = getattr(client.package, kind).from_id(made.session_id, client.service, True)
    assert (found.session_id, found.service) == (made.session_id, client.service)
    sampler = client.package.SamplerV2(found)
    assert "rzz" in sampler.backend().target.operation_names
    assert [one["status"] for one in found.details()["timestamps"]] == ["open"]
    made.close()


def test_create_new_false_names_the_cure(backend: RestBackend) -> None:
    """The official constructor makes a session without an id then."""
    with pytest.raises(TypeError, match="from_id"):
        Session(backend, create_new=False)


@pytest.mark.parametrize("name", ["SamplerV2", "EstimatorV2"])
def test_options_are_the_second_argument(client: Client, name: str) -> None:
    """And version is that of the interface."""
    backend = client.service.backend("statevector")
    primitive = getattr(client.package, name)(backend, {"default_shots": 77})
    assert primitive.options.default_shots == 77
    assert primitive.version == 2


def test_a_dry_run_goes_to_the_mock(client: Client) -> None:
    """It has the shape of a result, and is charged nothing."""
    backend = client.service.backend("statevector")
    job = client.package.SamplerV2(backend).run([bell()], shots=7, dry_run=True)
    assert job.backend().name.startswith("mock")
    assert job.result()[0].data.meas.num_shots == 7
    assert job.usage() == 0


def test_the_calibration_goes_with_the_job(shared: Any, tmp_path: Any) -> None:
    """A backend of a calibration asks for it, and sends its id; this service has one, unnamed."""
    service = QiskitRuntimeService(url=shared.url, token=CAROL.token)
    with pytest.raises(BackendError, match="no calibration 'x'"):
        service.backend("fake_5q", calibration_id="x")
    simulator = RestBackend(service.client, "statevector", calibration_id="x")
    monkey = service.backend("statevector").configuration()
    simulator._configuration = monkey
    with pytest.raises(Exception, match="Calibration x of backend statevector not found"):
        SamplerV2(simulator).run([bell()])


def test_tags_are_a_list(service: QiskitRuntimeService) -> None:
    """A text would be searched letter by letter."""
    with pytest.raises(InputError, match=r"pass a list, \['bell'\]"):
        service.jobs(job_tags="bell")
