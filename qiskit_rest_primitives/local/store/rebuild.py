"""What is derived from jobs and sessions (see `schema`), computed anew for all of them.

For files of an older schema, whose entries have just got their numbers.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import groupby

from qiskit_rest_primitives.local.store.members import BLOCK, encode
from qiskit_rest_primitives.local.store.schema import (
    OF_ONE_SUBMISSION,
    SESSION_STATUS,
    SIZES,
    terms_of_job,
)
from qiskit_rest_primitives.local.store.usage import sum_all

_BLOCKS = """
INSERT INTO blocks (owner, size, block, oldest, newest)
    SELECT owner, :size, number / :size, MIN(created), MAX(created) FROM (
        SELECT owner, number, created FROM jobs
        UNION ALL SELECT owner, number, created FROM sessions
    ) GROUP BY owner, number / :size"""
_COUNTS = """
INSERT INTO counts SELECT user, backend, status, COUNT(*) FROM jobs
    GROUP BY user, backend, status"""
_TAGS = f"""
INSERT INTO tags SELECT owner, value, COUNT(DISTINCT jobs.id) FROM jobs, json_each(jobs.tags)
    WHERE NOT value {OF_ONE_SUBMISSION} GROUP BY owner, value"""
_OWNERS = """
UPDATE owners SET
    bytes = (SELECT COALESCE(SUM(params_size + result_size), 0) FROM jobs WHERE owner = owners.id),
    entries = 1 + max(
        (SELECT COALESCE(MAX(number), -1) FROM jobs WHERE owner = owners.id),
        (SELECT COALESCE(MAX(number), -1) FROM sessions WHERE owner = owners.id))"""
_SESSIONS = """
SELECT COUNT(*), SUM(usage_seconds), session_id FROM jobs WHERE session_id IS NOT NULL
    GROUP BY session_id"""


def rebuild(database: sqlite3.Connection) -> None:
    """Computes all of it; call it inside a transaction, without triggers."""
    for table in ("members", "blocks", "counts", "tags"):
        database.execute(f"DELETE FROM {table}")
    for size in SIZES:
        database.execute(_BLOCKS, {"size": size})
    for statement in (_COUNTS, _TAGS, _OWNERS):
        database.execute(statement)
    database.executemany(
        "UPDATE sessions SET jobs = ?, usage_seconds = ? WHERE id = ?",
        database.execute(_SESSIONS).fetchall(),
    )
    database.executemany("INSERT INTO members VALUES (?, ?, ?, ?)", _members(_terms(database)))
    sum_all(database)


def _terms(database: sqlite3.Connection) -> Iterator[tuple[int, int, list[str]]]:
    """Owner, number and terms of each job and session, in order of owners and numbers."""
    jobs = database.execute(
        "SELECT owner, number, program, backend, status, session_id, tags FROM jobs"
        " ORDER BY owner, number"
    )
    sessions = database.execute(
        f"SELECT owner, number, backend, mode, {SESSION_STATUS.format('sessions')} FROM sessions"
        " ORDER BY owner, number"
    )
    return merge(
        ((owner, number, terms_of_job(*fields)) for owner, number, *fields in jobs),
        (
            (owner, number, ["workload", f"backend={backend}", f"mode={mode}", f"status={status}"])
            for owner, number, backend, mode, status in sessions
        ),
    )


def _members(
    entries: Iterable[tuple[int, int, list[str]]],
) -> Iterator[tuple[int, str, int, bytes]]:
    """Rows of the table ``members``."""
    for (owner, block), inside in groupby(entries, lambda entry: (entry[0], entry[1] // BLOCK)):
        bits: dict[str, int] = defaultdict(int)
        for _, number, terms in inside:
            bit = 1 << number % BLOCK
            for term in terms:
                bits[term] |= bit
        for term, those in bits.items():
            yield owner, term, block, encode(those)
