"""Jobs in, outcomes out: a fair queue, a conductor for each running job, and workers for tasks.

::

    submit -> FairQueue -> conductor thread: load, plan -> TaskTurns -> workers
                                             join, encode <-------------/

The queue says whose job starts next, `RunningJobs` whether one may start, `TaskTurns` whose task a
worker gets. A conductor waits for the results of its job's tasks, for a cancellation or for the
time limit, whichever is first. Nothing here polls.

The tasks of a backend that was handed in, unless worker processes can have it, run in a thread of
its own: however long it takes, or hangs, jobs on other backends do not wait for it.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, Final

from qiskit_rest_primitives.local.durations import Durations
from qiskit_rest_primitives.local.engine.base.allowances import NO_CAPS, JobCaps
from qiskit_rest_primitives.local.engine.base.freed_memory import FreedMemory
from qiskit_rest_primitives.local.engine.base.tasks import StopFlag
from qiskit_rest_primitives.local.engine.executors.one_thread import OneThread
from qiskit_rest_primitives.local.engine.executors.workers import Workers, warm_up
from qiskit_rest_primitives.local.engine.result_memory import ResultMemory
from qiskit_rest_primitives.local.engine.run_job import CANCELLED, Job, QueuedJob, conduct
from qiskit_rest_primitives.local.engine.running_jobs import RunningJobs
from qiskit_rest_primitives.local.engine.turns.fair_queue import FairQueue
from qiskit_rest_primitives.local.engine.turns.recent_use import RecentUse
from qiskit_rest_primitives.local.engine.turns.task_turns import TaskTurns
from qiskit_rest_primitives.local.folders import TemporaryFolder
from qiskit_rest_primitives.local.outcome import Outcome
from qiskit_rest_primitives.local.threads import JOIN_SECONDS, DaemonThreads
from qiskit_rest_primitives.wire.limits import MAX_JOB_SECONDS

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.engine.executors.worker_state import WorkerState
    from qiskit_rest_primitives.local.engine.read.qpy_sandbox import Sandbox
    from qiskit_rest_primitives.local.simulators.backends import LocalBackend, LocalBackends
    from qiskit_rest_primitives.wire.request.job_request import JobParams

__all__ = ["Engine", "Outcome"]

logger = logging.getLogger(__name__)

QUICK_SECONDS: Final = 0.1
"""A job that took no longer has used little memory."""


class Engine:
    """Runs jobs in fair order: users take turns, with jobs and with the tasks of running jobs.

    Args:
        backends: the backends that jobs can use.
        executor: runs the tasks: `worker_processes(n)`, a Dask `Client.get_executor()`, any other;
            threads and processes of its own when left out, see `Workers`. An executor given here
            is not shut down.
        time_limit_seconds: for jobs that set none.
        jobs_at_once: jobs that may be running at the same time, though each user may have one more
            on each backend; by default as many as the executor runs tasks.

    Attributes:
        task_times: how long tasks took at their workers, by backend.
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
        count = jobs_at_once or self._jobs_at_once()
        # More are started as more users have running jobs.
        self._conductors = DaemonThreads(count, "conductor")
        self._planners = DaemonThreads(count, "planning")
        self._notifier = DaemonThreads(1, "cancelling")
        # Not deleted in close(): running tasks check their flags until they end.
        self._flags = TemporaryFolder(self, "qiskit-rest-stop-").path
        self._numbers = itertools.count()
        self._lock = threading.Condition()
        self._use = RecentUse()
        self.task_times = Durations()
        self._turns = TaskTurns(self._workers, self._use, times=self.task_times)
        self._own_turns: dict[str, TaskTurns] = {}
        self._running = RunningJobs(
            self._jobs_at_once if jobs_at_once is None else lambda: jobs_at_once
        )
        self._results = ResultMemory()
        self._queue = FairQueue[QueuedJob](self._rank)
        self._closed = False
        self._freed = FreedMemory()
        self._workers.scale_by(lambda: self._turns.unfinished() + self.queue_length())
        self._planners.submit(warm_up)

    def submit(
        self,
        job_id: str,
        backend: str,
        load: Callable[[str, str], JobParams],
        *,
        program_id: str,
        user: str = "",
        session_id: str | None = None,
        session_active: bool = False,
        calibration_id: str | None = None,
        time_limit_seconds: float | None = None,
        caps: JobCaps = NO_CAPS,
        on_running: Callable[[str], None],
        on_final: Callable[[str, Outcome], None],
        on_estimated: Callable[[str, float], None] | None = None,
    ) -> None:
        """Queues a job and returns at once.

        Args:
            job_id: identifies the job in the callbacks.
            backend: name of a backend.
            load: called at the job's turn with its id and its program, in a thread for planning;
                returns its params, decoded and validated, or raises RefusedError.
            program_id: ``sampler``, ``estimator``, ``executor`` or ``noise-learner``.
            user: whose job it is, and whose turns it takes.
            session_id: of its session, if jobs of that go first once it is active. The session
                becomes active when one of its jobs starts.
            session_active: whether it is active.
            calibration_id: of the backend; None for its newest calibration.
            time_limit_seconds: from running to final, without the time for which all of its tasks
                wait for the turns of others; the engine's own when None.
            caps: what its user may ask for.
            on_running: called once from a thread of the engine, or never.
            on_final: called once from a thread of the engine.
            on_estimated: called with the seconds that the job will hold a device, once they are
                known; never for a simulator's job.

        Raises:
            KeyError: no such backend or calibration.
            RuntimeError: the engine is closed.
        """
        queued = QueuedJob(
            job_id,
            user,
            self._backends.device(backend, calibration_id),
            load,
            program_id,
            session_id,
            caps,
            self._time_limit_seconds if time_limit_seconds is None else time_limit_seconds,
            on_running,
            on_final,
            on_estimated,
        )
        with self._lock:
            if self._closed:
                raise RuntimeError("the engine is closed")
            self._queue.push(
                job_id,
                queued,
                backend=queued.backend.name,
                user=user,
                session=session_id,
                first=session_active or self._running.in_session(session_id),
            )
            self._start_jobs()

    def cancel(self, job_id: str) -> None:
        """Stops a job: a queued one at once, a running one soon; others are unaffected."""
        with self._lock:
            queued = self._queue.remove(job_id)
            if queued is not None:
                self._notifier.submit(self._cancel_queued, queued)
            elif running := self._running.get(job_id):
                running.messages.put(None)

    def queue_length(self, backend: str | None = None) -> int:
        """Jobs that wait for their turn, on one backend or on all."""
        with self._lock:
            return self._queue.length(backend)

    def queued_jobs_of(self, user: str) -> int:
        """Jobs of a user that wait for their turn."""
        with self._lock:
            return self._queue.jobs_of(user)

    def place_in_queue(self, job_id: str) -> int | None:
        """The place of a job that waits for its turn, from 1; None if it does not wait."""
        with self._lock:
            return self._queue.place(job_id)

    @property
    def sandbox(self) -> Sandbox:
        """Processes that load QPY files before this one."""
        return self._workers.sandbox

    def worker_state(self) -> WorkerState:
        """How many workers there are, and whether they can be reached; may take a while."""
        return self._workers.state()

    def tasks_at_workers(self) -> int:
        """Tasks that are at workers now."""
        with self._lock:
            turns = [self._turns, *self._own_turns.values()]
        return sum(some.at_workers() for some in turns)

    def close(self) -> None:
        """Cancels every job, waits until each is final, and ends the threads."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for queued in list(self._queue):
                self._queue.remove(queued.job_id)
                self._notifier.submit(self._cancel_queued, queued, "The service was stopped.")
            for job in self._running:
                job.messages.put(None)
            self._lock.wait_for(lambda: not len(self._running))
        self._notifier.shutdown()
        self._conductors.shutdown(wait=False)
        self._planners.shutdown(wait=False, cancel_futures=True)
        self._workers.close()
        self._planners.end(JOIN_SECONDS)

    def _jobs_at_once(self) -> int:
        return max(2, self._workers.width)

    def _rank(self, user: str) -> Any:
        """Whose turn it is to start a job: who has fewer running, then who used less lately."""
        return self._running.of(user), self._use.of(user)

    def _start_jobs(self) -> None:
        """Starts all jobs that may start; the lock is held."""
        while queued := self._queue.pop(
            lambda item: self._running.may_start(item.user, item.backend)
        ):
            job = self._job_of(queued)
            self._running.add(job)
            if job.asked.session_id is not None:
                self._queue.activate(job.asked.session_id)
            self._conductors.grow(len(self._running))
            self._planners.grow(len(self._running))
            self._conductors.submit(self._conduct, job, self._turns_of(job.asked.backend))

    def _job_of(self, queued: QueuedJob) -> Job:
        return Job(queued, StopFlag(str(self._flags / str(next(self._numbers)))))

    def _turns_of(self, backend: LocalBackend) -> TaskTurns:
        if not backend.own_thread:
            return self._turns
        turns = self._own_turns.get(backend.name)
        if turns is None:
            thread = OneThread(backend.name, self._workers.sandbox)
            turns = TaskTurns(thread, self._use, times=self.task_times)
            self._own_turns[backend.name] = turns
        return turns

    def _conduct(self, job: Job, turns: TaskTurns) -> None:
        began = time.monotonic()
        try:
            job.asked.on_running(job.asked.job_id)
        except Exception:
            logger.exception("on_running of job %s", job.asked.job_id)
        tasks = turns.of(
            job.asked.user, job.asked.backend.name, in_session=job.asked.session_id is not None
        )
        try:
            self._finish(job, conduct(job, tasks, self._planners, self._results))
        finally:
            # Whatever happens, the next job can start.
            if job.room is not None:
                self._results.give_back(job.room)
            with self._lock:
                self._running.remove(job)
                if not self._closed:
                    self._start_jobs()
                if not self._running.on(job.asked.backend.name):
                    self._end_turns_of(job.asked.backend)
                self._lock.notify_all()
            if time.monotonic() - began > QUICK_SECONDS:
                self._freed.give_back()

    def _end_turns_of(self, backend: LocalBackend) -> None:
        """Ends the thread of a backend that was handed in; its next job gets a new one."""
        turns = self._own_turns.pop(backend.name, None)
        if turns is not None and isinstance(turns.workers, OneThread):
            turns.workers.close()

    def _cancel_queued(self, queued: QueuedJob, reason: str = CANCELLED) -> None:
        job = self._job_of(queued)
        self._finish(job, job.cancelled(reason))

    def _finish(self, job: Job, outcome: Outcome) -> None:
        try:
            job.asked.on_final(job.asked.job_id, outcome)
        except Exception:
            logger.exception("on_final of job %s", job.asked.job_id)
