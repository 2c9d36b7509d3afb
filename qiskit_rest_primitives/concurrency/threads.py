"""Daemon threads that return futures."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_futures
from typing import TypeVar

T = TypeVar("T")


def in_thread(function: Callable[[], T], name: str) -> Future[T]:
    """Runs a function in a daemon thread: neither the caller nor the interpreter's exit waits."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            outcome = function()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(outcome)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


def finished_within(
    future: Future[T], seconds: float, late: Callable[[T], object] | None = None
) -> bool:
    """Waits for a future; True if it is done in time.

    Args:
        future: of work in a thread.
        seconds: how long to wait.
        late: takes the outcome if it is later than that and not an error.
    """
    if wait_for_futures([future], seconds).done:
        return True
    if late is not None:
        future.add_done_callback(lambda done: done.exception() or late(done.result()))
    return False
