"""Jobs in, outcomes out: one queue, a few conductors, and an executor that does the work.

A conductor thread takes the oldest job, plans it, hands its tasks to the executor and waits: for
the results, for a cancellation or for the time limit, whichever is first. Nothing here polls.

A backend that was handed in, unless worker processes can have it, has a queue and a conductor of
its own: however long it takes, or hangs, jobs on other backends do not wait for it.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from qiskit_rest_primitives.local.engine.one_thread import OneThread
from qiskit_rest_primitives.local.engine.run_job import Job, conduct
from qiskit_rest_primitives.local.engine.tasks import StopFlag
from qiskit_rest_primitives.local.engine.workers import Workers, warm_up
from qiskit_rest_primitives.local.folders import TemporaryFolder
from qiskit_rest_primitives.local.outcome import Outcome
from qiskit_rest_primitives.local.threads import JOIN_SECONDS, DaemonThreads
from qiskit_rest_primitives.wire.limits import MAX_JOB_SECONDS

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.simulators.backends import LocalBackend, LocalBackends
    from qiskit_rest_primitives.wire.request.job_request import JobParams

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
        self._own_queues: dict[LocalBackend, deque[Job]] = {}
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
        params: JobParams,
        *,
        program_id: str,
        calibration_id: str | None = None,
        time_limit_seconds: float | None = None,
        on_running: Callable[[str], None],
        on_final: Callable[[str, Outcome], None],
        on_estimated: Callable[[str, float], None] | None = None,
    ) -> None:
        """Queues a job and returns at once.

        Args:
            job_id: identifies the job in the callbacks.
            backend: name of a backend.
            params: decoded and validated.
            program_id: ``sampler``, ``estimator``, ``executor`` or ``noise-learner``.
            calibration_id: of the backend; None for its newest calibration.
            time_limit_seconds: from running to final; the engine's own when None.
            on_running: called once from a thread of the engine, or never.
            on_final: called once from a thread of the engine.
            on_estimated: called with the seconds that the job will hold a device, once they are
                known; never for a simulator's job.

        Raises:
            KeyError: no such backend or calibration.
            RuntimeError: the engine is closed.
        """
        limit = self._time_limit_seconds if time_limit_seconds is None else time_limit_seconds
        job = Job(
            job_id,
            self._backends.device(backend, calibration_id),
            params,
            program_id,
            limit,
            on_running,
            on_final,
            StopFlag(str(self._flags / str(next(self._numbers)))),
            on_estimated=on_estimated,
        )
        with self._lock:
            if self._closed:
                raise RuntimeError("the engine is closed")
            if job.backend.own_thread:
                self._queue_apart(job)
            else:
                self._queue.append(job)
                self._lock.notify()

    def cancel(self, job_id: str) -> None:
        """Stops a job: a queued one at once, a running one soon; others are unaffected."""
        with self._lock:
            for queue in self._queues():
                for job in queue:
                    if job.job_id == job_id:
                        queue.remove(job)
                        self._notifier.submit(self._finish, job, job.cancelled())
                        return
            if running := self._running.get(job_id):
                running.messages.put(None)

    def queue_length(self, backend: str | None = None) -> int:
        """Jobs that wait for their turn, on one backend or on all."""
        with self._lock:
            waiting = itertools.chain(*self._queues())
            return sum(backend in (None, job.backend.name) for job in waiting)

    def place_in_queue(self, job_id: str) -> int | None:
        """The place of a job that waits for its turn, from 1; None if it does not wait."""
        with self._lock:
            for queue in self._queues():
                for place, job in enumerate(queue, 1):
                    if job.job_id == job_id:
                        return place
        return None

    def close(self) -> None:
        """Cancels every job, waits until each is final, and ends the threads."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            waiting = list(itertools.chain(*self._queues()))
            for queue in self._queues():
                queue.clear()
            for job in self._running.values():
                job.messages.put(None)
            self._lock.notify_all()
            for job in waiting:
                self._notifier.submit(self._finish, job, job.cancelled("The service was stopped."))
            self._lock.wait_for(lambda: not self._running)
        self._notifier.shutdown()
        self._planners.shutdown(wait=False, cancel_futures=True)
        self._workers.close()
        self._planners.end(JOIN_SECONDS)

    def _queues(self) -> list[deque[Job]]:
        return [self._queue, *self._own_queues.values()]

    def _queue_apart(self, job: Job) -> None:
        """Queues a job on its backend's own queue, whose conductor lives as long as it has jobs."""
        if (queue := self._own_queues.get(job.backend)) is not None:
            queue.append(job)
            return
        self._own_queues[job.backend] = deque([job])
        threading.Thread(
            target=self._conduct_jobs_of,
            args=[job.backend],
            name=f"conductor-{job.backend.name}",
            daemon=True,
        ).start()

    def _conduct_jobs_of(self, backend: LocalBackend) -> None:
        worker = OneThread(backend.name, self._workers.rehearsals)
        try:
            while True:
                with self._lock:
                    queue = self._own_queues[backend]
                    if not queue:
                        del self._own_queues[backend]
                        return
                    job = queue.popleft()
                    self._running[job.job_id] = job
                self._conduct(job, worker)
        finally:
            worker.close()

    def _conduct_jobs(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._queue or self._closed)
                if self._closed:
                    return
                job = self._queue.popleft()
                self._running[job.job_id] = job
            self._conduct(job, self._workers)

    def _conduct(self, job: Job, workers: Workers | OneThread) -> None:
        try:
            job.on_running(job.job_id)
        except Exception:
            logger.exception("on_running of job %s", job.job_id)
        outcome = conduct(job, workers, self._planners)
        self._finish(job, outcome)
        with self._lock:
            del self._running[job.job_id]
            self._lock.notify_all()

    def _finish(self, job: Job, outcome: Outcome) -> None:
        try:
            job.on_final(job.job_id, outcome)
        except Exception:
            logger.exception("on_final of job %s", job.job_id)
