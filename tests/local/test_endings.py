"""Requests that wait for the end of a job."""

from __future__ import annotations

import asyncio
import threading

from qiskit_rest_primitives.local.endings import Endings


def test_the_end_is_told_from_any_thread_and_any_number_of_times() -> None:
    """A cancelled job ends for the store, and then for the engine."""
    endings = Endings()

    async def wait() -> None:
        with endings.expected("one") as ended:
            for _ in range(2):
                threading.Thread(target=endings.ended, args=["one"]).start()
            await asyncio.wait_for(ended, 60)
            await asyncio.sleep(0.01)

    asyncio.run(wait(), debug=True)


def test_only_who_waits_is_told() -> None:
    """Jobs that nobody waits for, or not any more, end unnoticed."""
    endings = Endings()

    async def wait() -> bool:
        with endings.expected("one") as ended:
            endings.ended("two")
            await asyncio.sleep(0.01)
        endings.ended("one")
        return ended.done()

    assert not asyncio.run(wait())


def test_a_service_that_stopped_is_told_nothing() -> None:
    """Its event loop is closed; the engine ends its jobs all the same."""
    endings = Endings()
    loop = asyncio.new_event_loop()

    async def enter() -> object:
        waiting = endings.expected("one")
        waiting.__enter__()
        return waiting

    kept = loop.run_until_complete(enter())
    loop.close()
    endings.ended("one")
    assert kept is not None
