"""The engine on a Dask cluster."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest
import requests
from qiskit.primitives import StatevectorSampler

from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2
from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.engine.executors.dask_cluster import DaskCluster
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from tests.local.engine.dask_processes import DaskProcesses
from tests.local.engine.test_engine import SWEEP, rotated, sweep_results
from tests.local.engine.test_mitigation import seeded_results

distributed = pytest.importorskip("distributed")

# Dask leaves sockets and event loops to the garbage collector.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def test_a_cluster_gives_the_same_bits_as_threads():
    """A seeded sweep on two workers equals the one in threads, and the reference's.

    Jobs with error mitigation equal those on processes of this machine.
    """
    engine = Engine(LocalBackends())
    wanted = sweep_results(engine)
    engine.close()
    mitigated = seeded_results()
    [expected] = StatevectorSampler(seed=42).run([(rotated(9), SWEEP)], shots=64).result()
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
        ) as cluster,
        DaskCluster(cluster.scheduler_address) as executor,
    ):
        engine = Engine(LocalBackends(), executor)
        results = sweep_results(engine)
        engine.close()
        wanted += mitigated
        results += seeded_results(executor)
    assert np.array_equal(results[0], expected.data.meas.array)
    for got, want in zip(results, wanted, strict=True):
        assert np.array_equal(got, want)


def health(local: LocalService, scheduler: str) -> dict[str, str]:
    """What /health says as soon as it says this of the scheduler."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        said = requests.get(f"{local.base_url}/health", timeout=30).json()
        if said["scheduler"] == scheduler:
            return said
        time.sleep(0.1)
    raise AssertionError(f"the scheduler is not {scheduler}: {said}")


def test_jobs_wait_for_a_scheduler_that_was_killed():
    """One runs and one is submitted without a scheduler; both end with the bits of their seed."""
    pub = (rotated(9), np.linspace(0, 3, 600)[:, None])
    options = {"simulator": {"seed_simulator": 42}}
    [expected] = StatevectorSampler(seed=42).run([pub], shots=64).result()
    with (
        DaskProcesses() as dask,
        DaskCluster(dask.address) as cluster,
        LocalService(executor=cluster) as local,
    ):
        service = QiskitRuntimeService(url=local.url, token=local.token, instance=local.instance)
        sampler = SamplerV2(service.backend("statevector"), options=options)
        running = sampler.run([pub], shots=64)
        while running.status() == "QUEUED":
            time.sleep(0.05)
        dask.kill()
        said = health(local, "lost")
        assert said["status"] == "degraded"
        later = sampler.run([pub], shots=64)
        assert {running.status(), later.status()} <= {"QUEUED", "RUNNING"}
        dask.start()
        for job in (running, later):
            [found] = job.result(timeout=120)
            assert np.array_equal(found.data.meas.array, expected.data.meas.array)
        assert health(local, "ok")["status"] == "ok"
        assert cluster.lost_seconds > 0


def test_a_cancelled_call_ends_its_process(tmp_path):
    """It sleeps for a minute; the process is gone, and the worker takes the next call."""
    pid = tmp_path / "pid"
    with DaskProcesses() as dask, DaskCluster(dask.address) as cluster:
        call = cluster.submit(
            exec,
            f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)",
        )
        while not pid.exists() or not pid.read_text():
            time.sleep(0.05)
        assert call.cancel()
        while os.path.exists(f"/proc/{pid.read_text()}"):
            time.sleep(0.05)
        assert cluster.submit(abs, -3).result(60) == 3
