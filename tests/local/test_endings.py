"""Requests that wait for the end of a job."""

from __future__ import annotations

import asyncio
import sqlite3
import threading

import pytest

from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.endings import Ending, Endings
from qiskit_rest_primitives.local.outcome import Outcome


@pytest.fixture
def ending() -> Ending:
    """How some job ended."""
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    row = database.execute("SELECT 'Completed' AS status").fetchone()
    database.close()
    return Ending(row, b"{}")


def test_any_thread_may_report_an_ending_repeatedly(ending: Ending) -> None:
    """A cancelled job ends for the store, and then for the engine."""
    endings = Endings()

    async def wait() -> None:
        with endings.expected("one") as ended:
            for _ in range(2):
                threading.Thread(target=endings.ended, args=["one", ending]).start()
            assert await asyncio.wait_for(ended, 60) is ending
            await asyncio.sleep(0.01)

    asyncio.run(wait(), debug=True)


def test_endings_without_a_waiting_caller_are_ignored(ending: Ending) -> None:
    """Jobs that nobody waits for, or not any more, end unnoticed."""
    endings = Endings()

    async def wait() -> bool:
        with endings.expected("one") as ended:
            endings.ended("two", ending)
            await asyncio.sleep(0.01)
        endings.ended("one", ending)
        return ended.done()

    assert not asyncio.run(wait())


def test_endings_after_a_service_stopped_are_ignored(ending: Ending) -> None:
    """Its event loop is closed; the engine ends its jobs all the same."""
    endings = Endings()
    loop = asyncio.new_event_loop()

    async def enter() -> object:
        waiting = endings.expected("one")
        waiting.__enter__()
        return waiting

    kept = loop.run_until_complete(enter())
    loop.close()
    endings.ended("one", ending)
    assert kept is not None


def test_a_job_that_was_deleted_ends_unnoticed(local: LocalService) -> None:
    """It was cancelled in the queue, and deleted before the engine knew."""
    core = local._core
    assert core is not None
    core._end("gone", 0.0, Outcome("Cancelled"))
    assert core.store.job("gone") is None
