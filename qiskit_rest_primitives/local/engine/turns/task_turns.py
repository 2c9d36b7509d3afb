"""Tasks of running jobs -> workers, in turns of the jobs' users.

No more tasks are at the workers than they run at the same time; all others wait here. So a job that
starts gets its first worker as soon as one task ends, however many tasks others have.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from qiskit_rest_primitives.local.durations import Durations
from qiskit_rest_primitives.local.engine.base.tasks import ResultT, Work
from qiskit_rest_primitives.local.engine.executors.one_thread import OneThread
from qiskit_rest_primitives.local.engine.executors.workers import Workers
from qiskit_rest_primitives.local.engine.read.qpy_sandbox import Sandbox
from qiskit_rest_primitives.local.engine.turns.recent_use import RecentUse

SESSION_TURNS: Final = 3
"""Of four turns on a backend, its active sessions have so many while they have tasks."""
FIRST_GUESS_SECONDS: Final = 0.05
"""How long a job's first task is expected to take."""


@dataclass(eq=False)
class _Task:
    """A task that waits or is at a worker.

    Attributes:
        future: what the job waits for.
        at_worker: the worker's own future.
        begun: when it was handed out.
        expected: seconds for which its user was charged when it was handed out.
        weight: of its user then.
    """

    tasks: JobTasks
    work: Work[Any]
    small: bool
    future: Future[Any] = field(default_factory=Future[Any])
    at_worker: Future[Any] | None = None
    begun: float = 0.0
    expected: float = 0.0
    weight: float = 1.0


class TaskTurns:
    """Hands out the tasks of all jobs that share workers.

    Args:
        workers: run the tasks.
        use: what users have used lately; work of tasks is added to it.
        clock: monotonic seconds.
        times: how long tasks took, by backend; those of this call are added.
    """

    def __init__(
        self,
        workers: Workers | OneThread,
        use: RecentUse,
        clock: Callable[[], float] = time.monotonic,
        times: Durations | None = None,
    ):
        self.workers = workers
        self.clock = clock
        self._lock = threading.Lock()
        # Small tasks that have threads of their own do not wait for large ones.
        self._lanes = [_Lane(workers, use, clock) for _ in range(1 + workers.small_apart)]
        self._times = times

    def of(self, user: str, backend: str, *, in_session: bool) -> JobTasks:
        """The workers as one running job sees them.

        Args:
            user: whose turns the job's tasks take.
            backend: of the job.
            in_session: whether it belongs to an active session.
        """
        return JobTasks(self, user, backend, in_session=in_session)

    def add(self, task: _Task) -> None:
        """Queues a task."""
        lane = self._lane(task)
        with self._lock:
            lane.push(task)
            task.tasks.counted(waiting=1)
        self._hand_out(lane)

    def at_workers(self) -> int:
        """Tasks that are at workers now."""
        with self._lock:
            return sum(lane.at_workers for lane in self._lanes)

    def unfinished(self) -> int:
        """Tasks that wait or are at workers."""
        with self._lock:
            return sum(lane.at_workers + lane.waiting for lane in self._lanes)

    def abandon(self, tasks: Iterable[_Task]) -> None:
        """Drops waiting tasks, and ends those at workers."""
        at_workers: list[_Task] = []
        with self._lock:
            for task in tasks:
                if self._lane(task).drop(task):
                    task.tasks.counted(waiting=-1)
                    task.future.cancel()
                else:
                    at_workers.append(task)
        self.workers.abandon([task.at_worker for task in at_workers if task.at_worker is not None])
        for task in at_workers:
            # What still runs must not keep its place: nobody knows when it ends.
            self._free(task)
        for lane in self._lanes:
            self._hand_out(lane)

    def _lane(self, task: _Task) -> _Lane:
        return self._lanes[-1 if task.small else 0]

    def _hand_out(self, lane: _Lane) -> None:
        with self._lock:
            if lane.handing_out:  # by another call, which will see what this one would
                return
            lane.handing_out = True
        while True:
            with self._lock:
                task = lane.take()
                if task is None:
                    lane.handing_out = False
                    return
                task.tasks.counted(waiting=-1, at_workers=1)
            try:
                at_worker = self.workers.submit(task.work, small=task.small)
            except BaseException as error:  # the workers are closed, or can't be reached
                self._free(task)
                task.future.set_exception(error)
                continue
            task.at_worker = at_worker
            at_worker.add_done_callback(partial(self._ended, task, lane))

    def _ended(self, task: _Task, lane: _Lane, at_worker: Future[Any]) -> None:
        self._free(task)
        if at_worker.cancelled():
            task.future.set_exception(StoppedTaskError())
        elif (error := at_worker.exception()) is not None:
            task.future.set_exception(error)
        else:
            task.future.set_result(at_worker.result())
        task.at_worker = None
        self._hand_out(lane)

    def _free(self, task: _Task) -> None:
        """Ends a task's time at its worker, once."""
        with self._lock:
            if self._lane(task).free(task):
                task.tasks.counted(at_workers=-1)
                if self._times is not None:
                    self._times.add(task.tasks.backend, task.tasks.task_seconds)


class StoppedTaskError(Exception):
    """A task that its worker dropped, because its job is no longer wanted."""


class JobTasks:
    """The workers as one running job sees them: its tasks take turns with those of others.

    Args:
        turns: hand them out.
        user: whose turns they take.
        backend: of the job.
        in_session: whether it belongs to an active session.
    """

    def __init__(self, turns: TaskTurns, user: str, backend: str, *, in_session: bool):
        self.user = user
        self.backend = backend
        self.in_session = in_session
        self.task_seconds = FIRST_GUESS_SECONDS
        self._turns = turns
        self._tasks: dict[Future[Any], _Task] = {}
        self._waiting = self._at_workers = 0
        self._held_seconds = 0.0
        self._held_since: float | None = None
        self._lost_before = turns.workers.lost_seconds

    @property
    def sandbox(self) -> Sandbox:
        """Processes that load QPY files before this one."""
        return self._turns.workers.sandbox

    def submit(self, task: Work[ResultT], *, small: bool) -> Future[ResultT]:
        """Queues one task; a small one may have threads of its own."""
        waiting = _Task(self, task, small)
        self._tasks[waiting.future] = waiting
        waiting.future.add_done_callback(self._forget)
        self._turns.add(waiting)
        return waiting.future

    def submit_again(self, task: Work[ResultT]) -> Future[ResultT]:
        """Retries a task whose process died, at once, where a crash affects no other task."""
        return self._turns.workers.submit_again(task)

    def abandon(self, futures: Iterable[Future[Any]]) -> None:
        """Ends tasks whose stop flags are set."""
        known: list[_Task] = []
        others: list[Future[Any]] = []
        for future in futures:
            task = self._tasks.get(future)
            if task is not None:
                known.append(task)
            else:
                others.append(future)
        if known:
            self._turns.abandon(known)
        if others:
            self._turns.workers.abandon(others)

    def held_up_seconds(self) -> float:
        """How long all of its tasks have waited for the turns of others, or for a scheduler."""
        since = self._held_since
        held = self._held_seconds + (0.0 if since is None else self._turns.clock() - since)
        return held + self._turns.workers.lost_seconds - self._lost_before

    def counted(self, *, waiting: int = 0, at_workers: int = 0) -> None:
        """Counts its tasks that wait and those at workers."""
        self._waiting += waiting
        self._at_workers += at_workers
        held_up = self._waiting > 0 and not self._at_workers
        if held_up and self._held_since is None:
            self._held_since = self._turns.clock()
        elif not held_up and self._held_since is not None:
            self._held_seconds += self._turns.clock() - self._held_since
            self._held_since = None

    def _forget(self, future: Future[Any]) -> None:
        self._tasks.pop(future, None)


class _Lane:
    """The tasks for one set of workers; its owner holds a lock.

    Each user has a virtual time, which grows by the seconds of their tasks over their weight; the
    user with the smallest one has the next turn (start-time fair queueing). Who comes back after a
    while starts at the time of the others, so nobody saves up turns.
    """

    def __init__(self, workers: Workers | OneThread, use: RecentUse, clock: Callable[[], float]):
        self.handing_out = False
        self._clock = clock
        self._workers = workers
        self._use = use
        self._at_workers: set[_Task] = set()
        self._users: dict[str, dict[JobTasks, deque[_Task]]] = {}
        self._times: dict[str, float] = {}
        self._now = 0.0
        # Jobs of active sessions with tasks that wait, and turns that they had in a row.
        self._sessions: dict[str, deque[JobTasks]] = {}
        self._session_turns: dict[str, int] = {}

    @property
    def at_workers(self) -> int:
        """Tasks that are at workers."""
        return len(self._at_workers)

    @property
    def waiting(self) -> int:
        """Tasks that wait."""
        return sum(len(tasks) for jobs in self._users.values() for tasks in jobs.values())

    def push(self, task: _Task) -> None:
        """Queues a task."""
        tasks = task.tasks
        if tasks.user not in self._users:
            self._users[tasks.user] = {}
            self._times[tasks.user] = max(self._times.get(tasks.user, 0.0), self._now)
        jobs = self._users[tasks.user]
        if tasks not in jobs:
            jobs[tasks] = deque()
            if tasks.in_session:
                self._sessions.setdefault(tasks.backend, deque()).append(tasks)
        jobs[tasks].append(task)

    def take(self) -> _Task | None:
        """The task that is handed out next; None if there is none, or no worker is free."""
        if not self._users or len(self._at_workers) >= max(1, self._workers.width):
            return None
        user = min(self._users, key=self._times.__getitem__)
        self._now = max(self._now, self._times[user])
        tasks = self._whose_turn(user)
        task = self._users[tasks.user][tasks][0]
        task.begun = self._clock()
        task.expected = tasks.task_seconds
        task.weight = self._use.weight(tasks.user, self._users)
        self._times[tasks.user] += task.expected / task.weight
        self._remove(task)
        # Jobs of one user take turns, too.
        jobs = self._users.get(tasks.user, {})
        if tasks in jobs:
            jobs[tasks] = jobs.pop(tasks)
        task.future.set_running_or_notify_cancel()
        self._at_workers.add(task)
        return task

    def drop(self, task: _Task) -> bool:
        """Forgets a task that waits; False if it does not wait."""
        jobs = self._users.get(task.tasks.user, {})
        waits = task in jobs.get(task.tasks, ())
        if waits:
            self._remove(task)
        return waits

    def free(self, task: _Task) -> bool:
        """Ends a task's time at its worker; False if that has ended before."""
        if task not in self._at_workers:
            return False
        self._at_workers.remove(task)
        seconds = self._clock() - task.begun
        task.tasks.task_seconds = seconds
        self._times[task.tasks.user] += (seconds - task.expected) / task.weight
        self._use.add(task.tasks.user, seconds)
        return True

    def _whose_turn(self, user: str) -> JobTasks:
        """The job that has the turn of a user: its own, or one of a session on the backend."""
        jobs = self._users[user]
        tasks = next((tasks for tasks in jobs if tasks.in_session), None) or next(iter(jobs))
        sessions = self._sessions.get(tasks.backend)
        if tasks.in_session or not sessions:
            return tasks
        turns = self._session_turns.get(tasks.backend, 0)
        if turns >= SESSION_TURNS:
            self._session_turns[tasks.backend] = 0
            return tasks
        self._session_turns[tasks.backend] = turns + 1
        sessions.rotate(-1)
        return sessions[-1]

    def _remove(self, task: _Task) -> None:
        """Takes a task out of its user's."""
        tasks = task.tasks
        jobs = self._users[tasks.user]
        jobs[tasks].remove(task)
        if jobs[tasks]:
            return
        del jobs[tasks]
        if not jobs:
            del self._users[tasks.user]
        if tasks.in_session:
            self._sessions[tasks.backend].remove(tasks)
            if not self._sessions[tasks.backend]:
                del self._sessions[tasks.backend]
                self._session_turns.pop(tasks.backend, None)
