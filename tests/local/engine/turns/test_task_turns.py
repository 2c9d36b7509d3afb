"""Tasks of running jobs take turns: of users, by what they used; of sessions on their backend."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from typing import Any

import pytest

from qiskit_rest_primitives.local.engine.turns.recent_use import HALF_LIFE_SECONDS, RecentUse
from qiskit_rest_primitives.local.engine.turns.task_turns import (
    FIRST_GUESS_SECONDS,
    JobTasks,
    StoppedTaskError,
    TaskTurns,
)


class Workers:
    """Workers of a simulated time; a task is the seconds that it takes."""

    sandbox = None
    small_apart = False
    lost_seconds = 0.0

    def __init__(self, width: int = 1):
        self.width = width
        self.now = 0.0
        self.closed = False
        self.running: list[tuple[float, Future[Any], Any]] = []
        self.abandoned: list[Future[Any]] = []

    def clock(self) -> float:
        """The time."""
        return self.now

    def submit(self, task: Any, *, small: bool) -> Future[Any]:
        """Starts a task."""
        if self.closed:
            raise RuntimeError("closed")
        future: Future[Any] = Future()
        self.running.append((self.now + task, future, task))
        return future

    def submit_again(self, task: Any) -> Future[Any]:
        """Starts a task once more."""
        return self.submit(task, small=False)

    def abandon(self, futures: list[Future[Any]]) -> None:
        """Notes what is no longer wanted."""
        self.abandoned += futures

    def end_one(self) -> None:
        """Goes on to the end of the next task."""
        next_one = min(self.running, key=lambda running: running[0])
        self.running.remove(next_one)
        self.now = max(self.now, next_one[0])
        next_one[1].set_result(next_one[2])


@pytest.fixture
def workers() -> Workers:
    """One worker."""
    return Workers()


@pytest.fixture
def turns(workers: Workers) -> TaskTurns:
    """Turns at one worker."""
    return TaskTurns(workers, RecentUse(workers.clock), workers.clock)


def job_of(turns: TaskTurns, user: str, backend: str = "aer", in_session: bool = False) -> JobTasks:
    """A running job."""
    return turns.of(user, backend, in_session=in_session)


def submit(job: JobTasks, count: int, done: list[str] | None = None, seconds: float = 1.0) -> None:
    """Submits tasks that note the user of their job when they end."""
    for _ in range(count):
        future = job.submit(seconds, small=False)
        if done is not None:
            future.add_done_callback(lambda _: done.append(job.user))


def test_no_more_tasks_are_handed_out_than_workers_run(turns: TaskTurns, workers: Workers):
    """The others wait until one ends."""
    workers.width = 3
    submit(job_of(turns, "a"), 10)
    assert len(workers.running) == 3
    workers.end_one()
    assert len(workers.running) == 3


def test_a_small_job_does_not_wait_for_all_tasks_of_others(turns: TaskTurns, workers: Workers):
    """It has the next turn."""
    done: list[str] = []
    submit(job_of(turns, "large"), 1000, done)
    for _ in range(20):
        workers.end_one()
    submit(job_of(turns, "small"), 1, done)
    workers.end_one()
    workers.end_one()
    assert done[-2:] == ["large", "small"]


def test_users_with_equal_loads_have_equal_shares(workers: Workers):
    """Of 30 users, within 10 %, though some cut their work into smaller tasks and began earlier."""
    workers.width = 4
    use = RecentUse(workers.clock)
    turns = TaskTurns(workers, use, workers.clock)
    users = [f"user-{number}" for number in range(30)]
    for number, user in enumerate(users):
        submit(job_of(turns, user), 300, seconds=0.1 + 0.01 * number)
        workers.end_one()
    while workers.now < 150:
        workers.end_one()
    seconds = [use.of(user) for user in users]
    assert max(seconds) < 1.1 * min(seconds)


def test_a_user_with_less_recent_usage_gets_more_turns(turns: TaskTurns, workers: Workers):
    """Three of four, beside one who has used much: not all of them."""
    done: list[str] = []
    submit(job_of(turns, "heavy"), 1000)
    for _ in range(500):
        workers.end_one()
    submit(job_of(turns, "light"), 100, done)
    submit(job_of(turns, "heavy"), 1, None)
    before = workers.now
    for _ in range(41):
        workers.end_one()
    assert 24 <= len(done) <= 32
    assert workers.now - before == pytest.approx(41)


def test_use_is_forgotten(workers: Workers):
    """An hour later it counts half."""
    use = RecentUse(workers.clock)
    use.add("a", 10.0)
    workers.now += HALF_LIFE_SECONDS
    assert use.of("a") == pytest.approx(5)
    use.add("a", 1.0)
    assert use.of("a") == pytest.approx(6)
    assert use.of("b") == 0


def test_idle_users_do_not_save_up_turns(turns: TaskTurns, workers: Workers):
    """Who comes back after a while takes turns with the others, and does not catch up."""
    done: list[str] = []
    submit(job_of(turns, "b"), 10)
    for _ in range(10):
        workers.end_one()
    submit(job_of(turns, "a"), 100, done)
    for _ in range(20):
        workers.end_one()
    submit(job_of(turns, "b"), 100, done)
    for _ in range(40):
        workers.end_one()
    assert 12 <= Counter(done[20:])["b"] <= 32


def test_a_users_jobs_take_turns(turns: TaskTurns, workers: Workers):
    """A user's second job does not wait for all of the first."""
    done: list[str] = []
    submit(job_of(turns, "a"), 100)
    submit(job_of(turns, "a"), 1, done)
    for _ in range(3):
        workers.end_one()
    assert done == ["a"]


def test_a_session_has_three_of_four_turns_on_its_backend(turns: TaskTurns, workers: Workers):
    """Jobs on other backends have their turns as ever."""
    done: list[str] = []
    submit(job_of(turns, "b"), 100, done)
    submit(job_of(turns, "a", in_session=True), 30, done)
    for _ in range(21):
        workers.end_one()
    assert done[1:5].count("a") >= 3
    assert Counter(done[1:])["a"] >= 15
    assert Counter(done[1:])["b"] >= 2
    for _ in range(20):
        workers.end_one()
    assert Counter(done)["a"] == 30
    other: list[str] = []
    submit(job_of(turns, "a", in_session=True), 30)
    submit(job_of(turns, "c", backend="other"), 30, other)
    for _ in range(9):
        workers.end_one()
    assert len(other) >= 2


def test_sessions_on_one_backend_take_turns(turns: TaskTurns, workers: Workers):
    """With each other, before everybody else."""
    done: list[str] = []
    submit(job_of(turns, "c"), 20, done)
    submit(job_of(turns, "a", in_session=True), 4, done)
    submit(job_of(turns, "b", in_session=True), 4, done)
    for _ in range(13):
        workers.end_one()
    assert done.count("a") == done.count("b") == 4
    assert abs(done[:6].count("a") - done[:6].count("b")) <= 1


def test_a_tasks_error_is_its_jobs(turns: TaskTurns, workers: Workers):
    """And the next task is handed out."""
    job = job_of(turns, "a")
    futures = [job.submit(1.0, small=False) for _ in range(2)]
    workers.running.pop()[1].set_exception(ValueError("wrong"))
    with pytest.raises(ValueError, match="wrong"):
        futures[0].result(0)
    workers.running[0][1].cancel()
    with pytest.raises(StoppedTaskError):
        futures[1].result(0)


def test_workers_that_take_no_task_fail_it(turns: TaskTurns, workers: Workers):
    """The job gets the reason; nothing waits for ever."""
    workers.closed = True
    job = job_of(turns, "a")
    futures = [job.submit(1.0, small=False) for _ in range(3)]
    for future in futures:
        with pytest.raises(RuntimeError, match="closed"):
            future.result(0)


def test_an_abandoned_task_keeps_no_worker(turns: TaskTurns, workers: Workers):
    """Waiting tasks are dropped, and the next job begins though the worker's task has not ended."""
    job, done = job_of(turns, "a"), list[str]()
    futures = [job.submit(1.0, small=False) for _ in range(5)]
    retried = job.submit_again(7.0)
    hung = workers.running[0][1]
    submit(job_of(turns, "b"), 1, done)
    job.abandon([*futures, retried])
    assert workers.abandoned == [hung, retried]
    assert [future.cancelled() for future in futures] == [False, True, True, True, True]
    assert len(workers.running) == 3
    hung.set_result(None)
    workers.running.pop()[1].set_result(None)
    assert done == ["b"]


def test_the_time_of_others_turns_is_known(turns: TaskTurns, workers: Workers):
    """It is counted while all tasks of a job wait, and only then."""
    submit(job_of(turns, "a"), 1, seconds=5.0)
    job = job_of(turns, "b")
    assert job.held_up_seconds() == 0
    submit(job, 2, seconds=3.0)
    workers.now = 2.0
    assert job.held_up_seconds() == 2
    workers.end_one()
    workers.now = 7.0
    assert job.held_up_seconds() == 5
    assert FIRST_GUESS_SECONDS < 1
