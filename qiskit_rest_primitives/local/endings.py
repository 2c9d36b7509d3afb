"""Wakes whoever waits on the event loop for the end of a job."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True)
class Ending:
    """How a job ended.

    Attributes:
        job: its row in the store.
        result: its bytes, if it has a result.
    """

    job: sqlite3.Row
    result: bytes | None = field(default=None, repr=False)


class Endings:
    """The requests that wait for the end of a job that they submit."""

    def __init__(self) -> None:
        self._expected: dict[str, asyncio.Future[Ending]] = {}

    @contextlib.contextmanager
    def expected(self, job_id: str) -> Generator[asyncio.Future[Ending]]:
        """A future, in the running event loop, that is done when the job has ended.

        A job that ended before is not noticed: submit it within the block.
        """
        future = self._expected[job_id] = asyncio.get_running_loop().create_future()
        try:
            yield future
        finally:
            del self._expected[job_id]

    def ended(self, job_id: str, ending: Ending) -> None:
        """Wakes the request that waits for a job, from any thread, once the store has its end."""
        future = self._expected.get(job_id)
        if future is not None:
            with contextlib.suppress(RuntimeError):  # the loop was closed: the service stops
                future.get_loop().call_soon_threadsafe(_resolve, future, ending)


def _resolve(future: asyncio.Future[Ending], ending: Ending) -> None:
    if not future.done():
        future.set_result(ending)
