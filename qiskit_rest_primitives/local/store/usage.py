"""What an owner's jobs and sessions have used, from sums that are kept a block at a time.

Sums of a block are computed when they are first asked for, and no longer used when one of its
entries changes. An interval adds up the blocks inside it, large ones where it can, and reads the
entries of the two small ones at its ends and of those that still change.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from qiskit_rest_primitives.local.store.members import BLOCK
from qiskit_rest_primitives.local.store.schema import CHILDREN, SIZES
from qiskit_rest_primitives.local.times import DAY_SECONDS

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
_ANY_NUMBER = 1 << 60
_ADDED = "SUM(entries), SUM(seconds), MAX(most), SUM(waits), SUM(waited), MAX(longest)"
_SUMS = (
    "backend, kind, COUNT(*), SUM(usage_seconds), MAX(usage_seconds),"
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


def used(
    database: sqlite3.Connection, owner: int, start: float, end: float, *, by_day: bool = False
) -> list[Used]:
    """What was submitted from ``start`` until before ``end``, in seconds since the epoch.

    Returns:
        One or more rows a backend and kind, and a day if asked for; else ``day`` is 0.
    """
    day = "day" if by_day else "0"
    rows: list[Used] = []
    # From large blocks to small ones: those that are not wholly inside are looked into.
    numbers = [(0, _ANY_NUMBER)]
    for size in reversed(SIZES):
        whole, parts = _split(database, owner, size, numbers, (start, end))
        rows += _kept(database, owner, size, whole, day)
        numbers = [(part * size, (part + 1) * size - 1) for part in parts]
    day = _DAY if by_day else "0"
    condition = "owner = ? AND number BETWEEN ? AND ? AND created >= ? AND created < ?"
    for first, last in numbers:
        found = database.execute(
            f"SELECT {day}, {_SUMS} FROM ({_ENTRIES.format(condition)}) GROUP BY 1, backend, kind",
            (owner, first, last, start, end) * 2,
        )
        rows += [Used(*row) for row in found]
    return rows


def _split(
    database: sqlite3.Connection,
    owner: int,
    size: int,
    numbers: Sequence[tuple[int, int]],
    interval: tuple[float, float],
) -> tuple[list[int], list[int]]:
    """Those blocks whose kept sums count as a whole, and those that must be looked into.

    Args:
        database: of the store.
        owner: of the entries.
        size: of the blocks.
        numbers: first and last of the entries to consider.
        interval: start, and end exclusively.
    """
    whole: list[int] = []
    parts: list[int] = []
    start, end = interval
    for first, last in numbers:
        found = database.execute(
            "SELECT block, summed AND oldest >= ? AND newest < ? FROM blocks WHERE owner = ?"
            " AND size = ? AND block BETWEEN ? AND ? AND newest >= ? AND oldest < ?",
            (start, end, owner, size, first // size, last // size, start, end),
        )
        for block, counts in found:
            (whole if counts else parts).append(block)
    return whole, parts


def _kept(
    database: sqlite3.Connection, owner: int, size: int, blocks: Sequence[int], day: str
) -> list[Used]:
    """The sums of some blocks together."""
    found = database.execute(
        f"SELECT {day}, backend, kind, {_ADDED} FROM usage_sums"
        f" WHERE owner = ? AND size = ? AND block IN ({', '.join(map(str, blocks))})"
        " GROUP BY 1, backend, kind",
        (owner, size),
    )
    return [Used(*row) for row in found]


def blocks_to_sum(database: sqlite3.Connection, owner: int) -> list[tuple[int, int]]:
    """The blocks (size and number) without sums that are full, and whose jobs are all final.

    Smaller ones come first.
    """
    found = database.execute(
        "SELECT size, block FROM blocks INDEXED BY blocks_to_sum"
        " JOIN owners ON owners.id = blocks.owner"
        " WHERE owner = ? AND NOT summed AND (block + 1) * size <= entries"
        " AND NOT EXISTS (SELECT 1 FROM members WHERE members.owner = blocks.owner"
        "  AND term IN ('status=Queued', 'status=Running') AND members.block"
        f"  BETWEEN blocks.block * size / {BLOCK} AND ((blocks.block + 1) * size - 1) / {BLOCK})"
        " ORDER BY size",
        (owner,),
    )
    return [(row[0], row[1]) for row in found]


def sum_block(database: sqlite3.Connection, owner: int, size: int, block: int) -> None:
    """Keeps the sums of a block, whose smaller blocks have theirs; inside a transaction."""
    those = (owner, size, block)
    one = "owner = ? AND size = ? AND block = ?"
    database.execute(f"DELETE FROM usage_sums WHERE {one}", those)
    if size == SIZES[0]:
        condition = "owner = ? AND number BETWEEN ? AND ?"
        database.execute(
            f"INSERT INTO usage_sums SELECT owner, {size}, {block}, {_DAY} AS day, {_SUMS}"
            f" FROM ({_ENTRIES.format(condition)}) GROUP BY day, backend, kind",
            (owner, block * size, (block + 1) * size - 1) * 2,
        )
    else:
        database.execute(
            f"INSERT INTO usage_sums SELECT owner, {size}, {block}, day, backend, kind, {_ADDED}"
            " FROM usage_sums WHERE owner = ? AND size = ? AND block BETWEEN ? AND ?"
            " GROUP BY day, backend, kind",
            (owner, size // CHILDREN, block * CHILDREN, (block + 1) * CHILDREN - 1),
        )
    database.execute(f"UPDATE blocks SET summed = 1 WHERE {one}", those)


def sum_all(database: sqlite3.Connection) -> None:
    """Keeps the sums of every block anew; call it inside a transaction."""
    database.execute("DELETE FROM usage_sums")
    smallest = SIZES[0]
    database.execute(
        f"INSERT INTO usage_sums SELECT owner, {smallest}, number / {smallest} AS place,"
        f" {_DAY} AS day, {_SUMS} FROM ({_ENTRIES.format('1')})"
        " GROUP BY owner, place, day, backend, kind"
    )
    for size in SIZES[1:]:
        database.execute(
            f"INSERT INTO usage_sums SELECT owner, {size}, block / {CHILDREN} AS place, day,"
            f" backend, kind, {_ADDED} FROM usage_sums WHERE size = {size // CHILDREN}"
            " GROUP BY owner, place, day, backend, kind"
        )
    database.execute("UPDATE blocks SET summed = 1")
