"""The executor behind the engine: threads, processes of this machine, or a Dask cluster."""

from __future__ import annotations

import importlib
import os
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

from qiskit_rest_primitives.local.running.processes import WorkerProcesses
from qiskit_rest_primitives.local.running.rehearsing import Rehearsals
from qiskit_rest_primitives.local.running.tasks import Task, TaskResult, run_task

_GRACE_SECONDS = 1.0
_WIDTH_OF_OTHERS = 16


def worker_processes(count: int) -> Executor:
    """Makes worker processes and starts them, so that no job waits for an import."""
    return WorkerProcesses(count, eager=True)


def warm_up() -> None:
    """Imports what a first task would have to wait for."""
    for module in ("qiskit.primitives", "qiskit.qpy", f"{__package__}.planning"):
        importlib.import_module(module)


def default_thread_count() -> int:
    """Threads for work in this process: one a core, at least two so that no job blocks all."""
    return max(2, os.cpu_count() or 2)


class Workers:
    """Runs tasks on an executor.

    Where the executor is threads, tasks for a simulator that keeps Python's lock while it runs go
    to processes beside them, started when the first one comes: nothing else could run meanwhile.

    Args:
        executor: any executor; threads of this process when left out.

    Attributes:
        rehearsals: load QPY files before this process does.
    """

    def __init__(self, executor: Executor | None = None):
        self._owned = executor is None
        self._executor = executor or ThreadPoolExecutor(
            default_thread_count(), thread_name_prefix="simulation"
        )
        self._beside: WorkerProcesses | None = None
        self.rehearsals = Rehearsals()
        self._lock = threading.Lock()

    @property
    def width(self) -> int:
        """Tasks that it runs at the same time; a guess where the executor doesn't say."""
        return getattr(self._executor, "_max_workers", _WIDTH_OF_OTHERS)

    def submit(self, task: Task) -> Future[TaskResult]:
        """Queues one task."""
        with self._lock:
            if task.simulator.holds_lock and isinstance(self._executor, ThreadPoolExecutor):
                if self._beside is None:
                    self._beside = WorkerProcesses(default_thread_count())
                return self._beside.submit(run_task, task)
            return self._executor.submit(run_task, task)

    def abandon(self, future: Future[TaskResult]) -> None:
        """Drops a task nobody waits for; in our own processes one that doesn't stop is killed."""
        future.cancel()
        for executor in (self._executor, self._beside):
            if isinstance(executor, WorkerProcesses) and not future.done():
                timer = threading.Timer(_GRACE_SECONDS, executor.kill, [future])
                timer.daemon = True
                timer.start()

    def replace_broken(self) -> None:
        """Puts new processes in the place of a pool that lost one of its own."""
        with self._lock:
            pool = self._executor
            # ProcessPoolExecutor has no public sign of being broken but to raise in submit().
            if isinstance(pool, ProcessPoolExecutor) and getattr(pool, "_broken", False):
                self._executor = WorkerProcesses(getattr(pool, "_max_workers", 1))
                self._owned = True
                pool.shutdown(wait=False)

    def close(self) -> None:
        """Drops queued tasks; ends the executor if it was made here."""
        if self._owned:
            wait = isinstance(self._executor, WorkerProcesses)
            self._executor.shutdown(wait=wait, cancel_futures=True)
        if self._beside is not None:
            self._beside.shutdown(cancel_futures=True)
        self.rehearsals.close()
