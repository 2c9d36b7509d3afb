"""GET /health, called as a load balancer does."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Executor
from unittest.mock import Mock

import pytest
import requests

from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.api import health
from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.engine.executors.worker_state import WorkerState, state_of
from qiskit_rest_primitives.local.store import Store


@pytest.fixture
def url() -> Iterator[str]:
    """A service of its own, which is made to fail."""
    with LocalService() as service:
        yield f"{service.base_url}/health"


def test_a_service_that_works_is_ok(url: str) -> None:
    """Each part has a word, and there is nothing else to know without a token."""
    reply = requests.get(url, timeout=30)
    assert reply.status_code == 200
    assert reply.json().pop("time")
    found = {name: word for name, word in reply.json().items() if name != "time"}
    assert found == {"status": "ok", "workers": "ok", "scheduler": "none", "store": "ok"}


@pytest.mark.parametrize(
    ("state", "workers", "scheduler"),
    [(WorkerState(0, "lost"), "none", "lost"), (WorkerState(0, "ok"), "none", "ok")],
)
def test_a_cluster_without_workers_or_scheduler_is_503(
    url: str, monkeypatch: pytest.MonkeyPatch, state: WorkerState, workers: str, scheduler: str
) -> None:
    """The words say which of them is missing."""
    monkeypatch.setattr(Engine, "worker_state", lambda _engine: state)
    reply = requests.get(url, timeout=30)
    assert reply.status_code == 503
    assert reply.json()["status"] == "degraded"
    assert (reply.json()["workers"], reply.json()["scheduler"]) == (workers, scheduler)


def test_a_full_disk_is_503(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """New jobs are refused then."""
    monkeypatch.setattr(Store, "is_full", lambda _store: True)
    reply = requests.get(url, timeout=30)
    assert (reply.status_code, reply.json()["store"]) == (503, "full")


def test_a_store_that_cannot_be_read_is_503(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its error stays in the service."""

    def fail(*_arguments: object) -> None:
        raise sqlite3.OperationalError("disk I/O error in /srv/jobs")

    monkeypatch.setattr(Store, "row", fail)
    reply = requests.get(url, timeout=30)
    assert (reply.status_code, reply.json()["store"]) == (503, "lost")
    assert "disk" not in reply.text


def test_a_part_that_does_not_answer_is_lost(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its check is awaited for a while, and only one waits however many ask."""
    released, begun = threading.Event(), []

    def wait(_engine: Engine) -> WorkerState:
        begun.append(1)
        released.wait(60)
        return WorkerState(1)

    monkeypatch.setattr(health, "LONGEST_SECONDS", 0.05)
    monkeypatch.setattr(Engine, "worker_state", wait)
    found = [requests.get(url, timeout=30).json()["workers"] for _ in range(3)]
    released.set()
    assert found == ["lost"] * 3
    assert begun == [1]


class Client:
    """What a Dask client says."""

    def __init__(self, status: str, threads: dict[str, int]):
        self.status = status
        self.nthreads = lambda: threads


class ClientExecutor(Executor):
    """The executor of a Dask client, as far as its state goes."""

    def __init__(self, client: Client):
        self._client = client


def test_the_state_of_a_dask_cluster() -> None:
    """All threads of all workers count; a client without scheduler says so."""
    running = ClientExecutor(Client("running", {"tcp://a": 2, "tcp://b": 4}))
    assert state_of(running) == WorkerState(6, "ok")
    assert state_of(ClientExecutor(Client("connecting", {}))) == WorkerState(0, "lost")


def test_a_scheduler_that_leaves_during_the_check_is_lost() -> None:
    """No error reaches the one who asks for metrics."""
    client = Client("running", {})
    client.nthreads = Mock(side_effect=OSError("closed"))
    assert state_of(ClientExecutor(client)) == WorkerState(0, "lost")


def test_workers_that_are_started_for_tasks_need_not_be_there(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch system has none of them while there is nothing to do."""
    idle = WorkerState(0, "ok", on_demand=True)
    monkeypatch.setattr(Engine, "worker_state", lambda _engine: idle)
    assert requests.get(url, timeout=30).json()["workers"] == "ok"


def test_a_full_disk_is_known_before_a_job_comes() -> None:
    """A reserve larger than any disk is never free."""
    with_reserve = Store(reserve_bytes=1 << 62)
    assert with_reserve.is_full()
    with_reserve.close()
