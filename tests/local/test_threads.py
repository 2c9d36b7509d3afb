"""Threads of the embedded service."""

from __future__ import annotations

import time

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
