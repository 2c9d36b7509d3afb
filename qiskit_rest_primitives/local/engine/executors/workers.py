"""The executor behind the engine: threads, processes of this machine, or a Dask cluster."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, wait
from typing import Any

from qiskit_rest_primitives.local.engine.base.tasks import ResultT, Work, run_task
from qiskit_rest_primitives.local.engine.base.worker_processes import WorkerProcesses
from qiskit_rest_primitives.local.engine.executors.dask_cluster import DaskCluster
from qiskit_rest_primitives.local.engine.executors.worker_state import (
    WORKERS_OF_OTHERS,
    WorkerState,
    state_of,
)
from qiskit_rest_primitives.local.engine.read.qpy_sandbox import Sandbox
from qiskit_rest_primitives.local.threads import JOIN_SECONDS, DaemonThreads

_GRACE_SECONDS = 0.3
_PLAN = "qiskit_rest_primitives.local.engine.planning.plan"
"""By name, as it stands above this module: it imports the simulators."""


def worker_processes(count: int) -> Executor:
    """Starts worker processes now, so that no job waits for an import."""
    return WorkerProcesses(count, eager=True)


def warm_up() -> None:
    """Imports modules, so that the first task does not wait for them."""
    for module in ("qiskit.primitives", "qiskit.qpy", _PLAN):
        importlib.import_module(module)


def default_thread_count() -> int:
    """Number of threads for small tasks: one per core, at least two, so that no job blocks all."""
    return max(2, os.cpu_count() or 2)


def _dask_threads(executor: Executor) -> int:
    """Threads of the workers of a Dask cluster; 0 for other executors."""
    known: Any = getattr(getattr(executor, "_client", None), "_scheduler_identity", None) or {}
    of_workers = sum(worker["nthreads"] for worker in known.get("workers", {}).values())
    # Newer versions list no workers here.
    return known.get("total_threads", of_workers)


class Workers:
    """Runs tasks on an executor.

    A given executor runs every task. By default small tasks run in threads of this process, without
    delay, and all others in worker processes, which start with the first such task: only a process
    can be killed during a simulation, and most simulators hold Python's lock in theirs.

    Args:
        executor: any executor; the service's own threads and processes when left out.

    Attributes:
        sandbox: processes that load QPY files before this one.
    """

    def __init__(self, executor: Executor | None = None):
        self._given = executor is not None
        self._executor = executor or DaemonThreads(default_thread_count(), "simulation")
        # The threads start now, the processes with their first work.
        self._processes = WorkerProcesses(self.width)
        self.sandbox = Sandbox()
        self._lock = threading.Lock()

    @property
    def width(self) -> int:
        """Tasks that it runs at the same time; a guess if the executor does not tell.

        It can change: of a Dask cluster it is what its client, which asks every two seconds, knows.
        """
        threads = getattr(self._executor, "_max_workers", 0) or _dask_threads(self._executor)
        return threads or WORKERS_OF_OTHERS

    @property
    def lost_seconds(self) -> float:
        """For how long, in total, the scheduler of a cluster was away."""
        return getattr(self._executor, "lost_seconds", 0.0)

    @property
    def small_apart(self) -> bool:
        """Whether small tasks have as many workers of their own."""
        return not self._given

    def scale_by(self, wanted: Callable[[], int]) -> None:
        """Says how many tasks could run at once, to a cluster that starts workers for them."""
        if isinstance(self._executor, DaskCluster):
            self._executor.wanted = wanted

    def state(self) -> WorkerState:
        """How many there are, and whether they can be reached; may take a while."""
        return state_of(self._executor)

    def submit(self, task: Work[ResultT], *, small: bool) -> Future[ResultT]:
        """Queues one task; small tasks run in threads, see `thread_or_process`."""
        with self._lock:
            executor = self._executor if self._given or small else self._processes
            return executor.submit(run_task, task)

    def submit_again(self, task: Work[ResultT]) -> Future[ResultT]:
        """Retries a task whose process died, where a crash affects no other task."""
        with self._lock:
            # ProcessPoolExecutor has no public sign of being broken but to raise in submit().
            pool = self._executor
            if isinstance(pool, ProcessPoolExecutor) and getattr(pool, "_broken", False):
                self._executor = self._processes
                pool.shutdown(wait=False)
            apart = not self._given or isinstance(pool, ProcessPoolExecutor)
            return (self._processes if apart else pool).submit(run_task, task)

    def abandon(self, futures: Iterable[Future[Any]]) -> None:
        """Ends tasks whose stop flags are set: those in worker processes have ended after this.

        A worker process whose task does not stop at once is killed. In a thread, or on a given
        executor, a task stops at its next check of the flag.
        """
        running = [future for future in futures if not future.cancel()]
        unfinished = wait(running, _GRACE_SECONDS).not_done
        for future in unfinished:
            for executor in (self._executor, self._processes):
                if isinstance(executor, WorkerProcesses):
                    executor.kill(future)
        wait(unfinished, _GRACE_SECONDS)

    def close(self) -> None:
        """Drops queued tasks and ends its own threads and processes."""
        if isinstance(self._executor, DaemonThreads):
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor.end(JOIN_SECONDS)
        self._processes.shutdown(cancel_futures=True)
        self.sandbox.close()
