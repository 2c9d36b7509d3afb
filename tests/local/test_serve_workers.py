"""What simulates for `qiskit-rest serve`: a cluster, and workers with a GPU."""

from __future__ import annotations

import sys

import pytest

from qiskit_rest_primitives.cli import main
from qiskit_rest_primitives.local import serve_workers
from qiskit_rest_primitives.local.engine.executors import on_dask_worker
from qiskit_rest_primitives.local.simulators.methods import aer


def test_a_gpu_that_is_absent_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With what there is, and the cure."""
    assert main(["serve", "--gpu"]) == 2
    said = capsys.readouterr().err
    assert "only CPU" in said
    assert "pip install qiskit-aer-gpu" in said


def test_a_gpu_needs_aer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The extra is named."""
    monkeypatch.setitem(sys.modules, "qiskit_aer", None)
    assert main(["serve", "--gpu"]) == 2
    assert "[aer]" in capsys.readouterr().err


def test_workers_of_dask_can_not_be_given_a_gpu(capsys: pytest.CaptureFixture[str]) -> None:
    """The service can't reach their environment."""
    assert main(["serve", "--gpu", "--dask", "tcp://x:1"]) == 2
    assert "QISKIT_REST_GPU=1 in their environment" in capsys.readouterr().err


def test_started_workers_use_the_gpu() -> None:
    """Methods that have no form for it stay where they are; afterwards all is as before."""
    simulator = aer._simulator.__wrapped__
    with serve_workers.gpu_for_workers():
        assert simulator("statevector", False).options.device == "GPU"
        assert simulator("stabilizer", False).options.device == "CPU"
    assert simulator("statevector", False).options.device == "CPU"


def test_dask_runs_jobs() -> None:
    """--dask hands the work to a cluster."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
        ) as cluster,
        serve_workers.chosen_executor(None, cluster.scheduler_address) as executor,
    ):
        assert executor is not None
        assert executor.submit(abs, -3).result(timeout=60) == 3
    on_dask_worker.processes(1).shutdown()  # the worker was in this process
    on_dask_worker.processes.cache_clear()


def test_dask_that_is_absent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the extra."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(ImportError, match=r"\[dask\]"),
        serve_workers.chosen_executor(None, "tcp://x:1"),
    ):
        pass
