"""Exactly one job per run(), with a fault at every step."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import responses

from qiskit_rest_primitives import (
    AuthenticationError,
    InvalidRequestError,
    QiskitRuntimeService,
    SamplerV2,
    ServerError,
    Settings,
    TransportError,
)
from qiskit_rest_primitives.http import client, retry_policies
from qiskit_rest_primitives.jobs.submission.rate_limit import RateLimit
from qiskit_rest_primitives.jobs.submission.submit import journal_of, submit
from qiskit_rest_primitives.jobs.tags import is_own_tag, new_tag
from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.primitives import request
from tests.http.clients import DEVICES, measured, mocked_service

FAULTS = {
    "drop before": {"drop": True},
    "drop after": {"drop": True, "after_work": True},
    "502 before": {"status": 502},
    "502 after": {"status": 502, "after_work": True},
    "504 after": {"status": 504, "after_work": True},
    "500 after": {"status": 500, "after_work": True},
    "520 before": {"status": 520},
    "429": {"status": 429},
    "429 with a hint": {"status": 429, "retry_after": 0.05},
    "503 with a hint": {"status": 503, "retry_after": 0.05},
    "503 without": {"status": 503},
    "503 after": {"status": 503, "after_work": True},
    "truncated": {"truncate": True},
    "corrupt": {"corrupt": True},
}


def jobs_of(service: QiskitRuntimeService, tag: str) -> list[str]:
    """Ids of the jobs on the service with that tag."""
    return [job.job_id() for job in service.jobs(limit=None, job_tags=[tag])]


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("name", FAULTS)
def test_one_run_is_one_job(
    failing: LocalService, client_of_failing: QiskitRuntimeService, name: str, times: int
) -> None:
    """After any fault of the POST there is one job, and the handle is that job's."""
    tag = f"{name}-{times}"
    backend = client_of_failing.backend("statevector")
    failing.faults.add("POST", "/jobs", count=times, **FAULTS[name])
    sampler = SamplerV2(backend, options={"environment": {"job_tags": [tag]}})
    job = sampler.run([measured()], shots=3)
    failing.faults.clear()
    assert jobs_of(client_of_failing, tag) == [job.job_id()]
    assert job.result()[0].data.meas.get_counts() == {"1": 3}
    assert job.tags == [tag]
    assert journal_of(client_of_failing.client).path.read_text().count('"fate"') == 1


@pytest.mark.parametrize("look", [{"status": 502}, {"drop": True}, {"corrupt": True}])
def test_the_lookup_survives_faults(
    failing: LocalService, client_of_failing: QiskitRuntimeService, look: dict
) -> None:
    """The reply is lost and the job list fails: there is still one job."""
    backend = client_of_failing.backend("statevector")
    failing.faults.add("POST", "/jobs", drop=True, after_work=True, count=1)
    failing.faults.add("GET", "/jobs", count=3, **look)
    tag = "look-" + "-".join(look)
    sampler = SamplerV2(backend, options={"environment": {"job_tags": [tag]}})
    job = sampler.run([measured()], shots=1)
    failing.faults.clear()
    assert jobs_of(client_of_failing, tag) == [job.job_id()]


def test_a_refused_submission_is_not_retried(
    failing: LocalService, client_of_failing: QiskitRuntimeService
) -> None:
    """A 400 is permanent: one POST, an error, no job."""
    backend = client_of_failing.backend("statevector")
    failing.faults.add("POST", "/jobs", status=400, count=1)
    with pytest.raises(InvalidRequestError):
        SamplerV2(backend).run([measured()])
    assert len(failing.faults.hits) == 1
    assert client_of_failing.recover() == []


def test_an_outage_during_the_lookup_is_an_error_with_a_cure(
    failing: LocalService, tmp_path
) -> None:
    """The error says that a job may exist; recover() finds it when the service is back."""
    settings = Settings(state_folder=tmp_path, first_pause_seconds=0.01, lookup_seconds=0.3)
    service = QiskitRuntimeService(
        url=failing.url, token=failing.token, instance=failing.instance, settings=settings
    )
    backend = service.backend("statevector")
    failing.faults.add("POST", "/jobs", drop=True, after_work=True, count=1)
    failing.faults.add("GET", "/jobs", drop=True)
    options = {"environment": {"job_tags": ["outage"]}}
    with pytest.raises(TransportError, match=r"recover\(\)") as problem:
        SamplerV2(backend, options=options).run([measured()], shots=3)
    failing.faults.clear()
    assert problem.value.may_have_acted
    recovered = service.recover()
    assert [job.job_id() for job in recovered] == jobs_of(service, "outage")
    assert recovered[0].result()[0].data.meas.get_counts() == {"1": 3}
    assert service.recover() == []


def test_a_post_that_always_fails_is_an_error_with_a_cure(failing: LocalService, tmp_path) -> None:
    """The job list shows no job: the error has the number of attempts and the time."""
    settings = Settings(state_folder=tmp_path, first_pause_seconds=0.01, lookup_seconds=0.5)
    service = QiskitRuntimeService(
        url=failing.url, token=failing.token, instance=failing.instance, settings=settings
    )
    backend = service.backend("statevector")
    failing.faults.add("POST", "/jobs", status=502)
    with pytest.raises(TransportError, match=r"attempts in 0.5 s, and the job list shows no job"):
        SamplerV2(backend).run([measured()])
    failing.faults.clear()


def test_a_silent_post_is_retried_if_there_is_no_job(
    failing: LocalService, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of the silent POST does not count towards `lookup_seconds`."""
    monkeypatch.setattr(client, "SUBMIT_TIMEOUT_SECONDS", 1.0)
    settings = Settings(state_folder=tmp_path, lookup_seconds=100)
    service = QiskitRuntimeService(
        url=failing.url, token=failing.token, instance=failing.instance, settings=settings
    )
    backend = service.backend("statevector")
    now = [0.0]
    create = service.client.create_job

    def minutes_later(body: bytes, *, fresh: bool = False) -> dict[str, Any]:
        now[0] += 300
        return create(body, fresh=fresh)

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(service.client, "create_job", minutes_later)
    timed = partial(submit, clock=lambda: now[0], sleep=sleep)
    monkeypatch.setattr(request, "submit", timed)
    failing.faults.add("POST", "/jobs", silence=True, count=1)
    options = {"environment": {"job_tags": ["silent-post"]}}
    job = SamplerV2(backend, options=options).run([measured()])
    failing.faults.clear()
    assert jobs_of(service, "silent-post") == [job.job_id()]
    assert now[0] >= 600  # two POSTs


def test_a_crash_before_the_reply_is_recovered(
    failing: LocalService, client_of_failing: QiskitRuntimeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After Ctrl-C between POST and reply, the journal has the tag."""
    backend = client_of_failing.backend("statevector")
    api = backend.client
    real = api.create_job

    def interrupted(body: bytes, **_: bool):
        real(body)
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "create_job", interrupted)
    with pytest.raises(KeyboardInterrupt):
        SamplerV2(backend).run([measured()], shots=3)
    assert len(client_of_failing.recover()) == 1
    assert client_of_failing.recover() == []


def test_a_submission_that_never_arrived_is_removed_from_the_journal(
    client_of_failing: QiskitRuntimeService,
) -> None:
    """A tag without a job is not looked up after ten minutes."""
    api = client_of_failing.client
    journal = journal_of(api)
    entry = {"url": api.url, "instance": api.account.instance, "program_id": "sampler"}
    old = {"tag": new_tag(), "at": "2020-01-01T00:00:00+00:00", **entry}
    journal.path.parent.mkdir(parents=True, exist_ok=True)
    journal.path.write_text(json.dumps(old) + "\n")
    assert client_of_failing.recover() == []
    assert journal.open_submissions(url=api.url, instance=api.account.instance) == []


@pytest.mark.parametrize(
    "reply",
    [{"body": "<html>ok</html>"}, {"json": {}}, {"json": []}, {"body": ""}, {"json": {"id": 7}}],
    ids=["html", "no id", "list", "empty", "number"],
)
def test_a_200_without_an_id_causes_a_lookup(tmp_path, reply: dict) -> None:
    """The job that the service created is found by its tag and adopted."""
    posted = []
    with responses.RequestsMock() as mock:
        mock.get("http://service.example/v1/backends", json=DEVICES)

        def post(request):
            posted.append(json.loads(request.body)["tags"])
            return 200, {}, json.dumps(reply["json"]) if "json" in reply else reply["body"]

        def listed(request):
            if len(listed_calls) < 2:  # the job list lags behind
                listed_calls.append(request)
                return 200, {}, json.dumps({"jobs": [], "count": 0})
            other = {"id": "other", "tags": ["x"]}
            mine = {"id": "mine", "tags": posted[0], "status": "Queued"}
            return 200, {}, json.dumps({"jobs": [other, mine], "count": 2})

        listed_calls: list = []
        mock.add_callback("POST", "http://service.example/v1/jobs", post)
        mock.add_callback("GET", "http://service.example/v1/jobs", listed)
        job = SamplerV2(mocked_service(tmp_path).backend("sim")).run([measured()])
    assert job.job_id() == "mine"
    assert len(posted) == 1


def test_a_late_duplicate_is_cancelled(tmp_path) -> None:
    """The gateway replied before its service created the job: one job remains."""
    cancelled = []
    with responses.RequestsMock() as mock:
        mock.get("http://service.example/v1/backends", json=DEVICES)
        tags: list[str] = []

        def post(request):
            tags[:] = json.loads(request.body)["tags"]
            return (
                (504, {}, "")
                if not posts.append(1) and len(posts) == 1
                else (
                    200,
                    {},
                    json.dumps({"id": "second"}),
                )
            )

        def listed(_request):
            jobs = [{"id": "first", "tags": tags}, {"id": "second", "tags": tags}]
            return 200, {}, json.dumps({"jobs": jobs if len(posts) == 2 else [], "count": 0})

        posts: list[int] = []
        mock.add_callback("POST", "http://service.example/v1/jobs", post)
        mock.add_callback("GET", "http://service.example/v1/jobs", listed)
        mock.add_callback(
            "POST",
            "http://service.example/v1/jobs/first/cancel",
            lambda request: cancelled.append(request.url) or (204, {}, ""),
        )
        job = SamplerV2(mocked_service(tmp_path).backend("sim")).run([measured()])
    assert job.job_id() == "second"
    assert len(cancelled) == 1


def test_a_refused_connection_is_an_error(tmp_path: Path) -> None:
    """Nothing was sent, so no job can exist."""
    with LocalService() as local:
        service = QiskitRuntimeService(
            url=local.url,
            token=local.token,
            settings=Settings(state_folder=tmp_path, outage_seconds=0.2),
        )
        backend = service.backend("statevector")
    with pytest.raises(TransportError, match="refused") as problem:
        SamplerV2(backend).run([measured()])
    assert not problem.value.may_have_acted
    assert journal_of(service.client).open_submissions(url=local.url, instance="") == []


def test_a_rejected_token_is_an_error(failing: LocalService, tmp_path) -> None:
    """A bearer token can't be renewed: there is one attempt."""
    service = QiskitRuntimeService(url=failing.url, token=failing.token, instance=failing.instance)
    backend = service.backend("statevector")
    failing.faults.add("POST", "/jobs", status=401, count=1)
    with pytest.raises(AuthenticationError, match="token"):
        SamplerV2(backend).run([measured()])
    failing.faults.clear()


def test_a_rate_limit_has_a_deadline(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the service always answers 429, its error is raised, with its message."""
    monkeypatch.setattr(retry_policies, "RATE_LIMITED", retry_policies.Limit(0.05))
    with responses.RequestsMock() as mock:
        mock.get("http://service.example/v1/backends", json=DEVICES)
        error = {"errors": [{"code": 1202, "message": "Too many requests"}], "trace": "abc"}
        mock.post("http://service.example/v1/jobs", status=429, json=error)
        with pytest.raises(Exception, match=r"Too many requests \(code 1202\).*abc"):
            SamplerV2(mocked_service(tmp_path).backend("sim")).run([measured()])


def test_a_503_with_retry_after_is_retried_without_a_lookup(tmp_path) -> None:
    """The header says that the service did not act."""
    with responses.RequestsMock() as mock:
        mock.get("http://service.example/v1/backends", json=DEVICES)
        jobs = "http://service.example/v1/jobs"
        mock.post(jobs, status=503, headers={"Retry-After": "0"})
        mock.post(jobs, json={"id": "one"})
        assert (
            SamplerV2(mocked_service(tmp_path).backend("sim")).run([measured()]).job_id() == "one"
        )
        assert {call.request.method for call in mock.calls[1:]} == {"POST"}
    assert issubclass(ServerError, Exception)


def test_submissions_wait_for_the_rate_limit_in_order() -> None:
    """With five per minute, the sixth waits for the rest of the minute."""
    now = [0.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    limit = RateLimit(5, clock=lambda: now[0], sleep=sleep)
    for _ in range(5):
        limit.wait()
    now[0] += 10
    limit.wait()
    assert slept == [51.0]
    for _ in range(4):
        limit.wait()
    assert slept == [51.0]
    limit.wait()
    assert slept == [51.0, 61.0]
    free = RateLimit(0, sleep=sleep)
    for _ in range(100):
        free.wait()
    assert len(slept) == 2


def test_tags_are_unique_and_recognised() -> None:
    """A tag of a submission is recognised; a user's tag is not."""
    assert new_tag() != new_tag()
    assert is_own_tag(new_tag())
    assert not is_own_tag("qrp-mine")
