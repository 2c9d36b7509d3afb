"""Jobs in, outcomes out: one queue, a few conductors, and an executor that does the work.

A conductor thread takes the oldest job, plans it, hands its tasks to the executor and waits: for
the results, for a cancellation or for the time limit, whichever is first. Nothing here polls.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from qiskit_rest_primitives.local.engine.run_job import Job, conduct
from qiskit_rest_primitives.local.engine.tasks import StopFlag
from qiskit_rest_primitives.local.engine.workers import Workers, warm_up
from qiskit_rest_primitives.local.folders import TemporaryFolder
from qiskit_rest_primitives.local.outcome import Outcome
from qiskit_rest_primitives.local.threads import JOIN_SECONDS, DaemonThreads
from qiskit_rest_primitives.wire.limits import MAX_JOB_SECONDS

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.simulators.backends import LocalBackends
    from qiskit_rest_primitives.wire.request.job_request import EstimatorParams, SamplerParams

__all__ = ["Engine", "Outcome"]

logger = logging.getLogger(__name__)


class Engine:
    """Runs jobs in the order of their submission, a few at a time.

    Args:
        backends: the backends that jobs can use.
        executor: runs the tasks: `worker_processes(n)`, a Dask `Client.get_executor()`, any other;
            threads and processes of its own when left out, see `Workers`. An executor given here
            is not shut down.
        time_limit_seconds: for jobs that set none.
        jobs_at_once: jobs that may be running at the same time; by default as many as the executor
            runs tasks.
    """

    def __init__(
        self,
        backends: LocalBackends,
        executor: Executor | None = None,
        *,
        time_limit_seconds: float = MAX_JOB_SECONDS,
        jobs_at_once: int | None = None,
    ):
        self._backends = backends
        self._time_limit_seconds = time_limit_seconds
        self._workers = Workers(executor)
        count = jobs_at_once or max(2, self._workers.width)
        self._planners = DaemonThreads(count, "planning")
        self._notifier = DaemonThreads(1, "cancelling")
        # Not deleted in close(): running tasks check their flags until they end.
        self._flags = TemporaryFolder(self, "qiskit-rest-stop-").path
        self._numbers = itertools.count()
        self._lock = threading.Condition()
        self._queue: deque[Job] = deque()
        self._running: dict[str, Job] = {}
        self._closed = False
        self._planners.submit(warm_up)
        for number in range(count):
            threading.Thread(
                target=self._conduct_jobs, name=f"conductor-{number}", daemon=True
            ).start()

    def submit(
        self,
        job_id: str,
        backend: str,
        params: SamplerParams | EstimatorParams,
        *,
        program_id: str,
        time_limit_seconds: float | None = None,
        on_running: Callable[[str], None],
        on_final: Callable[[str, Outcome], None],
    ) -> None:
        """Queues a job and returns at once.

        Args:
            job_id: identifies the job in the callbacks.
            backend: name of a backend.
            params: decoded and validated.
            program_id: ``sampler`` or ``estimator``.
            time_limit_seconds: from running to final; the engine's own when None.
            on_running: called once from a thread of the engine, or never.
            on_final: called once from a thread of the engine.

        Raises:
            KeyError: no such backend.
            RuntimeError: the engine is closed.
        """
        limit = self._time_limit_seconds if time_limit_seconds is None else time_limit_seconds
        job = Job(
            job_id,
            self._backends.device(backend),
            params,
            program_id,
            limit,
            on_running,
            on_final,
            StopFlag(str(self._flags / str(next(self._numbers)))),
        )
        with self._lock:
            if self._closed:
                raise RuntimeError("the engine is closed")
            self._queue.append(job)
            self._lock.notify()

    def cancel(self, job_id: str) -> None:
        """Stops a job: a queued one at once, a running one soon; others are unaffected."""
        with self._lock:
            for job in self._queue:
                if job.job_id == job_id:
                    self._queue.remove(job)
                    self._notifier.submit(self._finish, job, job.cancelled())
                    return
            if running := self._running.get(job_id):
                running.messages.put(None)

    def queue_length(self, backend: str | None = None) -> int:
        """Jobs that wait for their turn, on one backend or on all."""
        with self._lock:
            return sum(backend in (None, job.backend.name) for job in self._queue)

    def close(self) -> None:
        """Cancels every job, waits until each is final, and ends the threads."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            waiting = list(self._queue)
            self._queue.clear()
            for job in self._running.values():
                job.messages.put(None)
            self._lock.notify_all()
            for job in waiting:
                self._notifier.submit(self._finish, job, job.cancelled("The service was stopped."))
            self._lock.wait_for(lambda: not self._running)
        self._notifier.shutdown()
        self._planners.shutdown(wait=False, cancel_futures=True)
        self._workers.close()
        # A thread in Qiskit's Rust code may crash the interpreter while it exits.
        self._planners.join(JOIN_SECONDS)

    def _conduct_jobs(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._queue or self._closed)
                if self._closed:
                    return
                job = self._queue.popleft()
                self._running[job.job_id] = job
            try:
                job.on_running(job.job_id)
            except Exception:
                logger.exception("on_running of job %s", job.job_id)
            outcome = conduct(job, self._workers, self._planners)
            self._finish(job, outcome)
            with self._lock:
                del self._running[job.job_id]
                self._lock.notify_all()

    def _finish(self, job: Job, outcome: Outcome) -> None:
        try:
            job.on_final(job.job_id, outcome)
        except Exception:
            logger.exception("on_final of job %s", job.job_id)
