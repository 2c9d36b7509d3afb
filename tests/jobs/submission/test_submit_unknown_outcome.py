"""Submissions without a reply: silence, stale connections, late duplicates."""

from __future__ import annotations

import json
import threading

import pytest
import responses

from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2, TransportError
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.jobs.submission.submit import submit
from qiskit_rest_primitives.jobs.tags import is_own_tag, new_tag
from qiskit_rest_primitives.local import LocalService
from tests.http.clients import DEVICES, measured, mocked_service, raw_client
from tests.http.raw_server import RawServer, Received
from tests.jobs.long_jobs import long_pubs


def test_a_retry_uses_a_new_connection(tmp_path) -> None:
    """The server resets the second request of each connection, but gets the job."""
    seen: set[int] = set()
    made: list[str] = []

    def answer(request: Received) -> None:
        if id(request.connection) in seen:
            raise ConnectionResetError
        seen.add(id(request.connection))
        if request.line.startswith("POST"):
            made.append("job")
            request.say(b'{"id": "a.b:1"}')
        else:
            jobs = b'{"jobs": []}'
            request.say(json.dumps(DEVICES).encode() if "/backends" in request.line else jobs)

    with RawServer(answer) as server:
        job = SamplerV2(raw_client(server.port, tmp_path).backend("sim")).run([measured()])
    assert job.job_id() == "a.b:1"
    assert len(made) == 1


def test_the_job_of_a_silent_post_is_looked_up(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job is adopted when the list shows it, long before the POST times out."""
    monkeypatch.setattr(retry_policies, "SILENT_POST_SECONDS", 0.2)
    made: list[dict] = []
    over, timed_out = threading.Event(), threading.Event()

    def answer(request: Received) -> None:
        if request.line.startswith("POST"):
            made.append(json.loads(request.body))
            if not over.wait(30):
                timed_out.set()
            raise ConnectionResetError
        if "/backends" in request.line:
            request.say(json.dumps(DEVICES).encode())
        else:
            request.say(json.dumps({"jobs": [{"id": "one", "tags": made[0]["tags"]}]}).encode())

    with RawServer(answer) as server:
        job = SamplerV2(raw_client(server.port, tmp_path).backend("sim")).run([measured()])
        assert not timed_out.is_set()
        over.set()
    assert job.job_id() == "one"
    assert len(made) == 1


def test_a_very_late_duplicate_is_cancelled(
    failing: LocalService, client_of_failing: QiskitRuntimeService
) -> None:
    """The tag is looked up once more when the job is final."""
    backend = client_of_failing.backend("statevector")
    failing.faults.add("POST", "/jobs", status=504, count=1)
    options = {"environment": {"job_tags": ["very-late"]}}
    job = SamplerV2(backend, options=options).run([measured()], shots=3)
    # The slow service now creates the first attempt's job, with the same tags.
    pubs = long_pubs(20)
    own = [tag for tag in job._details.reported["tags"] if is_own_tag(tag)]
    late = SamplerV2(backend, options={"environment": {"job_tags": ["very-late"]}}).run(pubs)
    client_of_failing.client.update_job_tags(late.job_id(), ["very-late", *own])
    assert job.result()[0].data.meas.get_counts() == {"1": 3}
    late.wait_for_final_state(60)
    assert late.cancelled()
    assert not job.cancelled()


def test_a_submission_in_flight_is_not_recovered(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread is submitting the job."""
    with responses.RequestsMock() as mock:
        mock.get("http://service.example/v1/backends", json=DEVICES)
        service = mocked_service(tmp_path)
        recovered: list = []

        def post(_request):
            recovered.append(service.recover())
            return 200, {}, json.dumps({"id": "one"})

        mock.add_callback("POST", "http://service.example/v1/jobs", post)
        assert SamplerV2(service.backend("sim")).run([measured()]).job_id() == "one"
    assert recovered == [[]]


def test_lookups_back_off(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an outage after the POST, the pauses between lookups grow up to a limit."""
    slept: list[float] = []
    monkeypatch.setattr(retry_policies, "SILENT_POST_SECONDS", 60.0)
    with responses.RequestsMock() as mock:
        mock.post("http://service.example/v1/jobs", status=502)
        mock.get("http://service.example/v1/jobs", status=503)
        service = mocked_service(tmp_path, first_pause_seconds=0.25, lookup_seconds=100)
        now = [0.0]

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            now[0] += seconds

        with pytest.raises(TransportError, match=r"no lookup succeeded within 100 s"):
            submit(
                service.client,
                b"{}",
                tag=new_tag(),
                program_id="sampler",
                backend="sim",
                clock=lambda: now[0],
                sleep=sleep,
            )
    assert slept[0] < 0.3
    assert slept[3] > 1.5
    assert 4.4 < max(slept) < 5.6
    assert len(slept) < 30
