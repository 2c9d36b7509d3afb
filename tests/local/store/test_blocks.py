"""Lists and usage of more jobs than a block has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qiskit_rest_primitives.local.store import Store, lists, members
from qiskit_rest_primitives.local.store.lists import Query
from qiskit_rest_primitives.local.store.members import BLOCK
from qiskit_rest_primitives.local.store.schema import SIZES
from tests.local.store.jobs import job

JOBS = BLOCK + 700
STEP_SECONDS = 100.0
END = JOBS * STEP_SECONDS


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """A store with finished jobs that used a second each; one in three has a tag."""
    with Store() as store:
        with store.transaction():
            for number in range(JOBS):
                store.insert(
                    "jobs",
                    job(
                        f"{number:05x}",
                        status="Completed",
                        created=number * STEP_SECONDS,
                        finished=number * STEP_SECONDS,
                        usage_seconds=1.0,
                        tags='["third"]' if number % 3 == 0 else "[]",
                    ),
                )
        yield store


def seconds(store: Store, start: float, end: float) -> float:
    """What jobs of an interval used."""
    return sum(row.seconds for row in store.used("u", "i", start, end))


@pytest.mark.parametrize("descending", [False, True])
def test_pages_cross_blocks(store: Store, descending: bool) -> None:
    """A page may begin in one block and end in the next."""
    with store.reading() as database:
        found = lists.find(database, lists.owner_of(database, "u", "i"), Query([["tag=third"]]))
    expected = sorted(range(0, JOBS, 3), reverse=descending)
    assert members.count(found) == len(expected)
    for skip in (0, 230, BLOCK // 3 - 5, len(expected) - 3, len(expected)):
        page = members.numbers_of(found, skip, 20, descending=descending)
        assert page == expected[skip : skip + 20]


@pytest.mark.parametrize("first", [0, 1, SIZES[0], BLOCK - 1, BLOCK, JOBS - 1])
@pytest.mark.parametrize("last", [0, 5, SIZES[0], BLOCK, JOBS])
def test_lists_and_usage_of_any_interval(store: Store, first: int, last: int) -> None:
    """Lists and usage of an interval that begins and ends anywhere."""
    start, end = first * STEP_SECONDS, last * STEP_SECONDS
    assert seconds(store, start, end) == max(0, last - first)
    query = Query([["job"]], after=start, before=end)
    with store.reading() as database:
        found = lists.find(database, lists.owner_of(database, "u", "i"), query)
    assert members.count(found) == max(0, min(last, JOBS - 1) - first + 1)


def test_a_tag_of_another_block(store: Store) -> None:
    """An interval within the second block has none of the first block's jobs."""
    store.set_tags("00001", ["only"])
    query = Query([["tag=only"]], after=(BLOCK - 5) * STEP_SECONDS)
    with store.reading() as database:
        owner = lists.owner_of(database, "u", "i")
        assert lists.find(database, owner, query) == {}
        query.after, query.before = 0.0, (BLOCK + 5) * STEP_SECONDS
        assert members.count(lists.find(database, owner, query)) == 1
    store.set_tags("00001", [])


def test_sums_are_kept_for_full_blocks(store: Store) -> None:
    """Once they were asked for; the last block of each size is not full."""
    seconds(store, 0.0, END)
    summed = store.rows("SELECT size, COUNT(*) FROM blocks WHERE summed GROUP BY size")
    assert [tuple(row) for row in summed] == [(SIZES[0], JOBS // SIZES[0]), (BLOCK, 1)]


def test_a_change_in_a_full_block_counts(store: Store) -> None:
    """Its sums are computed again, and so are those of the larger block around it."""
    assert seconds(store, 0.0, END) == JOBS
    store.update("jobs", "00007", {"usage_seconds": 3.0})
    assert seconds(store, 0.0, END) == JOBS + 2
    store.update("jobs", "00007", {"usage_seconds": 1.0, "status": "Running"})
    assert seconds(store, 0.0, END) == JOBS
    assert not store.row("SELECT summed FROM blocks WHERE size = ? AND block = 0", (BLOCK,))[0]
    store.update("jobs", "00007", {"status": "Completed"})
    assert seconds(store, 0.0, END) == JOBS
    assert store.row("SELECT summed FROM blocks WHERE size = ? AND block = 0", (BLOCK,))[0]


def test_queries_use_indexes(store: Store) -> None:
    """None reads all jobs: a list of pending ones, those of a session, the blocks to sum."""
    pending = "status IN ('Queued', 'Running')"
    for statement in (
        f"SELECT id FROM jobs WHERE {pending} ORDER BY seq",
        f"UPDATE jobs SET running = NULL WHERE status = 'Running' AND {pending}",
        f"SELECT id FROM jobs WHERE session_id = 'x' AND {pending}",
        "SELECT id FROM jobs WHERE finished IS NOT NULL AND finished < 5 ORDER BY finished",
        "SELECT number FROM jobs WHERE owner = 1 AND number IN (1, 2)",
        "SELECT * FROM sessions WHERE state != 'closed'",
    ):
        plan = [row["detail"] for row in store.rows(f"EXPLAIN QUERY PLAN {statement}")]
        assert all("USING" in step for step in plan), (statement, plan)
