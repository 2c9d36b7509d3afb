"""One use of somebody's backend, in a thread of its own that can be left behind when it hangs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any, TypeVar

from qiskit.providers import BackendV2, Options

from qiskit_rest_primitives.local.outcome import RefusedError, StoppedError
from qiskit_rest_primitives.local.simulators.foreign.result import checked_result
from qiskit_rest_primitives.local.threads import DaemonThreads

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from qiskit.result import Result
    from qiskit.transpiler import Target

    from qiskit_rest_primitives.local.simulators.foreign.backend import ForeignBackend

logger = logging.getLogger(__name__)
T = TypeVar("T")

_POLL_SECONDS = 0.05


def run_watched(
    watched: WatchedBackend, use: Callable[[WatchedBackend], T], check: Callable[[], None]
) -> T:
    """Calls ``use(watched)`` in a daemon thread and waits for it.

    A call that can't be broken off in Python goes on in its thread, and nobody waits for it: not
    this function, and not the interpreter's exit.

    Args:
        watched: the backend.
        use: runs circuits on it.
        check: called now and then; what it raises ends the wait, and the backend's jobs are
            cancelled.

    Returns:
        What ``use`` returned; what it raised is raised here.
    """
    check()
    thread = DaemonThreads(1, f"backend-{watched.name}")
    try:
        future = thread.submit(use, watched)
        while not future.done():
            wait([future], _POLL_SECONDS)
            check()
        return future.result()
    except BaseException:
        watched.abandon()
        raise
    finally:
        thread.shutdown(wait=False)


class WatchedBackend(BackendV2):
    """A backend whose results are checked, and whose jobs can be cancelled from another thread.

    Args:
        source: the backend.
        more_options: for each of its runs.
    """

    def __init__(self, source: ForeignBackend, more_options: Mapping[str, Any]):
        super().__init__(name=source.name)
        self._source = source
        self._more_options = more_options
        self._lock = threading.Lock()
        self._jobs: list[Any] = []
        self._abandoned = False

    @classmethod
    def _default_options(cls) -> Options:  # pyright: ignore[reportIncompatibleMethodOverride] - inferred as None in the base
        return Options()

    @property
    def target(self) -> Target:  # pyright: ignore[reportIncompatibleMethodOverride] - inferred as None in the base
        """As the backend says."""
        return self._source.target

    @property
    def max_circuits(self) -> int | None:  # pyright: ignore[reportIncompatibleMethodOverride] - inferred as None in the base
        """As the backend says."""
        return self._source.backend.max_circuits

    def run(  # pyright: ignore[reportIncompatibleMethodOverride] - inferred as None in the base
        self, run_input: list[QuantumCircuit], *, shots: int, **options: Any
    ) -> _CheckedJob:
        """Runs circuits on the backend, without a seed where it takes none."""
        if options.get("seed_simulator") is None or not self._source.takes_seed:
            options.pop("seed_simulator", None)
        with self._lock:
            if self._abandoned:
                raise StoppedError
        options |= self._more_options
        job: Any = self._source.backend.run(run_input, shots=shots, **options)
        with self._lock:
            self._jobs.append(job)
            abandoned = self._abandoned
        if abandoned:
            _cancel(job)
            raise StoppedError
        return _CheckedJob(job, run_input, shots, self._source.name)

    def abandon(self) -> None:
        """Cancels the backend's jobs as far as it lets us; returns at once."""
        with self._lock:
            self._abandoned = True
            jobs = list(self._jobs)
        for job in jobs:
            threading.Thread(target=_cancel, args=[job], daemon=True).start()


class _CheckedJob:
    def __init__(self, job: Any, circuits: list[QuantumCircuit], shots: int, name: str):
        self._job = job
        self._circuits = circuits
        self._shots = shots
        self._name = name

    def result(self) -> Result:
        if not callable(getattr(self._job, "result", None)):
            raise RefusedError(
                f"The backend's run() is not right: {self._name}: it gave an object of type "
                f"{type(self._job).__name__}, which is not a job: it has no result().",
                code=None,
                solution="Tell whoever provides the backend.",
            )
        return checked_result(self._job.result(), self._circuits, self._shots, self._name)


def _cancel(job: Any) -> None:
    try:
        job.cancel()
    except Exception as error:  # not every job has a cancel(), and a vendor's may raise anything
        logger.debug("a job was left behind and could not be cancelled: %s", error)
