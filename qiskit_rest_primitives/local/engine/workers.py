"""The executor behind the engine: threads, processes of this machine, or a Dask cluster."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Iterable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, wait

from qiskit_rest_primitives.local.engine.qpy_sandbox import Rehearsals
from qiskit_rest_primitives.local.engine.tasks import Task, TaskResult, run_task
from qiskit_rest_primitives.local.engine.worker_processes import WorkerProcesses
from qiskit_rest_primitives.local.threads import JOIN_SECONDS, DaemonThreads

_GRACE_SECONDS = 0.3
_WIDTH_OF_OTHERS = 16


def worker_processes(count: int) -> Executor:
    """Makes worker processes and starts them, so that no job waits for an import."""
    return WorkerProcesses(count, eager=True)


def warm_up() -> None:
    """Imports what a first task would have to wait for."""
    for module in ("qiskit.primitives", "qiskit.qpy", f"{__package__}.plan"):
        importlib.import_module(module)


def default_thread_count() -> int:
    """Threads for work in this process: one a core, at least two so that no job blocks all."""
    return max(2, os.cpu_count() or 2)


class Workers:
    """Runs tasks on an executor.

    An executor that is given takes every task. By default small tasks run in threads of this
    process, which begin at once, and all others in worker processes, which start when the first
    such task comes: only a process can be ended in the middle of a simulation, and most simulators
    keep Python's lock from everything else in theirs.

    Args:
        executor: any executor; the service's own threads and processes when left out.

    Attributes:
        rehearsals: load QPY files before this process does.
    """

    def __init__(self, executor: Executor | None = None):
        self._given = executor is not None
        self._executor = executor or DaemonThreads(default_thread_count(), "simulation")
        # Its threads start now, its processes when there is work for them.
        self._processes = WorkerProcesses(self.width)
        self.rehearsals = Rehearsals()
        self._lock = threading.Lock()

    @property
    def width(self) -> int:
        """Tasks that it runs at the same time; a guess where the executor doesn't say."""
        return getattr(self._executor, "_max_workers", _WIDTH_OF_OTHERS)

    def submit(self, task: Task, *, small: bool) -> Future[TaskResult]:
        """Queues one task; whether it is small decides where it runs, see `thread_or_process`."""
        with self._lock:
            executor = self._executor if self._given or small else self._processes
            return executor.submit(run_task, task)

    def submit_again(self, task: Task) -> Future[TaskResult]:
        """Queues a task that was lost with its process where a crash concerns no other task."""
        with self._lock:
            # ProcessPoolExecutor has no public sign of being broken but to raise in submit().
            pool = self._executor
            if isinstance(pool, ProcessPoolExecutor) and getattr(pool, "_broken", False):
                self._executor = self._processes
                pool.shutdown(wait=False)
            return self._processes.submit(run_task, task)

    def abandon(self, futures: Iterable[Future[TaskResult]]) -> None:
        """Ends tasks whose stop flags are set: those in worker processes run no more after this.

        One that has not stopped by itself after a moment is killed with its process. In a thread,
        or on an executor that was given, a task stops the next time it checks the flag.
        """
        running = [future for future in futures if not future.cancel()]
        unfinished = wait(running, _GRACE_SECONDS).not_done
        for future in unfinished:
            for executor in (self._executor, self._processes):
                if isinstance(executor, WorkerProcesses):
                    executor.kill(future)
        wait(unfinished, _GRACE_SECONDS)

    def close(self) -> None:
        """Drops queued tasks and ends the threads and processes that were made here."""
        if isinstance(self._executor, DaemonThreads):
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor.join(JOIN_SECONDS)
        self._processes.shutdown(cancel_futures=True)
        self.rehearsals.close()
