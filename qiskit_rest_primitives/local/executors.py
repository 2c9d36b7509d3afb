"""The executor behind the engine: threads, processes of this machine, or a Dask cluster."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

from qiskit_rest_primitives.local.tasks import Task, TaskResult, run_task


def worker_processes(count: int) -> ProcessPoolExecutor:
    """Makes a pool of processes and starts all of them, so that no job waits for an import.

    Spawned, never forked: a forked child inherits the locks of the service's threads.
    """
    pool = ProcessPoolExecutor(
        count, mp_context=multiprocessing.get_context("spawn"), initializer=warm_up
    )
    for _ in range(count):
        pool.submit(warm_up)
    return pool


def warm_up() -> None:
    """Imports what a first task would have to wait for."""
    for module in ("qiskit.primitives", "qiskit.qpy", f"{__package__}.statevector"):
        importlib.import_module(module)


def default_thread_count() -> int:
    """Threads for work in this process: one a core, at least two so that no job blocks all."""
    return max(2, os.cpu_count() or 2)


class Workers:
    """Runs tasks on an executor and replaces a pool whose process died.

    Args:
        executor: any executor; threads of this process when left out.
    """

    def __init__(self, executor: Executor | None = None):
        self._owned = executor is None
        self._executor = executor or ThreadPoolExecutor(
            default_thread_count(), thread_name_prefix="simulation"
        )
        self._lock = threading.Lock()

    def submit(self, task: Task) -> Future[TaskResult]:
        """Queues one task."""
        with self._lock:
            return self._executor.submit(run_task, task)

    def replace_broken(self) -> None:
        """Puts a new pool of processes in the place of one that lost a process."""
        with self._lock:
            pool = self._executor
            if not isinstance(pool, ProcessPoolExecutor) or not _is_broken(pool):
                return
            self._executor = worker_processes(_size_of(pool))
            self._owned = True
        pool.shutdown(wait=False)

    def close(self) -> None:
        """Drops queued tasks; ends the executor if it was made here."""
        if self._owned:
            self._executor.shutdown(wait=False, cancel_futures=True)


def _is_broken(pool: ProcessPoolExecutor) -> bool:
    # The only public sign is that submit() raises, and a healthy pool should not get a task for it.
    return bool(getattr(pool, "_broken", False))


def _size_of(pool: ProcessPoolExecutor) -> int:
    return int(getattr(pool, "_max_workers", 1))
