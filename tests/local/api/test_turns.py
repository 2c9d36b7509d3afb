"""Jobs of several users, and those that a stopped service left unfinished."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

from qiskit.providers.fake_provider import GenericBackendV2

from qiskit_rest_primitives.local import LocalService
from tests.local.conftest import ALICE, BOB, Api, HeldExecutor
from tests.local.simulators.odd_backends import OddBackend, result_of


def test_users_take_turns_at_a_backend_that_was_handed_in():
    """Each has a job that runs, and the backend runs one at a time; the next of a user waits."""
    opened, at_once, most = threading.Event(), [0], [0]

    def answer(circuits: list[Any], shots: int) -> Any:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        assert opened.wait(60)
        at_once[0] -= 1
        return result_of({"memory": ["0x0"] * shots})

    backend = OddBackend(answer)
    with LocalService(users=[ALICE, BOB], backends=[backend]) as service:
        alice, bob = Api(service, ALICE), Api(service, BOB)
        jobs = [(api, api.submit(backend="odd")) for api in (alice, alice, bob)]
        for number in (0, 2):
            api, job = jobs[number]
            api.wait(job, "Running")
        assert alice.json(f"/jobs/{jobs[1][1]}")["position_in_queue"] == 1
        opened.set()
        for api, job in jobs:
            assert api.wait(job)["state"]["status"] == "Completed"
        alice.session.close()
        bob.session.close()
    assert most == [1]


def test_jobs_of_an_active_session_have_the_first_places():
    """Before other jobs of the same user, unlike those of a batch."""
    executor = HeldExecutor()
    executor._max_workers = 1  # two jobs run at once
    with LocalService(users=[ALICE], executor=executor) as service:
        api = Api(service, ALICE)
        session, batch = (
            api.call("POST", "/sessions", json={"mode": mode, "backend": "statevector"}).json()
            for mode in ("dedicated", "batch")
        )
        for members in ({"session_id": session["id"]}, {"session_id": batch["id"]}):
            api.wait(api.submit(**members), "Running")
        jobs = {
            "alone": api.submit(),
            "batch": api.submit(session_id=batch["id"]),
            "session": api.submit(session_id=session["id"]),
        }
        places = {name: api.json(f"/jobs/{job}")["position_in_queue"] for name, job in jobs.items()}
        executor.release()
        for job in jobs.values():
            assert api.wait(job)["state"]["status"] == "Completed"
        api.session.close()
    assert places == {"session": 1, "alone": 2, "batch": 3}


def test_a_job_whose_backend_is_gone_after_a_restart_fails(tmp_path: Path):
    """With the reason; other jobs run."""
    executor = HeldExecutor()
    options: dict[str, Any] = {"users": [ALICE], "folder": tmp_path, "executor": executor}
    with LocalService(**options, backends=[GenericBackendV2(2, seed=1)]) as service:
        api = Api(service, ALICE)
        params = {"pubs": [["OPENQASM 3; qubit[2] q; bit[2] c; c = measure q;", None, 10]]}
        gone, kept = api.submit(backend="generic_backend_2q", params=params), api.submit()
        api.session.close()
    executor.release()
    with LocalService(**options) as service:
        api = Api(service, ALICE)
        state = api.wait(gone)["state"]
        assert api.wait(kept)["state"]["status"] == "Completed"
        api.session.close()
    assert state["status"] == "Failed"
    assert "after a restart: Backend generic_backend_2q not found" in state["reason"]


def test_params_that_cannot_be_read_after_a_restart_fail_their_job(tmp_path: Path):
    """With the reason; other jobs run, though the service listens before it reads any params."""
    executor = HeldExecutor()
    service = LocalService(users=[ALICE], folder=tmp_path, executor=executor)
    with service:
        api = Api(service, ALICE)
        jobs = [api.submit() for _ in range(3)]
    database = sqlite3.connect(tmp_path / "service.sqlite")
    with database:
        database.execute(
            "UPDATE bodies SET body = ? WHERE job_id = ? AND kind = 'params'", (b"{", jobs[1])
        )
    database.close()
    executor.release()
    with service:
        states = [api.wait(job)["state"] for job in jobs]
        api.session.close()
    assert [state["status"] for state in states] == ["Completed", "Failed", "Completed"]
    assert states[1]["reason"].startswith("The job's stored params can't be read: ")
    assert states[1]["reason_solution"] == "Submit the job again."
