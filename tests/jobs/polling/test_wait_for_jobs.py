"""Waiting for many jobs takes few requests."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
import responses

from qiskit_rest_primitives import (
    JobTimeoutError,
    QiskitRuntimeService,
    RestJob,
    as_completed,
    wait,
)
from qiskit_rest_primitives.jobs.polling import poller
from qiskit_rest_primitives.jobs.polling.poll_list import list_states
from tests.tokens import secret

URL = "http://service.example/v1"


def job(job_id: str, status: str) -> dict:
    """A job's entry in the list."""
    return {"id": job_id, "status": status, "state": {"status": status}}


class ListedJobs:
    """A service that answers GET /jobs from a table of states."""

    def __init__(self, mock: responses.RequestsMock, states: dict[str, str]):
        self.states = states
        self.requests = 0
        mock.add_callback("GET", f"{URL}/jobs", self.answer)

    def answer(self, request):
        """One page of the wanted kind."""
        import json

        self.requests += 1
        query = request.params
        pending = query["pending"] == "true"
        kind = ("Queued", "Running") if pending else ("Completed", "Failed", "Cancelled")
        listed = [job(name, state) for name, state in self.states.items() if state in kind]
        first = int(query.get("offset", 0))
        page = listed[first : first + int(query["limit"])]
        body = {"jobs": page, "count": len(listed), "offset": first, "limit": int(query["limit"])}
        return 200, {}, json.dumps(body)


@pytest.fixture
def mocked(monkeypatch: pytest.MonkeyPatch):
    """A client whose replies the test writes, and which lists more than three jobs."""
    monkeypatch.setattr(poller, "MOST_POLLED_BY_ID", 3)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock, QiskitRuntimeService(url=URL, token=secret("ready"))


@pytest.mark.parametrize(
    ("done", "flying", "most"), [(0, 1000, 1), (100, 900, 1), (3000, 1000, 7), (1000, 10, 2)]
)
def test_a_poll_of_many_jobs_takes_few_requests(mocked, done: int, flying: int, most: int) -> None:
    """The poller lists the final jobs, or the pending ones if these are fewer."""
    mock, service = mocked
    states = {f"done-{n}": "Completed" for n in range(done)}
    states |= {f"fly-{n}": "Queued" for n in range(flying)}
    table = ListedJobs(mock, states)
    wanted = {f"fly-{n}" for n in range(flying)}
    since = datetime.now(timezone.utc) - timedelta(hours=1)
    found, gone, requests = list_states(service.client, wanted, since)
    assert requests == table.requests <= most
    assert gone == []
    assert all(details["status"] == "Queued" for details in found.values())
    table.states["fly-3"] = "Failed"
    found, gone, _ = list_states(service.client, wanted, since)
    assert found.get("fly-3", {}).get("status") == "Failed" or gone == ["fly-3"]


def test_as_completed_yields_jobs_when_they_finish(mocked) -> None:
    """It yields each handle once, in the order of finishing."""
    mock, service = mocked
    table = ListedJobs(mock, {f"job-{n}": "Running" for n in range(8)})
    for n in range(8):
        mock.add_callback(
            "GET",
            f"{URL}/jobs/job-{n}",
            lambda _request, n=n: (200, {}, _text(job(f"job-{n}", table.states[f"job-{n}"]))),
        )
    jobs = [RestJob(service.client, f"job-{n}") for n in range(8)]
    order = [5, 2, 7, 0, 1, 3, 4, 6]
    order_seen: list[str] = []
    finished = as_completed(jobs, timeout=30)
    for n in order:
        table.states[f"job-{n}"] = "Completed"
        order_seen.append(next(finished).job_id())
    assert order_seen == [f"job-{n}" for n in order]
    assert next(finished, None) is None


def test_wait_and_as_completed_keep_their_timeout(mocked, monkeypatch: pytest.MonkeyPatch) -> None:
    """`wait` returns final and pending jobs; `as_completed` raises."""
    monkeypatch.setattr(poller, "MOST_POLLED_BY_ID", 1)
    mock, service = mocked
    ListedJobs(mock, {f"job-{n}": "Completed" if n < 2 else "Queued" for n in range(6)})
    jobs = [RestJob(service.client, f"job-{n}") for n in range(6)]
    assert wait(jobs[:2], timeout=60) == (set(jobs[:2]), set())
    done, pending = wait(jobs, timeout=0.5)
    assert done == set(jobs[:2])
    assert pending == set(jobs[2:])
    assert wait(jobs, timeout=0.5, return_when="FIRST_COMPLETED")[0] >= set(jobs[:1])
    with pytest.raises(JobTimeoutError, match="4 jobs are not final"):
        list(as_completed(jobs, timeout=0.2))


def _text(content: dict) -> str:
    import json

    return json.dumps(content)
