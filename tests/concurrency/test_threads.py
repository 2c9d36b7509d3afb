"""Threads of the client: used again, gone after a while, and without memory of what they did."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from concurrent.futures import Future

import pytest

from qiskit_rest_primitives.concurrency import threads
from qiskit_rest_primitives.concurrency.threads import in_thread


@pytest.fixture(autouse=True)
def _own_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread of an earlier test is used."""
    monkeypatch.setattr(threads, "_idle", [])


def wait_until_idle() -> None:
    """Waits until a thread has no call."""
    while not threads._idle:
        time.sleep(0.001)


def test_a_thread_is_used_again() -> None:
    """One call after the other needs one thread, which has the name of its call."""
    first = in_thread(threading.current_thread, "one").result(60)
    wait_until_idle()
    assert in_thread(threading.current_thread, "two").result(60) is first
    assert first.name == "two"
    assert first.daemon


def test_calls_at_the_same_time_have_threads_of_their_own() -> None:
    """None waits for another."""
    over = threading.Event()
    waiting = [in_thread(over.wait, "waiting") for _ in range(3)]
    assert in_thread(lambda: 7, "quick").result(60) == 7
    over.set()
    assert [future.result(60) for future in waiting] == [True] * 3


def test_an_error_is_that_of_the_future() -> None:
    """The thread goes on."""
    with pytest.raises(ZeroDivisionError):
        in_thread(lambda: 1 / 0, "wrong").result(60)
    wait_until_idle()
    assert in_thread(lambda: 7, "right").result(60) == 7


def test_an_idle_thread_keeps_no_result() -> None:
    """What a call returned is freed with its future."""

    class Large:
        """Something to be freed."""

    gone = weakref.ref(in_thread(Large, "large").result(60))
    wait_until_idle()
    gc.collect()
    assert gone() is None


def test_an_idle_thread_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while without a call."""
    monkeypatch.setattr(threads, "IDLE_SECONDS", 0.01)
    thread = in_thread(threading.current_thread, "short").result(60)
    thread.join(60)
    assert not thread.is_alive()
    assert threads._idle == []


def test_a_call_at_the_last_moment_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread was taken for the call while it gave up waiting."""
    monkeypatch.setattr(threads, "IDLE_SECONDS", 0.01)
    worker = threads._Worker()  # taken: it is not among those without a call
    threading.Thread(target=worker.run, daemon=True).start()
    time.sleep(0.05)
    future: Future[int] = Future()
    worker.calls.put((lambda: 7, future, "late"))
    assert future.result(60) == 7
