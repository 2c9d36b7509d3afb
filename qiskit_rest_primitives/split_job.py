"""SplitJob: several jobs behind one handle, whose result is that of the whole run."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import Future
from typing import Any

from qiskit.primitives import BasePrimitiveJob, PrimitiveResult

from qiskit_rest_primitives.background import in_thread
from qiskit_rest_primitives.errors import JobTimeoutError
from qiskit_rest_primitives.job import RestJob
from qiskit_rest_primitives.joining import join
from qiskit_rest_primitives.status import (
    CANCELLED,
    DONE,
    ERROR,
    FINAL,
    QUEUED,
    RUNNING,
    HasStatus,
    Status,
)
from qiskit_rest_primitives.user_warnings import OptionsNotice
from qiskit_rest_primitives.waiting import deadline_of, left_until, wait
from qiskit_rest_primitives.work import Piece


class SplitJob(HasStatus, BasePrimitiveJob[PrimitiveResult[Any], Status]):
    """A run that was cut into several jobs because one would have been too large.

    A run without PUBs has no job at all: it is done, and its result is empty.

    Args:
        parts: the jobs, in order; each has its own result, which can be read while others run.
        pieces: what each of them runs.
        shapes: the shape of each PUB of the run.
    """

    def __init__(
        self,
        parts: Sequence[RestJob],
        pieces: Sequence[Sequence[Piece]],
        shapes: Sequence[tuple[int, ...]],
    ):
        super().__init__(",".join(part.job_id() for part in parts))
        self._parts = tuple(parts)
        self._pieces = pieces
        self._shapes = shapes
        notice = OptionsNotice()
        for part in self._parts:
            part.options_notice = notice  # all have the same options

    def __repr__(self) -> str:
        return f"SplitJob({len(self._parts)} parts, {self._job_id!r})"

    @property
    def parts(self) -> tuple[RestJob, ...]:
        """The jobs, in order."""
        return self._parts

    @property
    def pieces(self) -> list[list[Piece]]:
        """For each part, which points (and shots) of which PUB it runs."""
        return [list(pieces) for pieces in self._pieces]

    def job_id(self) -> str:
        """The ids of the parts, with commas between."""
        return self._job_id

    def status(self) -> Status:
        """ERROR or CANCELLED if a part is; DONE if all are; else RUNNING or QUEUED."""
        states = [part.status() for part in self._parts]
        for word in (ERROR, CANCELLED):
            if word in states:
                return word
        if all(state == DONE for state in states):
            return DONE
        return QUEUED if all(state == QUEUED for state in states) else RUNNING

    def in_final_state(self) -> bool:
        """Whether all parts are over."""
        return all(part.status() in FINAL for part in self._parts)

    def cancel(self) -> bool:
        """Asks the service to cancel all parts; True if it took any of the requests."""
        taken = [part.cancel() for part in self._parts]
        return any(taken)

    def wait_for_final_state(self, timeout: float | None = None) -> None:
        """Waits until all parts are over.

        Raises:
            JobTimeoutError: they are not within ``timeout`` seconds.
        """
        _, pending = wait(self._parts, timeout)
        if pending:
            raise JobTimeoutError(
                f"{len(pending)} of {len(self._parts)} parts are not final after {timeout:g} s"
            )

    def result(self, timeout: float | None = None) -> PrimitiveResult[Any]:
        """The result of the whole run, joined exactly. Warns once as `RestJob.result`.

        Args:
            timeout: seconds for everything; None waits on.

        Raises:
            JobTimeoutError, JobFailedError, ProtocolError: as `RestJob.result`, of the first part
                that raises.
        """
        deadline = deadline_of(timeout)
        self.wait_for_final_state(timeout)
        results = [part.result(left_until(deadline)) for part in self._parts]
        return join(self._pieces, results, self._shapes)

    def future(self) -> Future[PrimitiveResult[Any]]:
        """A `concurrent.futures.Future` of the result."""
        return in_thread(self.result, "qiskit-rest-split")

    def __await__(self) -> Generator[Any, None, PrimitiveResult[Any]]:
        import asyncio  # costs as much as all of this package: only for those who await

        return asyncio.wrap_future(self.future()).__await__()
