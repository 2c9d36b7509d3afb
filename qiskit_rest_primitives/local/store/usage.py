"""What an owner's jobs and sessions have used, from sums that are kept a block at a time.

Sums of a block are computed when they are first asked for and dropped when one of its entries
changes. An interval adds up the blocks inside it, and reads the entries of the two at its ends and
of those that still change.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from qiskit_rest_primitives.local.store.members import BLOCK
from qiskit_rest_primitives.local.store.schema import DAY_SECONDS

# A session counts where it was opened, with all that its jobs used.
_ENTRIES = """
SELECT owner, number, created, backend,
    CASE WHEN session_id IS NULL THEN 'alone' ELSE 'joined' END AS kind,
    usage_seconds, running - created AS wait
FROM jobs WHERE {0}
UNION ALL
SELECT owner, number, created, backend, mode, usage_seconds, NULL
FROM sessions WHERE jobs > 0 AND {0}
"""
JOB_KINDS = ("alone", "joined")
"""Kinds of :class:`Used` that are jobs; the others are sessions."""
_DAY = f"CAST(created / {DAY_SECONDS} AS INTEGER)"
_SUMS = (
    f"{_DAY}, backend, kind, COUNT(*), SUM(usage_seconds), MAX(usage_seconds),"
    " COUNT(wait), COALESCE(SUM(wait), 0), COALESCE(MAX(wait), 0)"
)


class Used(NamedTuple):
    """Entries of one day, backend and kind.

    Attributes:
        day: days since the epoch, in UTC, of the submission.
        backend: where they ran.
        kind: ``alone`` or ``joined`` for jobs outside and inside sessions; ``dedicated`` or
            ``batch`` for sessions.
        entries: how many jobs or sessions.
        seconds: that they used in all.
        most: seconds that one of them used.
        waits: how many jobs have begun.
        waited: seconds that those waited in all.
        longest: seconds that one of them waited.
    """

    day: int
    backend: str
    kind: str
    entries: int
    seconds: float
    most: float
    waits: int
    waited: float
    longest: float


def used(database: sqlite3.Connection, owner: int, start: float, end: float) -> list[Used]:
    """What was submitted from ``start`` until before ``end``, in seconds since the epoch.

    Returns:
        One or more rows a day, backend and kind.
    """
    kept = database.execute(
        "SELECT day, backend, kind, SUM(entries), SUM(seconds), MAX(most), SUM(waits), SUM(waited),"
        " MAX(longest) FROM blocks JOIN usage_sums USING (owner, block)"
        " WHERE owner = ? AND summed AND oldest >= ? AND newest < ? GROUP BY day, backend, kind",
        (owner, start, end),
    )
    rows = [Used(*row) for row in kept]
    others = database.execute(
        "SELECT block FROM blocks WHERE owner = ? AND newest >= ? AND oldest < ?"
        " AND NOT (summed AND oldest >= ? AND newest < ?)",
        (owner, start, end, start, end),
    ).fetchall()
    for (block,) in others:
        those = (owner, block * BLOCK, (block + 1) * BLOCK - 1, start, end)
        condition = "owner = ? AND number BETWEEN ? AND ? AND created >= ? AND created < ?"
        found = database.execute(
            f"SELECT {_SUMS} FROM ({_ENTRIES.format(condition)}) GROUP BY {_DAY}, backend, kind",
            those * 2,
        )
        rows += [Used(*row) for row in found]
    return rows


def blocks_to_sum(database: sqlite3.Connection, owner: int) -> list[int]:
    """The blocks without sums that are full, and whose jobs are all final."""
    found = database.execute(
        "SELECT block FROM blocks JOIN owners ON owners.id = blocks.owner"
        f" WHERE owner = ? AND NOT summed AND (block + 1) * {BLOCK} <= entries"
        " AND NOT EXISTS (SELECT 1 FROM members WHERE members.owner = blocks.owner"
        "  AND term IN ('status=Queued', 'status=Running') AND members.block = blocks.block)",
        (owner,),
    )
    return [row[0] for row in found]


def sum_block(database: sqlite3.Connection, owner: int, block: int) -> None:
    """Keeps the sums of a block; call it inside a transaction."""
    database.execute("DELETE FROM usage_sums WHERE owner = ? AND block = ?", (owner, block))
    condition = "owner = ? AND number BETWEEN ? AND ?"
    database.execute(
        f"INSERT INTO usage_sums SELECT owner, {block}, {_SUMS}"
        f" FROM ({_ENTRIES.format(condition)}) GROUP BY {_DAY}, backend, kind",
        (owner, block * BLOCK, (block + 1) * BLOCK - 1) * 2,
    )
    database.execute("UPDATE blocks SET summed = 1 WHERE owner = ? AND block = ?", (owner, block))


def sum_all(database: sqlite3.Connection) -> None:
    """Keeps the sums of every block anew; call it inside a transaction."""
    database.execute("DELETE FROM usage_sums")
    database.execute(
        f"INSERT INTO usage_sums SELECT owner, number / {BLOCK}, {_SUMS}"
        f" FROM ({_ENTRIES.format('1')}) GROUP BY owner, number / {BLOCK}, {_DAY}, backend, kind"
    )
    database.execute("UPDATE blocks SET summed = 1")
