"""The queue's order: users take turns, sessions come first, and places are as jobs will start."""

from __future__ import annotations

import random

from qiskit_rest_primitives.local.engine.turns.fair_queue import FairQueue


def queue_of(ranks: dict[str, float] | None = None) -> FairQueue[str]:
    """A queue whose users have these ranks, or 0."""
    return FairQueue[str](rank=lambda user: (ranks or {}).get(user, 0))


def always(_: str) -> bool:
    """Any job may start."""
    return True


def drained(queue: FairQueue[str], started: dict[str, float] | None = None) -> list[str]:
    """All jobs in the order of their starts; each counts in its user's rank, if those are given."""
    order: list[str] = []
    while (job := queue.pop(always)) is not None:
        order.append(job)
        if started is not None:
            started[job[0]] += 1
    return order


def test_a_users_jobs_start_in_the_order_of_submission():
    """One line a user and backend."""
    queue = queue_of()
    for number in range(5):
        queue.push(str(number), str(number), backend="aer", user="a")
    assert [queue.place(str(number)) for number in range(5)] == [1, 2, 3, 4, 5]
    assert drained(queue) == ["0", "1", "2", "3", "4"]


def test_users_take_turns_and_queue_places_agree():
    """A small job waits for one job of each other user, not for all of them."""
    started = {"a": 0.0, "b": 0.0, "c": 0.0}
    queue = queue_of(started)
    jobs = ["a1", "a2", "a3", "a4", "b1", "b2", "c1"]
    for job in jobs:
        queue.push(job, job, backend="aer", user=job[0])
    places = {job: queue.place(job) for job in jobs}
    order = drained(queue, started)
    assert order == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]
    assert places == {job: order.index(job) + 1 for job in jobs}


def test_the_user_with_less_usage_is_first():
    """The rank decides, then the order of submission."""
    queue = queue_of({"a": 2.0, "b": 1.0})
    queue.push("a1", "a1", backend="aer", user="a")
    queue.push("b1", "b1", backend="aer", user="b")
    assert (queue.place("a1"), queue.place("b1")) == (2, 1)
    assert drained(queue) == ["b1", "a1"]


def test_jobs_of_an_active_session_come_first_on_their_backend():
    """Those that waited before it was active as well; jobs elsewhere keep their places."""
    queue = queue_of()
    queue.push("b1", "b1", backend="aer", user="b")
    queue.push("a1", "a1", backend="aer", user="a", session="s")
    queue.push("a2", "a2", backend="other", user="a")
    queue.push("a3", "a3", backend="aer", user="a", session="s")
    assert [queue.place(job) for job in ("b1", "a1", "a2", "a3")] == [1, 2, 1, 3]
    queue.activate("s")
    queue.push("a4", "a4", backend="aer", user="a", session="s", first=True)
    assert [queue.place(job) for job in ("a1", "a3", "a4", "b1", "a2")] == [1, 2, 3, 4, 1]
    assert drained(queue)[:3] == ["a1", "a3", "a4"]


def test_only_jobs_that_may_start_are_taken():
    """Another user's job is taken instead; with none, there is no job."""
    queue = queue_of()
    queue.push("a1", "a1", backend="aer", user="a")
    queue.push("b1", "b1", backend="aer", user="b")
    assert queue.pop(lambda job: job == "b1") == "b1"
    assert queue.pop(lambda job: job == "b1") is None
    assert queue.length() == 1


def test_jobs_are_counted_by_backend_and_user():
    """Removed jobs are not counted, and have no place."""
    queue = queue_of()
    queue.push("a1", "a1", backend="aer", user="a", session="s")
    queue.push("a2", "a2", backend="other", user="a", session="s")
    assert (queue.length(), queue.length("aer"), queue.length("nowhere")) == (2, 1, 0)
    assert (queue.jobs_of("a"), queue.jobs_of("b")) == (2, 0)
    assert list(queue) == ["a1", "a2"]
    assert queue.remove("a1") == "a1"
    assert queue.remove("a1") is None
    assert queue.place("a1") is None
    assert (queue.length(), queue.length("aer"), queue.jobs_of("a")) == (1, 0, 1)
    assert queue.remove("a2") == "a2"
    assert (queue.length(), queue.jobs_of("a")) == (0, 0)


def test_places_are_right_after_many_cancellations():
    """With five users and jobs removed at random."""
    rng = random.Random(1)
    started = dict.fromkeys("abcde", 0.0)
    queue = queue_of(started)
    jobs = [f"{rng.choice('abcde')}{number}" for number in range(300)]
    for job in jobs:
        queue.push(job, job, backend="aer", user=job[0])
    for job in rng.sample(jobs, 150):
        queue.remove(job)
        jobs.remove(job)
    places = {job: queue.place(job) for job in jobs}
    order = drained(queue, started)
    assert places == {job: order.index(job) + 1 for job in jobs}
