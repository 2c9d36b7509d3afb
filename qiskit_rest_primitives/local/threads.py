"""An executor whose threads keep running while the interpreter exits."""

from __future__ import annotations

import ctypes
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial
from typing import Any, ParamSpec, TypeVar

JOIN_SECONDS = 1.0
"""How long a stopping service waits for calls that can't be interrupted."""

P = ParamSpec("P")
T = TypeVar("T")


class DaemonThreads(Executor):
    """Runs calls in daemon threads, all of which are started now.

    `concurrent.futures.ThreadPoolExecutor` refuses calls once the interpreter begins to exit, may
    start threads when that is no longer possible, and delays the exit until its calls end. These
    threads serve until `shutdown`, which the service's exit handler calls.

    Args:
        count: calls at the same time.
        name: what the names of the threads begin with.
    """

    def __init__(self, count: int, name: str):
        self._max_workers = count  # the name that the standard library's executors use
        self._name = name
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]
        self._calls = queue.SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self.grow(count)

    def grow(self, count: int) -> None:
        """Starts threads until there are so many, or as many as the system allows."""
        with self._lock:
            while len(self._threads) < count and not self._closed:
                name = f"{self._name}-{len(self._threads)}"
                thread = threading.Thread(target=self._serve, name=name, daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    if not self._threads:
                        raise
                    return  # the interpreter exits: those that run do the work
                self._threads.append(thread)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queues a call."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._calls.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the threads, after the calls in the queue unless those are cancelled."""
        with self._lock:
            self._closed = True
        while cancel_futures:
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                break
            if call is not None:
                call[0].cancel()
        for _ in self._threads:
            self._calls.put(None)
        if wait:
            self.join()

    def join(self, seconds: float | None = None) -> None:
        """Waits for the threads to end, for at most this many seconds."""
        deadline = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))

    def end(self, seconds: float) -> None:
        """Waits for the threads to end; those that still work after that time are interrupted.

        A thread that is left in Qiskit's compiled code can abort the process at its exit.

        Args:
            seconds: how long to wait before and after the interruption.
        """
        self.join(seconds)
        for thread in self._threads:
            if thread.is_alive() and thread.ident is not None:
                _raise_in(thread.ident)
        self.join(seconds)

    def _serve(self) -> None:
        # On a busy machine, `end` may come when a thread has no call, but did not end yet.
        with suppress(InterruptedWorkError):
            while (call := self._calls.get()) is not None:
                _run(*call)
                del call  # it keeps the arguments and the result in memory


class InterruptedWorkError(Exception):
    """The service stopped while a thread worked on a job, which is final already."""


def _raise_in(thread_id: int) -> None:
    """Raises `InterruptedWorkError` in a thread, at its next line of Python."""
    identity, error = ctypes.c_ulong(thread_id), ctypes.py_object(InterruptedWorkError)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(identity, error)


def _run(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # Rust code inside Qiskit panics with a BaseException
        future.set_exception(error)
    else:
        future.set_result(result)
