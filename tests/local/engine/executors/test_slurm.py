"""Workers from a batch system: what is refused at the start, and that they come with tasks."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from qiskit.primitives import StatevectorSampler

from qiskit_rest_primitives.cli import main
from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.engine.executors import slurm
from qiskit_rest_primitives.local.engine.executors.dask_cluster import DaskCluster
from qiskit_rest_primitives.local.engine.executors.worker_state import WorkerState
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from tests.local.engine.jobs import run, text_of
from tests.local.engine.test_engine import SEED, SWEEP, rotated

IDLE = WorkerState(0, "ok", on_demand=True)


def refusing_sbatch(folder: Path) -> str:
    """A folder for PATH whose sbatch refuses everything, as Slurm does."""
    program = folder / "sbatch"
    program.write_text("#!/bin/sh\necho 'sbatch: error: invalid partition' >&2; exit 1\n")
    program.chmod(0o755)
    return str(folder)


def test_the_missing_extra_is_named(monkeypatch, capsys):
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    assert main(["serve", "--slurm", ""]) == 2
    assert "pip install 'qiskit-rest-primitives[slurm]'" in capsys.readouterr().err


def test_a_machine_without_slurm_is_refused(monkeypatch, capsys, tmp_path):
    """At the start, not at the first job."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["serve", "--slurm", "--partition=cpu"]) == 2
    assert "sbatch, which is not on PATH" in capsys.readouterr().err


def test_options_that_slurm_refuses_are_named(monkeypatch, capsys, tmp_path):
    """In the words of sbatch."""
    monkeypatch.setenv("PATH", refusing_sbatch(tmp_path))
    assert main(["serve", "--slurm", "--partition=none"]) == 2
    assert "invalid partition" in capsys.readouterr().err


def test_slurm_and_dask_exclude_each_other(capsys):
    """There is one cluster."""
    assert main(["serve", "--slurm", "", "--dask", "tcp://x:1"]) == 2
    assert "--slurm and --dask exclude each other" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "cpus"),
    [
        ([], 1),
        (["--partition=cpu", "-c", "4"], 4),
        (["-c8"], 8),
        (["--cpus-per-task", "2", "--mem=4G"], 2),
        (["--cpus-per-task=16"], 16),
    ],
)
def test_each_cpu_of_a_job_has_a_worker(words, cpus):
    """Their number stands in the options of sbatch, in any of its spellings."""
    assert slurm._cpus(words) == cpus


@pytest.mark.parametrize("options", ["--cpus-per-task=many", "-c 0", "'"])
def test_options_that_cannot_be_read_are_refused(options, monkeypatch, tmp_path, capsys):
    """Before Slurm is asked for workers."""
    (tmp_path / "sbatch").write_text("#!/bin/sh\n")
    (tmp_path / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["serve", "--slurm", options]) == 2
    assert "--slurm" in capsys.readouterr().err


def test_certificates_of_killed_services_are_deleted(tmp_path):
    """Not those of one that runs, nor anything else in the folder."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = [f"certificates-{socket.gethostname()}-{pid}" for pid in (ended.pid, os.getppid())]
    names += ["certificates-elsewhere-1", "service.sqlite"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "key").touch()
    for _ in range(2):
        with slurm._certificate_folder(tmp_path) as folder:
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert {path.name for path in tmp_path.iterdir()} == {folder.name, *names[1:]}
        assert not folder.exists()


@contextlib.contextmanager
def batch_workers(folder: Path) -> Generator[DaskCluster]:
    """Workers of Slurm where there is one, else of processes that dask-jobqueue starts."""
    from dask_jobqueue.local import LocalCluster

    command = ["sbatch", "--test-only", "--wrap=true"]
    if shutil.which("sbatch") and not subprocess.run(command, capture_output=True).returncode:
        workers = slurm.slurm_workers("", 1, str(folder))
    else:
        workers = slurm.job_workers(LocalCluster, 1, cores=1, memory="1 GB", processes=1)
    with workers as cluster:
        yield cluster


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_workers_come_with_tasks_and_go_without(monkeypatch, tmp_path):
    """None at first; a job brings one, with the bits of the seed; it is given back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(slurm, "QUIET_SECONDS", 1.0)
    [expected] = StatevectorSampler(seed=42).run([(rotated(9), SWEEP)], shots=64).result()
    with batch_workers(tmp_path) as cluster:
        engine = Engine(LocalBackends(), cluster)
        assert engine.worker_state() == IDLE
        pub = [text_of(rotated(9)), SWEEP.tolist(), 64]
        [found] = run(engine, "sampler", [pub], options=SEED)
        assert np.array_equal(found.data.meas.array, expected.data.meas.array)
        deadline = time.monotonic() + 60
        while engine.worker_state() != IDLE and time.monotonic() < deadline:
            time.sleep(0.1)
        assert engine.worker_state() == IDLE
        engine.close()
