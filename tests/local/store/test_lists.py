"""What lists, counts and usage say, compared with all rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from qiskit_rest_primitives.local.store import FINAL, PENDING, Store, lists, members, usage
from qiskit_rest_primitives.local.store.lists import Query
from qiskit_rest_primitives.local.store.rebuild import rebuild
from tests.local.store.jobs import change_at_random

STEPS = 400


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """A store whose jobs have been changed many times."""
    with Store() as store:
        change_at_random(store, 1, STEPS)
        yield store


def numbers(store: Store, query: Query, owner: str = "i") -> list[int]:
    """What a query finds, in order."""
    with store.reading() as database:
        found = lists.find(database, lists.owner_of(database, "u", owner), query)
    return members.numbers_of(found, 0, STEPS, descending=False)


def rows(store: Store, owner: str = "i") -> list[dict[str, Any]]:
    """All jobs of an owner, in order of their numbers."""
    found = store.rows("SELECT * FROM jobs WHERE instance = ? ORDER BY number", (owner,))
    return [dict(row) | {"tags": json.loads(row["tags"])} for row in found]


@pytest.mark.parametrize("owner", ["i", "j"])
@pytest.mark.parametrize(
    ("query", "holds"),
    [
        (Query([["job"]]), lambda job: True),
        (
            Query([["job"], [f"status={status}" for status in PENDING]]),
            lambda job: job["status"] in PENDING,
        ),
        (
            Query([["job"], [f"status={status}" for status in FINAL]]),
            lambda job: job["status"] in FINAL,
        ),
        (
            Query([["job"]], none_of=[f"status={status}" for status in PENDING]),
            lambda job: job["status"] in FINAL,
        ),
        (Query([]), lambda job: False),
        (Query([["program=sampler"]]), lambda job: job["program"] == "sampler"),
        (
            Query([["job"], ["backend=c"], ["tag=red"], ["tag=green"]]),
            lambda job: job["backend"] == "c" and {"red", "green"} <= {*job["tags"]},
        ),
        (Query([["mode=job"]]), lambda job: job["session_id"] is None),
        (Query([["job"]], after=1.4e6), lambda job: job["created"] >= 1.4e6),
        (Query([["job"]], before=1.4e6), lambda job: job["created"] <= 1.4e6),
        (
            Query([["job"]], after=1.3e6, before=1.5e6),
            lambda job: 1.3e6 <= job["created"] <= 1.5e6,
        ),
        (Query([["job"]], after=9e9), lambda job: False),
        (Query([["job"]], text="RE"), lambda job: {"red", "green"} & {*job["tags"]}),
        (Query([["job"]], text="001"), lambda job: job["id"].startswith("001")),
        (Query([["tag=none"]]), lambda job: False),
    ],
    ids=lambda value: str(value) if isinstance(value, Query) else "",
)
def test_filtered_lists_match_the_rows(store: Store, owner: str, query: Query, holds: Any) -> None:
    """Whatever was changed, and though the clock was set back: what holds for the rows."""
    expected = [job["number"] for job in rows(store, owner) if holds(job)]
    assert numbers(store, query, owner) == expected


def test_an_owner_without_jobs_has_empty_lists(store: Store) -> None:
    """An owner without jobs has empty lists and has used nothing."""
    assert numbers(store, Query([["job"]]), "nobody") == []
    assert store.used("nobody", "i", 0.0) == []


def test_tags_of_one_submission_are_found_whole(store: Store) -> None:
    """Others by any part, upper and lower case alike."""
    tags = {tag for job in rows(store) for tag in job["tags"]}
    own = next(tag for tag in tags if tag.startswith("qrp-"))
    with store.reading() as database:
        owner = lists.owner_of(database, "u", "i")
        assert lists.tags_with(database, owner, "RE") == ["green", "red"]
        assert lists.tags_with(database, owner, "qrp-") == []
        assert lists.tags_with(database, owner, own) == [own]


def test_counts_and_bytes(store: Store) -> None:
    """Kept numbers are those of the rows."""
    jobs = rows(store, "i") + rows(store, "j")
    expected = Counter((job["user"], job["backend"], job["status"]) for job in jobs)
    assert {tuple(each)[:3]: each.jobs for each in store.counts()} == expected
    pending = sum(job["status"] in PENDING for job in jobs)
    assert store.pending_of("u") == sum(store.queue_lengths().values()) == pending
    size = sum(job["params_size"] + job["result_size"] for job in jobs)
    assert store.bytes_of("u") == store.bytes_of() == size
    assert store.bytes_of("nobody") == store.pending_of("nobody") == 0


@pytest.mark.parametrize("interval", [(0.0, 9e9), (1.2e6, 1.7e6), (1.2e6, 1.2e6 + 1)])
def test_usage_counts_jobs_of_the_interval(store: Store, interval: tuple[float, float]) -> None:
    """Jobs of an interval; its end is exclusive."""
    start, end = interval
    jobs = [job for job in rows(store) if start <= job["created"] < end]
    for by_day in (False, True):
        found = store.used("u", "i", start, end, by_day=by_day)
        used = [row for row in found if row.kind in usage.JOB_KINDS]
        assert sum(row.entries for row in used) == len(jobs)
        seconds = sum(job["usage_seconds"] for job in jobs)
        assert sum(row.seconds for row in used) == pytest.approx(seconds)
        assert sum(row.waits for row in used) == sum(job["running"] is not None for job in jobs)
        most = max((job["usage_seconds"] for job in jobs), default=0.0)
        assert max((row.most for row in used), default=0.0) == most
        assert ({row.day for row in used} <= {0}) == (not by_day or not jobs)


def test_sessions_know_their_jobs(store: Store) -> None:
    """How many they have, and what those used."""
    for found in store.rows("SELECT * FROM sessions"):
        joined = store.rows("SELECT usage_seconds FROM jobs WHERE session_id = ?", (found["id"],))
        assert found["jobs"] == len(joined)
        assert found["usage_seconds"] == pytest.approx(sum(row[0] for row in joined))


def test_what_is_kept_is_what_would_be_computed_anew(store: Store) -> None:
    """Triggers and `rebuild` agree."""

    def kept() -> dict[str, list[tuple[Any, ...]]]:
        tables = {
            "members": "SELECT * FROM members ORDER BY 1, 2, 3",
            "counts": "SELECT * FROM counts WHERE jobs > 0 ORDER BY 1, 2, 3",
            "tags": "SELECT * FROM tags ORDER BY 1, 2",
            "bytes": "SELECT id, bytes FROM owners ORDER BY 1",
        }
        return {name: [tuple(row) for row in store.rows(sql)] for name, sql in tables.items()}

    before = kept()
    with store.transaction():
        rebuild(store._database)
    assert kept() == before
    assert all(before.values())
