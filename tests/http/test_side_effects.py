"""Side effects: which errors leave an outcome unknown; cancelling, deleting, opening a session."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import responses

from qiskit_rest_primitives import (
    Batch,
    InvalidRequestError,
    JobStateError,
    NotFoundError,
    QiskitRuntimeService,
    RedirectError,
    RestBackend,
    RestJob,
    SamplerV2,
    ServerError,
    Session,
    SessionError,
    Settings,
    TransportError,
)
from qiskit_rest_primitives.http import side_effects
from qiskit_rest_primitives.jobs.submission.submit import journal_of
from qiskit_rest_primitives.local import LocalService
from tests.http.clients import DEVICES, measured
from tests.jobs.long_jobs import long_pubs
from tests.tokens import secret

URL = "http://service.example/v1"
JOBS = f"{URL}/jobs"


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    """A service whose replies the test writes."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        mocked.get(f"{URL}/backends", json=DEVICES)
        yield mocked


@pytest.fixture
def service(tmp_path: Path) -> QiskitRuntimeService:
    """A client of it with short pauses."""
    settings = Settings(state_folder=tmp_path, first_pause_seconds=0.001, lookup_seconds=20)
    return QiskitRuntimeService(url=URL, token=secret("ready"), settings=settings)


def posts(mock: responses.RequestsMock) -> list[str]:
    """The POSTs that were sent."""
    return [call.request.url for call in mock.calls if call.request.method == "POST"]


def run(service: QiskitRuntimeService) -> RestJob:
    """One submission."""
    return SamplerV2(service.backend("sim")).run([measured()])


def long_job(backend: RestBackend) -> RestJob:
    """A job that runs until it is cancelled."""
    return SamplerV2(backend).run(long_pubs(20))


def open_tags(service: QiskitRuntimeService) -> list[str]:
    """Tags of submissions in the journal whose outcome is unknown."""
    lines = journal_of(service.client).open_submissions(url=URL, instance="")
    return [line["tag"] for line in lines]


@pytest.mark.parametrize(
    "location",
    ["https://service.example/v1/jobs", "http://elsewhere.example/", "/v2/jobs", "http://[bad"],
)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirected_submission_is_refused_at_once(
    mock: responses.RequestsMock, service: QiskitRuntimeService, status: int, location: str
) -> None:
    """The service did not accept it and would redirect it again: no lookup, no retry."""
    mock.post(JOBS, status=status, headers={"Location": location})
    with pytest.raises(RedirectError, match="correct the url") as problem:
        run(service)
    assert not problem.value.may_have_acted
    assert posts(mock) == [JOBS]
    assert open_tags(service) == []


@pytest.mark.parametrize("location", ["/v1/jobs/made", "http://[bad", "\x80"])
def test_a_303_means_that_a_job_may_exist(
    mock: responses.RequestsMock, service: QiskitRuntimeService, location: str
) -> None:
    """The journal keeps the tag for recover()."""
    mock.post(JOBS, status=303, headers={"Location": location})
    with pytest.raises(RedirectError) as problem:
        run(service)
    assert problem.value.may_have_acted
    assert len(open_tags(service)) == 1


def listing(mock: responses.RequestsMock, reply: Callable[[list[str]], Any]) -> list[list[str]]:
    """Makes GET /jobs list jobs with the posted tags; returns these tags."""
    posted: list[list[str]] = []

    def listed(_request: Any) -> tuple[int, dict, str]:
        jobs = reply(posted[-1])
        return 200, {}, json.dumps({"jobs": jobs, "count": len(jobs)})

    mock.add_callback("GET", JOBS, listed)

    def post(request: Any) -> tuple[int, dict, str]:
        posted.append(json.loads(request.body)["tags"])
        return 408, {}, ""

    mock.add_callback("POST", JOBS, post)
    return posted


def test_a_408_causes_a_lookup(mock: responses.RequestsMock, service: QiskitRuntimeService) -> None:
    """A gateway's timeout does not mean that the job was refused."""
    posted = listing(mock, lambda tags: [{"id": "mine", "tags": tags}])
    assert run(service).job_id() == "mine"
    assert len(posted) == 1


def test_duplicates_that_the_lookup_finds_are_cancelled(
    mock: responses.RequestsMock, service: QiskitRuntimeService
) -> None:
    """The oldest job is adopted, in whichever order they are listed."""
    newest_first = ["third", "second", "first"]
    listing(mock, lambda tags: [{"id": name, "tags": tags} for name in newest_first])
    mock.post(f"{JOBS}/second/cancel", status=502)
    mock.post(f"{JOBS}/second/cancel", status=204)
    mock.post(f"{JOBS}/third/cancel", status=409)
    mock.get(f"{JOBS}/third", json={"id": "third", "status": "Completed"})
    assert run(service).job_id() == "first"
    assert {url.rpartition("/jobs/")[2] for url in posts(mock)[1:]} == {
        "second/cancel",
        "third/cancel",
    }
    assert len(posts(mock)) == 4


def test_a_refusal_after_a_lost_reply_keeps_the_tag(
    mock: responses.RequestsMock, service: QiskitRuntimeService
) -> None:
    """502, not listed, then 400: the first attempt may still create a job, so the tag is kept."""
    mock.get(JOBS, json={"jobs": [], "count": 0})
    mock.post(JOBS, status=502)
    mock.post(JOBS, status=400)
    with pytest.raises(InvalidRequestError):
        run(service)
    assert len(open_tags(service)) == 1


def test_an_outage_during_recovery_loses_no_job(
    mock: responses.RequestsMock, service: QiskitRuntimeService
) -> None:
    """If the second lookup fails, the first submission stays in the journal."""
    journal = journal_of(service.client)
    for tag in ("qrp-one", "qrp-two"):
        journal.starts(tag, url=URL, instance="", program_id="sampler", backend="sim")
    down = {"qrp-two"}

    def listed(request: Any) -> tuple[int, dict, str]:
        tag = request.params["tags"]
        jobs = [{"id": tag.removeprefix("qrp-"), "tags": [tag]}]
        return (400 if tag in down else 200), {}, json.dumps({"jobs": jobs})

    mock.add_callback("GET", JOBS, listed)
    with pytest.raises(InvalidRequestError):
        service.recover()
    down.clear()
    assert [job.job_id() for job in service.recover()] == ["one", "two"]
    assert service.recover() == []


@pytest.mark.parametrize("fault", [{"status": 502}, {"drop": True}, {"status": 429}])
@pytest.mark.parametrize("after", [False, True])
def test_cancelling_survives_faults(
    failing: LocalService, client_of_failing: QiskitRuntimeService, fault: dict, after: bool
) -> None:
    """The request is retried; if the first one took effect, `cancel` still returns True."""
    if after and fault.get("status") == 429:
        fault = {"status": 504}
    backend = client_of_failing.backend("statevector")
    failing.faults.add("POST", "/jobs/*/cancel", count=2, after_work=after, **fault)
    job = long_job(backend)
    assert job.cancel() is True
    job.wait_for_final_state(60)
    assert job.cancelled()
    with pytest.raises(JobStateError, match="CANCELLED"):
        job.cancel()


@pytest.mark.parametrize("fault", [{"status": 502}, {"drop": True}, {"status": 504}])
@pytest.mark.parametrize("after", [False, True])
def test_deleting_survives_faults(
    failing: LocalService, client_of_failing: QiskitRuntimeService, fault: dict, after: bool
) -> None:
    """After a lost reply, a missing job was deleted; a job that never existed is an error."""
    job = SamplerV2(client_of_failing.backend("statevector")).run([measured()])
    job.wait_for_final_state(60)
    failing.faults.add("DELETE", "/jobs/*", count=2, after_work=after, **fault)
    client_of_failing.delete_job(job.job_id())
    with pytest.raises(NotFoundError):
        client_of_failing.job(job.job_id())
    with pytest.raises(NotFoundError):
        client_of_failing.delete_job(job.job_id())


@pytest.mark.parametrize(
    "fault", [{"status": 429, "retry_after": 0.01}, {"status": 503, "retry_after": 0.01}]
)
def test_opening_a_session_is_retried_while_the_service_is_busy(
    failing: LocalService, client_of_failing: QiskitRuntimeService, fault: dict
) -> None:
    """Two busy replies are followed by a session."""
    backend = client_of_failing.backend("statevector")
    failing.faults.add("POST", "/sessions", count=2, **fault)
    with Session(backend) as session:
        assert session.details()["accepting_jobs"]
    assert sum("/sessions" in hit for hit in failing.faults.hits) >= 2


@pytest.mark.parametrize("fault", [{"status": 502}, {"drop": True, "after_work": True}])
def test_a_lost_reply_to_opening_a_session(
    failing: LocalService,
    client_of_failing: QiskitRuntimeService,
    fault: dict,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Another session is opened; the log says that an empty one may remain."""
    backend = client_of_failing.backend("statevector")
    failing.faults.add("POST", "/sessions", count=2, **fault)
    with Batch(backend) as batch:
        assert SamplerV2().run([measured()]).session_id == batch.session_id
    assert caplog.text.count("an empty session may stay open") == 2


def test_opening_a_session_has_a_deadline(failing: LocalService, tmp_path: Path) -> None:
    """The error says whether an empty session may remain."""
    settings = Settings(state_folder=tmp_path, first_pause_seconds=0.01, lookup_seconds=0.1)
    service = QiskitRuntimeService(
        url=failing.url, token=failing.token, instance=failing.instance, settings=settings
    )
    backend = service.backend("statevector")
    failing.faults.add("POST", "/sessions", drop=True)
    with pytest.raises(TransportError) as problem:
        Session(backend)
    assert problem.value.may_have_acted
    failing.faults.clear()


def test_an_error_while_closing_does_not_hide_the_blocks_error(
    failing: LocalService,
    client_of_failing: QiskitRuntimeService,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The error of the close is logged."""
    backend = client_of_failing.backend("statevector")
    session = Session(backend)
    failing.faults.add("PATCH", "/sessions/*", status=400)
    with pytest.raises(ZeroDivisionError), session:
        _ = 1 / 0
    assert "was not closed" in caplog.text
    with pytest.raises(InvalidRequestError), Session(backend):
        pass
    with pytest.raises(SessionError, match="closed"):
        SamplerV2(session).run([measured()])


def test_which_statuses_may_have_acted() -> None:
    """A 503 with Retry-After had no effect; any other 5xx may have had one."""
    hinted = ServerError("x", status_code=503)
    hinted.retry_after_seconds = 1.0
    assert not side_effects.may_have_acted(hinted)
    assert side_effects.may_have_acted(ServerError("x", status_code=503))
    assert not side_effects.may_have_acted(InvalidRequestError("x", status_code=409))
