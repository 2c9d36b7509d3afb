"""Workers from Slurm, by dask-jobqueue: as many as there are tasks, and none without.

The scheduler runs in this process. Workers dial out to it from the compute nodes, and it fetches
results from them.
"""

from __future__ import annotations

import contextlib
import glob
import logging
import math
import os
import shlex
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any, Final

from qiskit_rest_primitives.local.engine.executors.dask_cluster import DaskCluster

logger = logging.getLogger(__name__)
MOST_WORKERS: Final = 32
"""Unless the operator says how many."""
QUIET_SECONDS: Final = 60.0
"""Workers that were not needed for so long are given back."""
TICK_SECONDS: Final = 1.0
SBATCH_SECONDS: Final = 30.0
_CPUS: Final = ("-c", "--cpus-per-task")


@contextlib.contextmanager
def slurm_workers(options: str, most: int | None, folder: str) -> Generator[DaskCluster]:
    """Workers that Slurm starts when there are tasks.

    Args:
        options: of ``sbatch``, for each job of Slurm, such as ``--partition=cpu --time=2:00:00``;
            each of the job's CPUs has one worker.
        most: workers; `MOST_WORKERS` when None.
        folder: which the compute nodes see, for the certificates of the connections.

    Raises:
        ImportError: dask-jobqueue is not installed.
        ValueError: there is no Slurm here, or it refuses the options.
    """
    try:
        from dask_jobqueue.slurm import SLURMCluster
    except ImportError:
        raise ImportError(
            "--slurm needs dask-jobqueue: pip install 'qiskit-rest-primitives[slurm]'"
        ) from None
    words = _checked(options)
    cpus = _cpus(words)
    with (
        # Jobs of Slurm may run in another folder.
        _certificate_folder(Path(folder).resolve()) as certificates,
        job_workers(
            SLURMCluster,
            most or MOST_WORKERS,
            cores=cpus,
            processes=cpus,
            # Slurm limits the memory, not Dask.
            memory="1 GB",
            worker_extra_args=["--memory-limit", "0", "--no-dashboard"],
            # What the options say is not said twice; Slurm's defaults hold for the rest.
            job_directives_skip=["--cpus-per-task=", "--mem=", "-t "],
            job_extra_directives=[f"--cpus-per-task={cpus}", *map(shlex.quote, words)],
            # Who reaches the scheduler without a certificate could run code as this user.
            security=True,
            shared_temp_directory=str(certificates),
        ) as workers,
    ):
        yield workers


@contextlib.contextmanager
def _certificate_folder(parent: Path) -> Generator[Path]:
    """A folder of this process for certificates; those of killed services are deleted.

    Args:
        parent: which the compute nodes see; made if it is missing.
    """
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    prefix = f"certificates-{socket.gethostname()}-"
    for old in parent.glob(glob.escape(prefix) + "*"):
        process = old.name.removeprefix(prefix)
        if process.isdecimal() and (int(process) == os.getpid() or not _runs(int(process))):
            shutil.rmtree(old, ignore_errors=True)
    path = parent / f"{prefix}{os.getpid()}"
    path.mkdir(mode=0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _runs(process: int) -> bool:
    """Whether there is such a process on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        pass
    return True


@contextlib.contextmanager
def job_workers(kind: Callable[..., Any], most: int, **options: Any) -> Generator[DaskCluster]:
    """Workers that a batch system starts when there are tasks.

    Args:
        kind: a cluster of dask-jobqueue.
        most: workers.
        options: of the cluster; ``cores`` is the number of workers of one job.
    """
    from dask.config import set as dask_settings

    # A task whose worker died is tried twice more.
    settings = {"distributed.scheduler.allowed-failures": 2}
    scheduler = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    with (
        dask_settings(settings),
        kind(scheduler_options=scheduler, **options) as jobs,
        DaskCluster(jobs.scheduler_address, jobs.security) as cluster,
    ):
        cluster.on_demand = True
        scale = _Scale(jobs, cluster, most, options["cores"])
        try:
            yield cluster
        finally:
            scale.end()


class _Scale:
    """Asks for jobs of the batch system as tasks come, and gives them back later."""

    def __init__(self, jobs: Any, cluster: DaskCluster, most: int, workers_of_job: int):
        self._jobs = jobs
        self._cluster = cluster
        self._most = most
        self._workers_of_job = workers_of_job
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="scale", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Asks for no more; the cluster ends its jobs itself."""
        self._ended.set()
        self._thread.join()

    def _follow(self) -> None:
        asked = 0
        needed_at = time.monotonic()
        while not self._ended.wait(TICK_SECONDS):
            tasks = min(self._most, self._cluster.wanted())
            jobs = math.ceil(tasks / self._workers_of_job)
            now = time.monotonic()
            if jobs >= asked:
                needed_at = now
            if jobs > asked or now - needed_at > QUIET_SECONDS:
                logger.info("%s jobs of the batch system for %s tasks", jobs, tasks)
                asked = jobs
            # Said again while work is there: jobs end at their time limit, and are replaced.
            if asked or self._jobs.worker_spec:
                self._jobs.scale(jobs=asked)


def _cpus(words: Sequence[str]) -> int:
    """CPUs of one job, as the options of ``sbatch`` say; 1 otherwise."""
    found = "1"
    for word, following in zip(words, [*words[1:], ""], strict=False):
        name, _, value = word.partition("=")
        if name in _CPUS:
            found = value or following
        elif word.startswith("-c") and word[2:].isdecimal():
            found = word[2:]
    if not found.isdecimal() or not int(found):
        raise ValueError(f"--slurm: --cpus-per-task must be a number, got {found!r}")
    return int(found)


def _checked(options: str) -> list[str]:
    """The words of the options, if there is a Slurm that takes them."""
    try:
        words = shlex.split(options)
    except ValueError as error:
        raise ValueError(f"--slurm {options}: {error}") from None
    if shutil.which("sbatch") is None:
        raise ValueError(
            "--slurm asks Slurm for workers with sbatch, which is not on PATH: start the service "
            "on a machine that submits jobs, or use --workers"
        )
    command = ["sbatch", "--test-only", "--wrap=true", *words]
    try:
        tried = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=SBATCH_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise ValueError(
            f"--slurm {options}: sbatch does not answer within {SBATCH_SECONDS:g} s"
        ) from None
    if tried.returncode:
        raise ValueError(f"--slurm {options}: {tried.stderr.strip() or tried.stdout.strip()}")
    return words
