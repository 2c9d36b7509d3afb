"""A running service for the tests of its API, called with plain requests."""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from typing import Any

import pytest
import requests

from qiskit_rest_primitives.local import Limits, LocalService, User
from tests.tokens import secret

# The official client is no dependency; its tests run where the extra [conformance] is installed.
collect_ignore = (
    []
    if importlib.util.find_spec("qiskit_ibm_runtime") is not None
    else [
        "test_conformance.py",
        "test_official_backends.py",
        "test_official_discovery.py",
        "test_official_executor.py",
        "test_official_lattices.py",
    ]
)
if importlib.util.find_spec("qiskit_noise_learning") is None:
    collect_ignore.append("test_official_noise_learner.py")

API_VERSION = "2026-04-15"
BELL = (
    'OPENQASM 3; include "stdgates.inc"; qreg q[2]; creg c[2];'
    " h q[0]; cx q[0], q[1]; c[0] = measure q[0]; c[1] = measure q[1];"
)
FINAL = ("Completed", "Failed", "Cancelled")
ALICE = User("alice", secret("alice"))
BOB = User("bob", secret("bob"))
ADMIN = User("admin", secret("admin"), admin=True)


class Api:
    """Plain requests with the headers of a user."""

    def __init__(self, service: LocalService, user: User, version: str | None = API_VERSION):
        self.service = service
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {user.token}"
        self.session.headers["Service-CRN"] = user.instances[0]
        if version:
            self.session.headers["IBM-API-Version"] = version

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Makes one call, with a timeout."""
        options.setdefault("timeout", 30)
        return self.session.request(method, self.service.url + path, **options)

    def get(self, path: str, **params: Any) -> requests.Response:
        """GET with a query."""
        return self.call("GET", path, params=params)

    def json(self, path: str, **params: Any) -> Any:
        """GET that must succeed."""
        reply = self.get(path, **params)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def post_job(self, **members: Any) -> requests.Response:
        """POST /jobs of a Bell state, with other members."""
        body: dict[str, Any] = {
            "program_id": "sampler",
            "backend": "statevector",
            "params": {"pubs": [[BELL, None, 10]], "version": 2},
        }
        return self.call("POST", "/jobs", json=body | members)

    def submit(self, **members: Any) -> str:
        """Submits a job; returns its id."""
        reply = self.post_job(**members)
        assert reply.status_code == 200, reply.text
        return reply.json()["id"]

    def wait(self, job_id: str, *statuses: str) -> dict[str, Any]:
        """Waits until the job has one of these statuses (default: a final one); returns it."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            job = self.json(f"/jobs/{job_id}", exclude_params="true")
            if job["state"]["status"] in (statuses or FINAL):
                return job
            time.sleep(0.005)
        raise AssertionError(f"job {job_id} never became {statuses or FINAL}: {job}")

    def run(self, **members: Any) -> str:
        """Submits a job and waits until it is final; returns its id."""
        job_id = self.submit(**members)
        self.wait(job_id)
        return job_id


class HeldExecutor(Executor):
    """Holds calls until released, so that jobs stay Queued or Running during a test."""

    def __init__(self) -> None:
        self._max_workers = 4  # named as in concurrent.futures: how many jobs run at once
        self._lock = threading.Lock()
        self._held: list[tuple[Future[Any], Any, tuple[Any, ...]]] = []
        self._released = False

    def submit(self, fn: Any, /, *args: Any, **_kwargs: Any) -> Future[Any]:
        """Holds a call."""
        future: Future[Any] = Future()
        with self._lock:
            if not self._released:
                self._held.append((future, fn, args))
                return future
        self._run(future, fn, args)
        return future

    def release(self) -> None:
        """Makes the held calls, and from now on every call at once."""
        with self._lock:
            self._released = True
            held, self._held = self._held, []
        for entry in held:
            self._run(*entry)

    @staticmethod
    def _run(future: Future[Any], fn: Any, args: tuple[Any, ...]) -> None:
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(fn(*args))
            except BaseException as error:
                future.set_exception(error)


@pytest.fixture(scope="session")
def local() -> Iterator[LocalService]:
    """A service with two users, an administrator, and faults on demand."""
    with LocalService(users=[ALICE, BOB, ADMIN], faults=True) as service:
        yield service


@pytest.fixture
def api(local: LocalService) -> Iterator[Api]:
    """Alice's calls."""
    api = Api(local, ALICE)
    yield api
    api.session.close()
    assert local.faults is not None
    local.faults.clear()


@pytest.fixture
def bob(local: LocalService) -> Iterator[Api]:
    """Bob's calls."""
    api = Api(local, BOB)
    yield api
    api.session.close()


@pytest.fixture
def admin(local: LocalService) -> Iterator[Api]:
    """The administrator's calls."""
    api = Api(local, ADMIN)
    yield api
    api.session.close()
    assert local.faults is not None
    local.faults.clear()


@pytest.fixture
def held() -> Iterator[tuple[Api, HeldExecutor]]:
    """Calls to a service that finishes no job until released."""
    executor = HeldExecutor()
    with LocalService(users=[ALICE], executor=executor, limits=Limits()) as service:
        api = Api(service, ALICE)
        yield api, executor
        executor.release()
        api.session.close()
