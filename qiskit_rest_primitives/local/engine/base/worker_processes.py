"""Worker processes as an executor: each runs one call at a time and may be killed or crash alone.

Unlike `concurrent.futures.ProcessPoolExecutor`, a process that dies takes only its own call with
it, and a worker never imports the user's main module, so scripts need no ``__main__`` guard.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

from qiskit_rest_primitives.local.engine.base.freed_memory import resident_bytes
from qiskit_rest_primitives.local.threads import DaemonThreads

_PROGRAM = "qiskit_rest_primitives.local.engine.executors.worker_main"
"""By name, as it stands above this module."""
_LENGTH = struct.Struct("!Q")
# Two threads that pickle one circuit can wait for each other for ever; see `make_shareable`.
_PICKLING = threading.Lock()


class WorkerDiedError(BrokenExecutor):
    """A worker process that ended during a call; says how."""


@dataclass
class _Call:
    """A call and the process that runs it now, if one does."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    process: _Process | None = None
    doomed: bool = False


class WorkerProcesses(Executor):
    """Runs picklable calls in processes of this machine.

    Args:
        count: processes at most.
        eager: start all of them now; otherwise each when work arrives and no other is free.
    """

    def __init__(self, count: int, *, eager: bool = False):
        self._max_workers = count  # the name that the standard library's executors use
        self._lock = threading.Lock()
        self._calls: dict[Future[Any], _Call] = {}
        self._closed = self._dropping = False
        self._idle = [_Process() for _ in range(count if eager else 0)]
        self._threads = DaemonThreads(count, "worker-process")

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Queues a call; its future fails with WorkerDiedError if the process ends first."""
        if kwargs:
            raise TypeError("pass arguments by position")
        call = _Call(fn, args)
        with self._lock:
            future = self._threads.submit(self._run, call)
            self._calls[future] = call
        future.add_done_callback(self._forget)
        return future

    def kill(self, future: Future[Any]) -> None:
        """Kills the process that runs this call, if any; a new one replaces it."""
        with self._lock:
            call = self._calls.get(future)
            if call is not None and future.running():
                call.doomed = True
                if call.process is not None:
                    call.process.kill()

    def memory_of(self, future: Future[Any]) -> int:
        """Bytes of memory that the process of this call has now; 0 if unknown."""
        with self._lock:
            call = self._calls.get(future)
            return call.process.memory() if call is not None and call.process is not None else 0

    def clock_of(self, future: Future[Any]) -> float | None:
        """Processor time in seconds of the process of this call; None before and after the call.

        A process keeps its clock from call to call. Outside Linux it is wall-clock time.
        """
        with self._lock:
            call = self._calls.get(future)
            return call.process.clock() if call is not None and call.process is not None else None

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the processes: after the calls in the queue, or at once without waiting for them."""
        with self._lock:
            self._closed = True
            self._dropping = self._dropping or cancel_futures
            idle, self._idle = self._idle, []
        self._threads.shutdown(wait=False, cancel_futures=cancel_futures)
        for process in idle:
            process.end()
        if cancel_futures:
            with self._lock:
                for call in self._calls.values():
                    if call.process is not None:
                        call.process.kill()
        if wait:
            self._threads.join()

    def _run(self, call: _Call) -> Any:
        process = self._idle_process() or _Process()
        with self._lock:
            call.process = process
            if self._dropping or call.doomed:
                process.kill()
        try:
            answer = process.call(call.function, call.arguments)
        finally:
            with self._lock:
                call.process = None
                reusable = process.is_alive() and not self._closed
                if reusable:
                    self._idle.append(process)
            if not reusable:
                process.end()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _idle_process(self) -> _Process | None:
        """One that is still alive: the system may end idle ones, for want of memory."""
        while True:
            with self._lock:
                process = self._idle.pop() if self._idle else None
            if process is None or process.is_alive():
                return process
            process.end()

    def _forget(self, future: Future[Any]) -> None:
        with self._lock:
            self._calls.pop(future, None)


class _Process:
    """One child that answers calls over its standard streams."""

    def __init__(self) -> None:
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path)
        }
        # A separate session: Ctrl-C goes to the service, which ends its children itself.
        self._child = subprocess.Popen(
            [sys.executable, "-m", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )

    def call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Sends a call and waits for its result, or for the exception it raised."""
        stdin, stdout = self._child.stdin, self._child.stdout
        assert stdin is not None
        assert stdout is not None
        with _PICKLING:
            message = pickle.dumps((function, arguments), pickle.HIGHEST_PROTOCOL)
        try:
            write_message(stdin, message)
            answer = read_message(stdout)
        except OSError:
            answer = None
        if answer is None:
            return WorkerDiedError(how_it_ended(self._child.wait()))
        return pickle.loads(answer)

    def is_alive(self) -> bool:
        """Whether it can take another call."""
        return self._child.poll() is None

    def memory(self) -> int:
        """Bytes in use, on Linux; 0 elsewhere, or after it ended."""
        return resident_bytes(self._child.pid)

    def clock(self) -> float | None:
        """Processor time in seconds, None when it is gone; wall-clock time outside Linux."""
        if sys.platform != "linux":
            return time.monotonic()
        try:
            with open(f"/proc/{self._child.pid}/stat", "rb") as stat:
                user, system = stat.read().rpartition(b")")[2].split()[11:13]
        except (OSError, ValueError):
            return None
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """Kills it during a call."""
        self._child.kill()

    def end(self) -> None:
        """Kills the idle process and closes its pipes."""
        self._child.kill()
        self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            assert stream is not None
            with suppress(OSError):  # data that a dead child did not read
                stream.close()


def how_it_ended(code: int) -> str:
    """What the return code of a process says, to go on after "the worker process"."""
    if code >= 0:
        return f"ended with exit code {code}"
    if code == -signal.SIGKILL:
        return "was killed (signal 9), perhaps because the machine ran out of memory"
    return f"crashed (signal {-code})"


def write_message(stream: IO[bytes], message: bytes) -> None:
    """Writes one message, its length before it."""
    stream.write(_LENGTH.pack(len(message)))
    stream.write(message)
    stream.flush()


def read_message(stream: IO[bytes]) -> bytes | None:
    """Reads one message; None at the end of the stream."""
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(header)
    message = stream.read(length)
    return message if len(message) == length else None
