"""The poller: its intervals, the errors that it retries, and those that it raises."""

from __future__ import annotations

import itertools
import json
import logging
import threading
import time

import pytest
import responses

from qiskit_rest_primitives import (
    AuthenticationError,
    JobTimeoutError,
    NotFoundError,
    ProtocolError,
    QiskitRuntimeService,
    RestJob,
)
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.jobs.polling import poller
from qiskit_rest_primitives.jobs.polling.poller import poller_of
from qiskit_rest_primitives.jobs.status import Status, is_unknown, read_status
from tests.http.raw_server import RawServer, Received
from tests.tokens import secret
from tests.until import until

URL = "http://service.example/v1"


def entry(word: str, **state: object) -> dict:
    """A job's details."""
    return {"id": "a", "status": word, "state": {"status": word, **state}}


@pytest.fixture
def replies():
    """A list of replies to GET /jobs/a, the last of which is repeated, and a handle of the job."""
    given: list[tuple[int, object]] = []
    asked: list[float] = []

    def answer(_request):
        asked.append(time.monotonic())
        status, body = given.pop(0) if len(given) > 1 else given[0]
        return status, {}, body if isinstance(body, str) else json.dumps(body)

    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_callback("GET", f"{URL}/jobs/a", answer)
        job = RestJob(QiskitRuntimeService(url=URL, token=secret("ready")).client, "a")
        yield given, asked, job


@pytest.mark.parametrize(
    ("details", "status"),
    [
        (entry("Queued"), "QUEUED"),
        (entry("running"), "RUNNING"),
        (entry("COMPLETED"), "DONE"),
        (entry("Failed"), "ERROR"),
        (entry("Cancelled"), "CANCELLED"),
        (entry("Cancelled", reason_code=1305), "ERROR"),
        ({"id": "a", "status": "Cancelled - Ran too long"}, "ERROR"),
        ({"id": "a", "status": "Completed"}, "DONE"),
        (entry("Levitating"), "RUNNING"),
    ],
)
def test_the_services_statuses_become_qiskits(details: dict, status: str) -> None:
    """Case does not matter; an unknown word is not final."""
    assert read_status(details) == status
    assert isinstance(read_status(details), Status)
    assert is_unknown(details) is (details["status"] == "Levitating")


def test_a_status_has_the_members_name_and_value() -> None:
    """As Qiskit's enum member."""
    status = read_status(entry("Queued"))
    assert (status.name, status.value, str(status)) == ("QUEUED", "job is queued", "QUEUED")
    assert status in {"QUEUED"}


class SkippedTime(threading.Condition):
    """A condition whose waits end at once; its clock counts their seconds."""

    skipped = 0.0

    def clock(self) -> float:
        """Monotonic seconds, as if the waits had taken their time."""
        return time.monotonic() + self.skipped

    def wait(self, timeout: float | None = None) -> bool:
        """Lets the time pass."""
        assert timeout is not None
        self.skipped += timeout
        return False


def test_intervals_grow_with_the_time_waited(replies, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is at least an eighth of the time waited before."""
    given, _, job = replies
    asked: list[float] = []
    waits = SkippedTime()
    mine = poller_of(job._client)
    monkeypatch.setattr(mine, "_wake", waits)
    monkeypatch.setattr(mine, "clock", waits.clock)
    ask = job._client.job

    def noted(job_id: str, **more: bool) -> dict:
        asked.append(waits.clock())
        return ask(job_id, **more)

    monkeypatch.setattr(job._client, "job", noted)
    given += [(200, entry("Running"))] * 30 + [(200, entry("Completed"))]
    job.wait_for_final_state(timeout=60)
    assert len(asked) == 31
    assert all(late - early > (early - asked[0]) / 8 for early, late in itertools.pairwise(asked))
    assert asked[-1] - asked[0] > 0.05


@pytest.mark.slow
def test_outages_are_retried(replies) -> None:
    """After 5xx, garbage and the 404 of a new job, the final state is found."""
    given, _, job = replies
    given += [(500, "")] * 5 + [(200, "<html>"), (404, {}), (200, entry("Completed"))]
    job.wait_for_final_state(timeout=30)
    assert job.done()


@pytest.mark.parametrize(
    ("reply", "error"),
    [((401, {}), AuthenticationError), ((404, {}), NotFoundError), ((200, "?"), ProtocolError)],
)
def test_permanent_errors_are_raised(
    replies, monkeypatch: pytest.MonkeyPatch, reply: tuple, error: type
) -> None:
    """A rejected token at once, a missing job after a while."""
    monkeypatch.setattr(retry_policies, "MISSING", retry_policies.Limit(0.05, attempts=5))
    given, _, job = replies
    given.append(reply)
    with pytest.raises(error):
        job.result(timeout=30)


def test_errors_between_outages_are_limited(replies, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service fails every other request, and answers 404 to the rest."""
    monkeypatch.setattr(retry_policies, "MISSING", retry_policies.Limit(0.05, attempts=5))
    monkeypatch.setattr(retry_policies, "LONGEST_PAUSE_SECONDS", 0.1)
    given, asked, job = replies
    given += [(404, {}), (503, "")] * 30
    with pytest.raises(NotFoundError):
        job.wait_for_final_state(timeout=30)
    assert len(asked) < 20


def test_an_unknown_status_is_logged_once_and_times_out(
    replies, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After the service's longest job it is an error."""
    monkeypatch.setattr(poller, "LONGEST_JOB_SECONDS", 0.1)
    given, _, job = replies
    given.append((200, entry("Hovering")))
    with caplog.at_level(logging.WARNING), pytest.raises(ProtocolError, match="Hovering"):
        job.wait_for_final_state(timeout=30)
    assert caplog.text.count("unknown job status") == 1


def test_a_hanging_call_does_not_block_other_polls(
    replies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The poll is abandoned, and the next one is made."""
    monkeypatch.setattr(retry_policies, "POLL_TIMEOUT_SECONDS", 0.1)
    given, _, job = replies
    given.append((200, entry("Completed")))
    real, stuck, calls = job._client.job, threading.Event(), []

    def hang_once(*args, **more):
        calls.append(1)
        if len(calls) == 1:
            stuck.wait()
        return real(*args, **more)

    monkeypatch.setattr(job._client, "job", hang_once)
    try:
        job.wait_for_final_state(timeout=60)
        assert job.done()
    finally:
        stuck.set()


def test_a_late_reply_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply after the poll's timeout still updates the job."""
    monkeypatch.setattr(retry_policies, "POLL_TIMEOUT_SECONDS", 0.1)

    def slowly(request: Received) -> None:
        time.sleep(0.5)
        request.say(json.dumps(entry("Completed")).encode())

    with RawServer(slowly) as server:
        service = QiskitRuntimeService(
            url=f"http://127.0.0.1:{server.port}/v1", token=secret("ready")
        )
        job = RestJob(service.client, "a")
        job.wait_for_final_state(timeout=60)
        assert job.done()


def test_dead_connections_are_not_tried_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change of network all kept connections are dead: one timeout, then new ones."""
    monkeypatch.setattr(retry_policies, "POLL_TIMEOUT_SECONDS", 1.0)
    together, dead = threading.Barrier(10), threading.Event()
    first: set[int] = set()
    silences: list[int] = []

    def answer(request: Received) -> None:
        connection = id(request.connection)
        if not dead.is_set():
            first.add(connection)
            together.wait()  # ten connections at once, which the client keeps
        elif connection in first:
            silences.append(connection)
            time.sleep(30)
        request.say(json.dumps(entry("Completed")).encode())

    with RawServer(answer) as server:
        url = f"http://127.0.0.1:{server.port}/v1"
        client = QiskitRuntimeService(url=url, token=secret("ready")).client
        threads = [threading.Thread(target=client.job, args=("a",)) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(first) == 10
        dead.set()
        RestJob(client, "a").wait_for_final_state(timeout=60)
    assert len(silences) == 1


def test_retry_after_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy service gets the next request after its Retry-After."""
    monkeypatch.setattr(retry_policies, "POLL_TIMEOUT_SECONDS", 60)
    asked: list[float] = []
    polls: list[str] = []

    def busy(request: Received) -> None:
        asked.append(time.monotonic())
        if len(asked) < 3:
            request.say(b"", status=429, Retry_After=1)
        else:
            request.say(json.dumps(entry("Completed")).encode())

    with RawServer(busy) as server:
        service = QiskitRuntimeService(
            url=f"http://127.0.0.1:{server.port}/v1", token=secret("ready")
        )
        poll = service.client.job

        def noted(job_id: str, **more: bool) -> dict:
            polls.append(job_id)
            return poll(job_id, **more)

        monkeypatch.setattr(service.client, "job", noted)
        RestJob(service.client, "a").wait_for_final_state(timeout=60)
    assert len(asked) == 3
    assert len(polls) == 3, "a pause is between polls: it does not count as the time of one"
    assert all(late - early > 0.85 for early, late in itertools.pairwise(asked))


def test_ctrl_c_warns_with_the_jobs_id(
    replies, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The job continues, and so does the next result()."""
    given, _, job = replies
    given.append((200, entry("Running")))

    def interrupt(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("qiskit_rest_primitives.display.progress.wait_for_futures", interrupt)
        with caplog.at_level(logging.WARNING), pytest.raises(KeyboardInterrupt):
            job.result()
    assert "job a continues" in caplog.text
    given[:] = [(200, entry("Completed"))]
    job.wait_for_final_state(timeout=30)


def test_a_forked_child_has_its_own_poller(replies, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads do not survive a fork."""
    _, _, job = replies
    mine = poller_of(job._client)
    assert poller_of(job._client) is mine
    monkeypatch.setattr("os.getpid", lambda: 1)
    assert poller_of(job._client) is not mine


def test_the_poller_stops_when_idle_and_starts_again(
    replies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without waiting callers there is no thread; the next wait starts one."""
    monkeypatch.setattr(poller, "IDLE_SECONDS", 0.05)
    given, _, job = replies
    given.append((200, entry("Running")))
    for _ in range(2):
        with pytest.raises(JobTimeoutError):
            job.wait_for_final_state(timeout=0.05)
        until(lambda: poller_of(job._client)._thread is None)
