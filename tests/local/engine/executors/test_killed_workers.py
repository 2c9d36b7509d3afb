"""Worker processes that are killed with kill -9 while a job runs."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.engine.executors import workers
from qiskit_rest_primitives.local.engine.executors.workers import worker_processes
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from tests.chaos.processes import worker_pids
from tests.local.engine.jobs import Running, fail, run, text_of
from tests.local.engine.test_engine import SEED, rotated

pytestmark = pytest.mark.slow
PUB = [text_of(rotated(12)), np.linspace(0, 3, 60)[:, None].tolist(), 64]


def test_the_tasks_of_killed_workers_run_again(engine_on_two: Engine) -> None:
    """Both workers are killed during a job, whose seeded bits are those of an undisturbed run."""
    [wanted] = run(engine_on_two, "sampler", [PUB], options=SEED)
    before = set(worker_pids(os.getpid()))
    job = Running(engine_on_two, "sampler", {"pubs": [PUB], "options": SEED})
    assert job.started.wait(30)
    while not engine_on_two.tasks_at_workers():
        assert not job.ended.wait(0.001)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    [got] = job.result()
    assert "its worker process was killed (signal 9)" in job.outcome().logs
    assert np.array_equal(got.data.meas.array, wanted.data.meas.array)
    assert not before & set(worker_pids(os.getpid()))


@pytest.fixture
def engine_on_two():
    """An engine with two worker processes."""
    with worker_processes(2) as pool:
        engine = Engine(LocalBackends(), pool)
        yield engine
        engine.close()


def kill_own_process(task: object) -> None:
    """What the system does to a task that needs more memory than there is."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_task_that_kills_three_workers_fails_its_job(
    engine_on_two: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason names the PUB and what may have happened; the next job runs."""
    with monkeypatch.context() as patch:
        patch.setattr(workers, "run_task", kill_own_process)
        outcome = fail(engine_on_two, "sampler", [[text_of(rotated()), [0.3], 5]])
    assert outcome.reason == (
        "PUB 0: 3 worker processes died while running it; the last one was killed (signal 9),"
        " perhaps because the machine ran out of memory."
    )
    assert outcome.logs.count("running its task again") == 2
    run(engine_on_two, "sampler", [[text_of(rotated()), [0.3], 5]])
