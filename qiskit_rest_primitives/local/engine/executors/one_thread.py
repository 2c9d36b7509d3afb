"""Where the tasks of a backend that was handed in run: one after another, in this process."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, wait
from typing import Any

from qiskit_rest_primitives.local.engine.base.tasks import ResultT, Work, run_task
from qiskit_rest_primitives.local.engine.read.qpy_sandbox import Sandbox
from qiskit_rest_primitives.local.threads import DaemonThreads

_GRACE_SECONDS = 0.3


class OneThread:
    """Runs tasks one after another, as most vendors' code expects, beside everybody else's.

    Args:
        name: of the backend.
        sandbox: loads QPY files before this process does.

    Attributes:
        width: tasks that it runs at the same time.
        small_apart: whether small tasks have workers of their own.
        lost_seconds: for which it was away.
    """

    width = 1
    small_apart = False
    lost_seconds = 0.0

    def __init__(self, name: str, sandbox: Sandbox):
        self.sandbox = sandbox
        self._thread = DaemonThreads(1, f"tasks-{name}")

    def submit(self, task: Work[ResultT], *, small: bool = False) -> Future[ResultT]:
        """Queues one task."""
        return self._thread.submit(run_task, task)

    submit_again = submit

    def abandon(self, futures: Iterable[Future[Any]]) -> None:
        """Ends tasks whose stop flags are set: the one that runs looks at its flag while it waits.

        It does not when the backend keeps Python's lock; then it ends with the backend's call.
        """
        wait([future for future in futures if not future.cancel()], _GRACE_SECONDS)

    def close(self) -> None:
        """Ends the thread when its task has ended."""
        self._thread.shutdown(wait=False, cancel_futures=True)
