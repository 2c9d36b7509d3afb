"""A service that finishes its jobs before it stops, and one that leaves them to the next start."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from qiskit_rest_primitives.cli import main
from qiskit_rest_primitives.local import LocalService, serve
from qiskit_rest_primitives.local.service import finish_jobs
from tests.local.conftest import ALICE, Api, HeldExecutor


def test_a_draining_service_refuses_jobs_and_finishes_all_others() -> None:
    """503 with Retry-After, which clients honour; running and queued jobs complete."""
    executor = HeldExecutor()
    with LocalService(users=[ALICE], executor=executor) as service:
        api = Api(service, ALICE)
        jobs = [api.submit() for _ in range(6)]  # four at once
        api.wait(jobs[0], "Running")
        draining = threading.Thread(target=finish_jobs, args=(service, threading.Event()))
        draining.start()
        while (refused := api.post_job()).status_code == 200:
            jobs.append(refused.json()["id"])
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert "finishes its jobs" in refused.json()["errors"][0]["message"]
        assert draining.is_alive()
        executor.release()
        draining.join()
        assert {api.json(f"/jobs/{job}")["status"] for job in jobs} == {"Completed"}
        api.session.close()


def test_what_is_unfinished_runs_again_after_the_next_start(tmp_path: Path) -> None:
    """Without draining, or if that takes too long: the running and the queued job."""
    executor = HeldExecutor()
    with LocalService(users=[ALICE], executor=executor, folder=tmp_path) as service:
        api = Api(service, ALICE)
        jobs = [api.submit() for _ in range(5)]
        api.wait(jobs[0], "Running")
        hurry = threading.Event()
        hurry.set()
        finish_jobs(service, hurry)
        service.restart()
        assert {api.json(f"/jobs/{job}")["status"] for job in jobs} <= {"Queued", "Running"}
        executor.release()
        assert {api.wait(job)["status"] for job in jobs} == {"Completed"}
        api.session.close()
    finish_jobs(service, hurry)  # a stopped one has no jobs


def test_serve_drains_when_it_is_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so; and it needs a folder, since nobody could fetch the results."""
    assert main(["serve", "--drain"]) == 2
    assert "--drain needs --data-dir" in capsys.readouterr().err
    monkeypatch.setattr(serve, "_wait", threading.Event.set)
    command = ["serve", "--port", "0", "--drain", "--data-dir", str(tmp_path)]
    assert main(command) == 0
    assert capsys.readouterr().out.endswith("a second signal stops at once\nstopping\n")
