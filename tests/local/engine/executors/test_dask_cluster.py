"""A Dask cluster as an executor, as far as it needs no worker."""

from __future__ import annotations

import pytest
from distributed.scheduler import KilledWorker, WorkerState

from qiskit_rest_primitives.local.engine.executors import dask_cluster
from qiskit_rest_primitives.local.engine.executors.dask_cluster import DaskCluster
from qiskit_rest_primitives.local.outcome import RefusedError


def test_a_task_that_kills_workers_has_a_reason_for_the_user():
    """How often it was tried, and the cure; other errors stay as they are."""
    worker = WorkerState(
        address="tcp://10.0.0.1:1",
        status=None,
        pid=1,
        name="1",
        nthreads=1,
        memory_limit=0,
        local_directory="",
        nanny="",
        server_id="1",
    )
    said = dask_cluster._explained(KilledWorker("task", worker, 2))
    assert isinstance(said, RefusedError)
    assert "tried 3 times" in said.reason
    assert "smaller circuit" in said.solution
    other = ValueError("x")
    assert dask_cluster._explained(other) is other


def test_no_scheduler_at_the_start_is_an_error(monkeypatch):
    """It may be a wrong address, so nothing waits for it."""
    monkeypatch.setattr(dask_cluster, "START_SECONDS", 0.0)
    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 0.1)
    with pytest.raises(OSError, match="127"):
        DaskCluster("tcp://127.0.0.1:1")
