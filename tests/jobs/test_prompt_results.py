"""Results that come with the reply to a submission, for a program that waits at once."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import responses
from qiskit import QuantumCircuit

from qiskit_rest_primitives import (
    Experiment,
    JobFailedError,
    QiskitRuntimeService,
    SamplerV2,
    Settings,
)
from qiskit_rest_primitives.jobs.polling import prefer_wait
from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.api import prompt_reply
from qiskit_rest_primitives.settings import private_result
from qiskit_rest_primitives.testing import record, replay
from tests.http.clients import DEVICES, measured, mocked_service

POST, GET = ("POST", "/jobs"), "GET"
BODY = {"results": [{"data": {"meas": {"samples": ["0x1"] * 3, "num_bits": 1}}}]}
OTHERS = {"results": [{"data": {"meas": {"samples": ["0x0"] * 3, "num_bits": 1}}}]}


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine makes no quick job a slow one."""
    monkeypatch.setattr(prefer_wait, "QUICK_SECONDS", 60.0)
    monkeypatch.setattr(prompt_reply, "LONGEST_SECONDS", 60.0)


@pytest.fixture(scope="module")
def watched() -> Iterator[LocalService]:
    """A service that keeps the requests it received, with faults on demand."""
    with LocalService(faults=True, keep_requests=True) as running:
        yield running


@pytest.fixture
def client(watched: LocalService, tmp_path: Path) -> Iterator[QiskitRuntimeService]:
    """A client of it; the faults are cleared after the test."""
    yield QiskitRuntimeService(
        url=watched.url,
        token=watched.token,
        instance=watched.instance,
        settings=Settings(state_folder=tmp_path, first_pause_seconds=0.01),
    )
    assert watched.faults is not None
    watched.faults.clear()


@pytest.fixture
def sampler(client: QiskitRuntimeService) -> SamplerV2:
    """A sampler in a thread that has waited at once for its last jobs."""
    sampler = SamplerV2(client.backend("statevector"))
    accustom(sampler)
    return sampler


def accustom(sampler: SamplerV2) -> None:
    """Runs jobs that are waited for at once, as often as it takes."""
    for _ in range(prefer_wait.HABIT):
        sampler.run([measured()], shots=3).result()


def calls(watched: LocalService, work: Callable[[], object]) -> list[tuple[str, str]]:
    """Method and path of the requests that something makes; ids are hidden."""
    assert watched.received is not None
    watched.received.requests.clear()
    work()
    return [(each.method, "/".join(each.path.split("/")[:2])) for each in watched.received.requests]


def test_a_quick_job_costs_one_request(watched: LocalService, sampler: SamplerV2) -> None:
    """The state, the details and the result came with the reply."""
    found: list[Any] = []

    def work() -> None:
        job = sampler.run([measured()], shots=3)
        found.extend([job.status(), job.result()[0].data.meas.get_counts(), job.creation_date])

    assert calls(watched, work) == [POST]
    assert found[:2] == ["DONE", {"1": 3}]
    assert found[2] is not None


def test_the_first_jobs_are_submitted_without_waiting(
    watched: LocalService, client: QiskitRuntimeService
) -> None:
    """Nobody knows yet whether the program waits."""
    sampler = SamplerV2(client.backend("statevector"))
    made = calls(watched, lambda: sampler.run([measured()], shots=3).result())
    assert made[0] == POST
    assert made.count((GET, "/jobs")) >= 2


def test_many_jobs_are_submitted_without_a_wait(watched: LocalService, sampler: SamplerV2) -> None:
    """After one job that was not waited for at once, submissions return at once."""
    assert watched.faults is not None
    jobs = [sampler.run([measured()], shots=3) for _ in range(2)]
    watched.faults.queue()
    last = [sampler.run([measured()], shots=3) for _ in range(2)]
    assert [job.status() for job in last] == ["QUEUED", "QUEUED"]
    watched.faults.clear()
    assert [job.result()[0].data.meas.get_counts() for job in jobs + last] == [{"1": 3}] * 4


def test_a_slow_job_ends_the_habit(
    watched: LocalService, sampler: SamplerV2, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one is submitted as ever."""
    monkeypatch.setattr(prefer_wait, "QUICK_SECONDS", 0.0)
    sampler.run([measured()], shots=3).result()
    assert len(calls(watched, lambda: sampler.run([measured()], shots=3).result())) >= 3


def test_other_threads_do_not_change_the_habit(watched: LocalService, sampler: SamplerV2) -> None:
    """Each thread of a pool waits for its own jobs."""
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(sampler.run, [measured()], shots=3).result()
    assert calls(watched, lambda: sampler.run([measured()], shots=3).result()) == [POST]
    assert other.result()[0].data.meas.num_shots == 3


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 502}], ids=["drop", "502"])
def test_a_lost_reply_loses_no_job(
    watched: LocalService, client: QiskitRuntimeService, sampler: SamplerV2, fault: dict[str, Any]
) -> None:
    """The one job is found by its tag, and its result is downloaded."""
    assert watched.faults is not None
    watched.faults.add(*POST, after_work=True, count=1, **fault)
    sampler.options.environment.job_tags = [f"lost-{next(iter(fault))}"]
    job = sampler.run([measured()], shots=3)
    assert job.result()[0].data.meas.get_counts() == {"1": 3}
    assert [each.job_id() for each in client.jobs(job_tags=job.tags)] == [job.job_id()]


def test_faults_of_readers_are_met(watched: LocalService, sampler: SamplerV2) -> None:
    """A test that lets results fail finds that they are read."""
    assert watched.faults is not None
    watched.faults.add("GET", "/jobs/*/results", truncate=True, count=1)
    assert sampler.run([measured()], shots=3).result()[0].data.meas.get_counts() == {"1": 3}
    assert len(watched.faults.hits) == 1


def test_a_private_result_does_not_come_with_the_reply(
    watched: LocalService, sampler: SamplerV2, client: QiskitRuntimeService
) -> None:
    """It is read once, into a file."""
    sampler.options.environment.private = True
    job = sampler.run([measured()], shots=3)
    assert job.result()[0].data.meas.get_counts() == {"1": 3}
    assert private_result(client.client.settings, job.job_id()).exists()


def test_a_failed_job_has_its_reason_at_once(sampler: SamplerV2) -> None:
    """The error is that of any failed job."""
    wide = QuantumCircuit(40)
    wide.h(range(40))
    wide.measure_all()
    job = sampler.run([wide], shots=3)
    assert job.status() == "ERROR"
    with pytest.raises(JobFailedError, match="qubits"):
        job.result()


def test_the_handle_can_be_pickled(sampler: SamplerV2) -> None:
    """The copy downloads the result."""
    job = sampler.run([measured()], shots=3)
    assert pickle.loads(pickle.dumps(job)).result()[0].data.meas.get_counts() == {"1": 3}
    assert json.loads(job.raw_result())["__type__"] == "PrimitiveResult"


def test_an_experiment_keeps_the_result(
    watched: LocalService, sampler: SamplerV2, tmp_path: Path
) -> None:
    """The next run of the program sends nothing."""
    with Experiment("kept", folder=tmp_path):
        sampler.run([measured()], shots=3).result()

    def again() -> None:
        with Experiment("kept", folder=tmp_path):
            assert sampler.run([measured()], shots=3).result()[0].data.meas.num_shots == 3

    assert calls(watched, again) == []


def test_a_recording_has_the_requests_of_any_program(
    watched: LocalService, sampler: SamplerV2, tmp_path: Path
) -> None:
    """It is replayed to programs with another habit."""

    def work() -> None:
        with record(tmp_path / "x.jsonl"):
            sampler.run([measured()], shots=3).result()

    assert len(calls(watched, work)) >= 3
    with replay(tmp_path / "x.jsonl"):
        assert sampler.run([measured()], shots=3).result()[0].data.meas.get_counts() == {"1": 3}


def mocked_sampler(folder: Path, mock: responses.RequestsMock) -> SamplerV2:
    """A sampler of a service whose replies the test writes, accustomed to quick jobs."""
    mock.get("http://service.example/v1/backends", json=DEVICES)
    service = mocked_service(folder)
    waits = prefer_wait.habit_of(service.client)
    for number in range(prefer_wait.HABIT):
        waits.begins()
        waits.submitted(str(number))
        waits.waited(str(number))
    return SamplerV2(service.backend("sim"))


@pytest.mark.parametrize(
    "reply",
    [
        {"id": "one"},
        {"id": "one", "details": {"id": "two", "status": "Completed"}, "result": OTHERS},
        {"id": "one", "details": ["one"], "result": OTHERS},
        {"id": "one", "details": {"id": "one", "status": "Running"}, "result": OTHERS},
        {"id": "one", "details": {"id": "one", "status": "Completed"}, "result": 7},
        {"id": "one", "details": {"id": "one", "status": "Completed"}},
        {"id": "one", "details": {"id": "one", "status": "Completed"}, "result": "x" * 1_000_000},
        [],
        None,
    ],
    ids=["bare", "other", "list", "running", "number", "no result", "huge", "array", "no JSON"],
)
@pytest.mark.parametrize("applied", [True, False], ids=["applied", "unknown"])
def test_an_odd_reply_is_not_believed(tmp_path: Path, reply: Any, applied: bool) -> None:
    """The job is looked up, polled or downloaded; other services may ignore the preference."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        sampler = mocked_sampler(tmp_path, mock)
        text = "<html>" if reply is None else json.dumps(reply)
        tags: list[str] = []

        def post(request: Any) -> tuple[int, dict[str, str], str]:
            assert request.headers["Prefer"] == "wait=1"
            tags[:] = json.loads(request.body)["tags"]
            return 200, {"Preference-Applied": "wait"} if applied else {}, text

        def listed(_request: Any) -> tuple[int, dict[str, str], str]:
            return 200, {}, json.dumps({"jobs": [{"id": "one", "tags": tags}], "count": 1})

        mock.add_callback("POST", "http://service.example/v1/jobs", post)
        mock.add_callback("GET", "http://service.example/v1/jobs", listed)
        details = {"id": "one", "status": "Completed"}
        mock.get("http://service.example/v1/jobs/one", json=details)
        mock.get("http://service.example/v1/jobs/one/results", json=BODY)
        job = sampler.run([measured()], shots=3)
        assert job.job_id() == "one"
        assert job.result()[0].data.meas.get_counts() == {"1": 3}


def test_the_retry_of_a_lost_post_has_no_preference(tmp_path: Path) -> None:
    """Only the first attempt waits for the job's end."""
    preferences: list[str | None] = []

    def post(request: Any) -> tuple[int, dict[str, str], str]:
        preferences.append(request.headers.get("Prefer"))
        return (502, {}, "") if len(preferences) == 1 else (200, {}, json.dumps({"id": "one"}))

    with responses.RequestsMock() as mock:
        sampler = mocked_sampler(tmp_path, mock)
        mock.add_callback("POST", "http://service.example/v1/jobs", post)
        mock.get("http://service.example/v1/jobs", json={"jobs": [], "count": 0})
        assert sampler.run([measured()], shots=3).job_id() == "one"
    assert preferences == ["wait=1", None]


def test_a_forked_child_has_the_result(watched: LocalService, sampler: SamplerV2) -> None:
    """What came with the reply is in the child's memory, too."""
    job = sampler.run([measured()], shots=3)
    job._download.after_fork()  # as in a child
    assert calls(watched, job.result) == []
    assert job.result()[0].data.meas.get_counts() == {"1": 3}
