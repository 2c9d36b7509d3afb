"""Threads of the embedded service."""

from __future__ import annotations

import threading
import time

import pytest

from qiskit_rest_primitives.local.threads import DaemonThreads, InterruptedWorkError


def work_until_interrupted() -> None:
    """Python code that does not look whether it should stop."""
    while True:
        time.sleep(0.001)


def test_a_call_that_does_not_end_is_interrupted() -> None:
    """A stopping service leaves no thread in compiled code, where it could abort the process."""
    threads = DaemonThreads(2, "busy")
    stuck, done = threads.submit(work_until_interrupted), threads.submit(int, "7")
    assert done.result(60) == 7
    threads.shutdown(wait=False, cancel_futures=True)
    threads.end(0.1)
    assert isinstance(stuck.exception(60), InterruptedWorkError)
    threads.join(60)
    assert not any(thread.is_alive() for thread in threads._threads)


def test_a_pool_grows_as_far_as_threads_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads that run do the work, if the system starts no more; none at all is an error."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    pool = DaemonThreads(1, "few")
    pool.grow(2)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        pool.grow(3)
        with pytest.raises(RuntimeError, match="can't start"):
            DaemonThreads(1, "none")
    assert pool.submit(int, "3").result(30) == 3
    both = threading.Barrier(2)
    for call in [pool.submit(both.wait, 30) for _ in range(2)]:
        call.result(30)
    pool.shutdown()
