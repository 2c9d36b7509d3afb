"""Daemon threads that return futures, and are used again for the next call."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_futures
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

T = TypeVar("T")

IDLE_SECONDS: Final = 5.0
"""How long a thread waits for another call: to start one takes longer than a short call."""


def in_thread(function: Callable[[], T], name: str) -> Future[T]:
    """Runs a function in a daemon thread: neither the caller nor the interpreter's exit waits."""
    future: Future[T] = Future()
    try:
        idle = _idle.pop()
    except IndexError:
        idle = _Worker()
        threading.Thread(target=idle.run, name=name, daemon=True).start()
    idle.calls.put((function, future, name))
    return future


class _Worker:
    """One thread, from its first call until none has come for a while."""

    def __init__(self) -> None:
        self.calls: SimpleQueue[tuple[Callable[[], Any], Future[Any], str]] = SimpleQueue()

    def run(self) -> None:
        """Makes the calls that are handed to it."""
        thread = threading.current_thread()
        while True:
            try:
                function, future, thread.name = self.calls.get(timeout=IDLE_SECONDS)
            except Empty:
                try:
                    _idle.remove(self)
                except ValueError:
                    continue  # a call is on its way
                return
            _call(function, future)
            del function, future  # an idle thread keeps no result
            _idle.append(self)


def _call(function: Callable[[], Any], future: Future[Any]) -> None:
    try:
        outcome = function()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(outcome)


_idle: list[_Worker] = []
"""Threads without a call. Taking one out and putting one in are atomic."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)


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
