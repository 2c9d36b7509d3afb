"""Work that its caller need not wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
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
