"""Loads a QPY file in a separate process first, with little memory, time and stack.

Headers anywhere in a file can make Qiskit's loader allocate far more than the file's size: bits of
nested definitions, vectors of parameters, stack frames. A crash ends only the separate process. A
file that loads there is then loaded here, at the same cost.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Generator
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager, suppress
from typing import TypeVar

from qiskit_rest_primitives.local.engine.base.worker_processes import (
    WorkerDiedError,
    WorkerProcesses,
)
from qiskit_rest_primitives.local.outcome import NOT_LOADABLE, RefusedError

T = TypeVar("T")
PROCESSES = 2
MEBIBYTE = 1 << 20
# An ordinary circuit takes about ten times its file's bytes, and 15 ms per megabyte.
IDLE_BYTES = 192 * MEBIBYTE  # half of it is in use before the first file
SPARE_BYTES, BYTES_PER_BYTE, MOST_BYTES = 128 * MEBIBYTE, 32, 1024 * MEBIBYTE
SPARE_SECONDS, SECONDS_PER_BYTE, MOST_SECONDS = 10.0, 1e-6, 120.0
# The smallest default stack of a thread on any platform is 512 KiB (macOS).
STACK_BYTES = 256 * 1024
_WAIT_SECONDS = 0.05
_CURE = "Send the circuit as OpenQASM 3 text, or split it."


class Sandbox:
    """Processes that load QPY files before this one does; started for the first file.

    Other calls have processes of their own, since a file should not wait for what takes long.
    """

    def __init__(self) -> None:
        self._workers = WorkerProcesses(PROCESSES)
        self._callers = WorkerProcesses(PROCESSES)

    def check(self, data: bytes, place: str, check: Callable[[], None]) -> None:
        """Returns if a file can be loaded within the limits.

        Args:
            data: the file.
            place: where in the job it is, such as ``PUB 3``, for messages.
            check: called now and then; what it raises ends the load.

        Raises:
            RefusedError: it is damaged, or takes too much memory or time.
        """
        spare = min(SPARE_BYTES + BYTES_PER_BYTE * len(data), MOST_BYTES)
        seconds = min(SPARE_SECONDS + SECONDS_PER_BYTE * len(data), MOST_SECONDS)
        too_much = _too_costly(place, f"more than {spare // MEBIBYTE} MiB, or does not end well")
        future = self._workers.submit(trial_load, data, spare)
        started: float | None = None
        try:
            while not future.done():
                with suppress(NotYet):
                    future.exception(_WAIT_SECONDS)
                check()
                if self._workers.memory_of(future) > IDLE_BYTES + spare:
                    raise too_much
                # Neither files before it in the queue nor other work of the machine count.
                clock = self._workers.clock_of(future)
                if started is None:
                    started = clock
                elif clock is not None and clock - started > seconds:
                    raise _too_costly(place, f"more than {seconds:.0f} s")
            problem = future.result()
        except WorkerDiedError:
            raise too_much from None
        finally:
            if not future.done() and not future.cancel():
                self._workers.kill(future)
        if problem is not None:
            raise RefusedError(f"{place}: error loading QPY: {problem}", code=NOT_LOADABLE)

    def run(
        self,
        call: Callable[[], T],
        spare_bytes: int,
        too_much: RefusedError,
        check: Callable[[], None],
    ) -> T:
        """Makes a call that may take much memory or crash.

        Args:
            call: can be pickled.
            spare_bytes: of memory, at most.
            too_much: raised if it takes more, or its process dies of it.
            check: called now and then; what it raises ends the call.

        Raises:
            RefusedError: the call's own, or `too_much`.
        """
        future = self._callers.submit(call)
        try:
            while not future.done():
                with suppress(NotYet):
                    future.exception(_WAIT_SECONDS)
                check()
                if self._callers.memory_of(future) > IDLE_BYTES + spare_bytes:
                    raise too_much
            return future.result()
        except WorkerDiedError:
            raise too_much from None
        finally:
            if not future.done() and not future.cancel():
                self._callers.kill(future)

    def close(self) -> None:
        """Ends the processes."""
        self._workers.shutdown(cancel_futures=True)
        self._callers.shutdown(cancel_futures=True)


def _too_costly(place: str, what: str) -> RefusedError:
    return RefusedError(
        f"{place}: its QPY file claims to hold so much that loading it takes {what}",
        code=NOT_LOADABLE,
        solution=_CURE,
    )


def trial_load(data: bytes, spare_bytes: int) -> str | None:
    """Loads a QPY file and discards its circuits; runs in a separate process.

    Returns:
        The error of the file, or None.

    Raises:
        MemoryError: it takes more than ``spare_bytes``; the process may also end, or crash.
    """
    from qiskit_rest_primitives.local.engine.read.qpy_annotations import load_qpy

    # Silence Rust's panic message: formatting its backtrace can exhaust the memory limit.
    os.environ["RUST_BACKTRACE"] = "0"
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    found: list[str | None] = []

    def load() -> None:
        try:
            with memory_limit(spare_bytes):
                circuits = load_qpy(data)
                found.append(None)
                del circuits
        except BaseException as error:  # a damaged file can end in Rust's PanicException
            found.append(brief_error(error))

    before = threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=load)
    try:
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    return found[0]


def brief_error(error: BaseException) -> str:
    """A loader's message in one short line, without the coloured trace of Qiskit's parser."""
    if isinstance(error, MemoryError):
        return "it claims to hold more than there is memory for"
    # Parts are escaped, because Qiskit's errors show their messages with repr().
    words = re.sub(
        r"(\x1b|\\x1b)\[[0-9;]*m|\\n|[\u2500-\u257f]", " ", str(error).strip("'\"")
    ).split()
    return f"{type(error).__name__}: {' '.join(words)[:200]}".rstrip(": ")


@contextmanager
def memory_limit(spare_bytes: int) -> Generator[None]:
    """Limits the additional memory that this process can reserve, on Linux.

    Allocators reserve in advance, so this stops single large claims only; the parent
    process watches the sum of small ones. On other systems only the time limit applies.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    with open("/proc/self/statm", "rb") as statm:
        used = int(statm.read().split()[5]) * resource.getpagesize()
    limit = used + spare_bytes
    hard = before[1]
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
