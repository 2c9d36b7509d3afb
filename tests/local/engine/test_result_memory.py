"""Large results of running jobs are not in memory all at once."""

from __future__ import annotations

from queue import SimpleQueue

import pytest

from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.engine.result_memory import SMALL_BYTES, ResultMemory, Room
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from tests.local.engine.jobs import OneThread, Running
from tests.local.engine.test_engine import BELL, Gate

SMALL, LARGE = SMALL_BYTES, 6 * SMALL_BYTES


@pytest.fixture
def memory() -> ResultMemory:
    """Room for one large result a user, and for two of all users."""
    return ResultMemory(of_user=10 * SMALL_BYTES, of_all=15 * SMALL_BYTES)


def test_large_results_of_a_user_wait_for_each_other(memory):
    """In their order; those of others do not wait for them."""
    first, second, third = (memory.take("alice", LARGE) for _ in range(3))
    other = memory.take("bob", LARGE)
    assert [room.granted.done() for room in (first, second, third, other)] == [
        True,
        False,
        False,
        True,
    ]
    memory.give_back(first)
    assert second.granted.done()
    assert not third.granted.done()


def test_small_results_never_wait(memory):
    """However many large ones wait."""
    for _ in range(3):
        memory.take("alice", LARGE)
    assert memory.take("alice", SMALL).granted.done()


def test_a_result_beyond_the_limits_waits_until_it_is_alone(memory):
    """It is never refused here."""
    first = memory.take("alice", LARGE)
    huge = memory.take("alice", 100 * SMALL_BYTES)
    assert not huge.granted.done()
    memory.give_back(first)
    assert huge.granted.done()


def test_large_results_do_not_overtake_one_that_waits_for_the_total_limit(memory):
    """By large results; or a very large one might wait for ever."""
    first = memory.take("alice", LARGE)
    largest = memory.take("bob", 10 * SMALL_BYTES)
    later = memory.take("carol", LARGE)
    assert not largest.granted.done()
    assert not later.granted.done()
    memory.give_back(first)
    assert largest.granted.done()
    assert not later.granted.done()
    memory.give_back(largest)
    assert later.granted.done()


def test_a_cancelled_job_gives_up_its_place(memory):
    """A cancelled job is no longer in its place."""
    memory.take("alice", LARGE)
    largest = memory.take("bob", 10 * SMALL_BYTES)
    later = memory.take("carol", LARGE)
    memory.give_back(largest)
    assert later.granted.done()


def test_running_jobs_wait_for_memory_and_can_be_cancelled(monkeypatch):
    """Three jobs of 600 MB each: the others wait without using up their time."""
    rooms: SimpleQueue[Room] = SimpleQueue()
    take = ResultMemory.take

    def noted(memory, user, size):
        room = take(memory, user, size)
        rooms.put(room)
        return room

    monkeypatch.setattr(ResultMemory, "take", noted)
    gate = Gate(monkeypatch)
    engine = Engine(LocalBackends(), OneThread(), jobs_at_once=4)

    def submitted(job_id, points, **more):
        params = {"pubs": [[BELL, [[0.3]] * points, 20_000_000]]}
        return Running(engine, "sampler", params, job_id=job_id, user="alice", **more)

    try:
        first = submitted("first", 30)
        assert rooms.get(timeout=30).granted.done()
        second = submitted("second", 30)
        assert not rooms.get(timeout=30).granted.done()
        third = submitted("third", 30, time_limit_seconds=0.2)
        assert not rooms.get(timeout=30).granted.done()
        small = {"pubs": [[BELL, [0.3], 1]]}
        Running(engine, "sampler", small, job_id="small", user="alice")
        assert rooms.get(timeout=30).granted.done()
        assert not third.ended.wait(0.5)
        engine.cancel("second")
        assert second.outcome(30).status == "Cancelled"
        assert "waits until there is memory for 600 MB of results" in second.outcome().logs
        engine.cancel("first")
        assert first.outcome(30).status == "Cancelled"
        assert third.outcome(30).reason_code == 1305  # the gate holds it up
    finally:
        gate.opened.set()
        engine.close()
