"""What notebooks show of jobs, services, backends, sessions and options, parsed as by a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives import (
    Batch,
    EstimatorOptions,
    EstimatorV2,
    QiskitRuntimeService,
    RestBackend,
    SamplerOptions,
    SamplerV2,
    Session,
    Settings,
)
from qiskit_rest_primitives.display.html import card, element, facts, table
from qiskit_rest_primitives.display.options_card import options_card
from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.wire.request.option_group import option_rows, paths
from tests.display.markup import Card

HOSTILE = "<script>alert('x')</script>&\"<b>"


def shown(thing: Any) -> Card:
    """The card of an object."""
    found = Card(thing._repr_html_())
    found.check_readable()
    return found


def bell(name: str = "bell") -> QuantumCircuit:
    """A measured Bell state."""
    circuit = QuantumCircuit(2, name=name)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def test_text_is_escaped_and_markup_is_not() -> None:
    """In cells, captions and attributes."""
    made = card(HOSTILE, table(HOSTILE, [HOSTILE], [[HOSTILE]]), element("i", "fine"))
    read = Card(made)
    assert read.table("<script>").rows == [[HOSTILE], [HOSTILE]]
    assert read.labels == [HOSTILE]
    assert "<i>fine</i>" in made


def test_facts_without_a_value_are_left_out() -> None:
    """None is no value, 0 is."""
    assert Card(card("x", facts("x", {"a": None, "b": 0}))).table("x").facts == {"b": "0"}


def test_a_submitted_job(backend: RestBackend) -> None:
    """Its id, PUBs, tags; the names and tags of the user are text, whatever is in them."""
    options = {"environment": {"job_tags": [HOSTILE, "mine"]}}
    job = SamplerV2(backend, options=options).run([bell(HOSTILE), (bell(), None, 7)])
    read = shown(job)
    about = read.table(f"Sampler job {job.job_id()}").facts
    assert about["status"] == "submitted"
    assert about["backend"] == "statevector"
    assert about["tags"] == f"{HOSTILE}, mine"
    assert read.table("2 PUBs").rows[1:] == [
        ["0", HOSTILE, "2", "()", "4096 shots"],
        ["1", "bell", "2", "()", "7 shots"],
    ]


def test_a_job_that_is_done(service: QiskitRuntimeService, backend: RestBackend) -> None:
    """The card has what was asked: status, and times once the metrics were fetched."""
    job = EstimatorV2(backend).run([(bell().remove_final_measurements(inplace=False), "ZZ")])
    job.result(timeout=60)
    about = shown(job).table("Estimator job").facts
    assert about["status"] == "DONE"
    assert "finished" not in about
    job.metrics()
    assert shown(job).table("Estimator job").facts["finished"].endswith(" UTC")
    again = service.job(job.job_id())
    assert shown(again).table("1 PUB").rows[1][-1] == "precision 0.015625"
    listed = service.jobs(limit=1)[0]
    assert "job.refresh(params=True)" in shown(listed).text


def test_a_job_that_failed(backend: RestBackend) -> None:
    """The card says why."""
    wide = QuantumCircuit(40)
    wide.h(range(40))
    wide.measure_all()
    job = SamplerV2(backend).run([wide])
    job.wait_for_final_state(timeout=60)
    read = shown(job)
    assert read.table("Sampler job").facts["status"] == "ERROR"
    assert "40" in read.text.partition("reason")[0]


def test_a_queued_job_shows_its_place(backend: RestBackend) -> None:
    """The place that the service last reported, until the job runs."""
    job = SamplerV2(backend).run([bell()])
    job._details.merge({"status": "Queued", "position_in_queue": 3})
    assert shown(job).table("Sampler job").facts["status"] == "QUEUED, place 3 in the queue"
    job._details.merge({"status": "Running"})
    assert shown(job).table("Sampler job").facts["status"] == "RUNNING"


def test_a_split_run(backend: RestBackend) -> None:
    """One row for each of its jobs, with what it runs."""
    job = SamplerV2(backend, options={"split": True}).run([bell()], shots=10_000_001)
    job.cancel()
    rows = shown(job).table("2 jobs").rows
    assert [row[1] for row in rows[1:]] == job.job_id().split(",")
    assert [row[3] for row in rows[1:]] == [
        "PUB 0, point 0, 10000000 shots",
        "PUB 0, point 0, 1 shots",
    ]


def test_a_mitigated_run(backend: RestBackend) -> None:
    """Its sampler jobs, and whether its result is ready."""
    circuit = bell().remove_final_measurements(inplace=False)
    job = EstimatorV2(backend, options={"mitigation": "client"}).run([(circuit, "ZZ")])
    job.result(timeout=60)
    read = shown(job)
    assert read.table("Run mitigated").facts["result"] == "ready"
    assert read.table("1 job").rows[1][1:] == [job.parts[0].job_id(), "DONE"]


def test_a_job_of_backend_run(backend: RestBackend) -> None:
    """The card of the sampler's job."""
    job = backend.run(bell(), shots=10)
    assert shown(job).table("Sampler job").facts["backend"] == "statevector"


@pytest.mark.parametrize("kind", [Session, Batch])
def test_a_session(backend: RestBackend, kind: Callable[..., Session]) -> None:
    """Its id, whether it takes jobs, and the jobs that were submitted through it."""
    with kind(backend) as session:
        assert shown(session).table(kind.__name__).facts["takes jobs"] == "yes"
        job = SamplerV2().run([bell()])
    read = shown(session)
    assert read.table(f"{kind.__name__} {session.session_id}").facts["takes jobs"].startswith("no")
    assert read.table("Jobs").rows[1][1] == job.job_id()


def test_a_service(local: LocalService) -> None:
    """The account without its secrets, and the settings; those that were changed unfold them."""
    settings = Settings(outage_seconds=77, progress=False)
    proxies = {"https": "http://me:secretword@proxy.example"}
    service = QiskitRuntimeService(
        url=local.url, token=local.token, proxies=proxies, settings=settings
    )
    markup = service._repr_html_()
    assert markup is not None
    assert local.token not in markup
    assert "secretword" not in markup
    read = shown(service)
    about = read.table("QiskitRuntimeService").facts
    assert about["url"] == local.url
    assert about["proxies"] == "https (hidden)"
    rows = {row[0]: row[1:] for row in read.table("Settings").rows}
    assert rows["outage_seconds"] == ["77", "30.0"]
    assert "Settings (2 set)" in read.text


def test_a_device(service: QiskitRuntimeService) -> None:
    """A map in the places of its qubits, and the same in words and in a table."""
    device = service.backend("fake_27q")
    assert "backend.target" in shown(device).text
    assert device.target is not None
    read = shown(device)
    assert read.table("Backend fake_27q").facts["qubits"] == "27"
    rows = {row[0]: row[1:] for row in read.table("What was measured").rows[1:]}
    properties = device.properties()
    assert properties is not None
    errors = [properties.readout_error(qubit) for qubit in range(27)]
    worst = max(range(27), key=errors.__getitem__)
    assert rows["readout error"][2] == f"{100 * errors[worst]:.3g} % ({worst})"
    label = next(label for label in read.labels if label.startswith("Map of the errors"))
    assert f"worst {rows['readout error'][2]}" in label
    markup = device._repr_html_()
    assert markup.count("<circle") == 27
    pairs = {tuple(sorted(pair)) for pair in device.configuration().coupling_map}
    assert markup.count("<line") == len(pairs)  # faulty ones included


def test_faulty_qubits_are_grey_and_named(service: QiskitRuntimeService) -> None:
    """They have no error to colour."""
    device = service.backend("fake_156q")
    assert device.target is not None
    properties = device.properties()
    assert properties is not None
    faulty = properties.faulty_qubits()
    assert faulty
    assert f"Faulty qubits: {', '.join(map(str, faulty))}" in shown(device).text
    assert f"qubit {faulty[0]}: readout not reported" in device._repr_html_()


def test_a_simulator_has_no_map(backend: RestBackend) -> None:
    """Nor a word about one."""
    read = shown(backend)
    assert read.table("Backend statevector").facts["kind"] == "simulator"
    assert "map" not in read.text


@pytest.mark.parametrize("kind", [SamplerOptions, EstimatorOptions])
def test_every_option_is_shown(kind: type[SamplerOptions | EstimatorOptions]) -> None:
    """Each with a meaning, and each that is not a group with a default."""
    rows = option_rows(kind())
    assert {row.path for row in rows} == set(paths(kind))
    assert [row.path for row in rows if not row.meaning] == []
    assert [row.path for row in rows if not row.is_group and not row.default] == []
    read = Card(options_card(kind.__name__, rows))
    cells = [row[0] for table in read.tables for row in table.rows]
    assert all(row.name in cells for row in rows if not row.is_group)


def test_options_that_were_set_are_marked() -> None:
    """With value, default and unit; their groups are unfolded."""
    options = EstimatorOptions(max_execution_time=60, resilience={"zne": {"noise_factors": (1, 2)}})
    markup = options._repr_html_()
    read = shown(options)
    assert read.table("EstimatorOptions").facts["max_execution_time"] == "60"
    rows = {row[0]: row[1:4] for row in read.table("resilience.zne").rows}
    assert rows["noise_factors"] == ["(1.0, 2.0)", "(1, 3, 5)", ""]
    rows = {row[0]: row[1:4] for row in read.table("EstimatorOptions").rows}
    assert rows["max_execution_time"] == ["60", "the plan's maximum", "s"]
    assert len(re.findall(r"<details open", markup)) == 2  # resilience, and zne in it
    assert "2 set" in read.text


def test_completion_offers_only_what_users_set() -> None:
    """Names of options and groups, `update`, and nothing of the machinery."""
    options = EstimatorOptions()
    offered = {name for name in dir(options) if not name.startswith("_")}
    names = {row.name for row in option_rows(options) if row.depth == 0}
    assert offered == names | {"update"}


def test_cards_send_no_request(
    failing: LocalService, client_of_failing: QiskitRuntimeService
) -> None:
    """No card sends a request, whatever was or was not fetched before."""
    service = client_of_failing
    simulator, fetched = service.backend("statevector"), service.backend("fake_5q")
    assert fetched.target is not None
    batch = Batch(simulator)
    job = SamplerV2(batch).run([bell()])
    things = [service, simulator, fetched, service.backend("fake_27q"), batch, job]
    things += [service.job(job.job_id()), *service.jobs(limit=2), simulator.run(bell())]
    assert failing.faults is not None
    job.wait_for_final_state(timeout=60)
    failing.faults.add("*", "*", status=503)
    assert all(len(thing._repr_html_()) > 100 for thing in things)
    assert list(failing.faults.hits) == []


def test_cards_need_no_service() -> None:
    """The same with a service that is gone."""
    with LocalService() as gone:
        settings = Settings(outage_seconds=0)
        service = QiskitRuntimeService(url=gone.url, token=gone.token, settings=settings)
        device = service.backend("fake_5q")
        job = SamplerV2(service.backend("statevector")).run([bell()])
    assert "nothing was fetched" in shown(device).text
    assert shown(job).table("Sampler job").facts["status"] == "submitted"
    assert shown(service).table("QiskitRuntimeService").facts["url"] == gone.url
