"""Which of an owner's entries a list shows. In: terms and times. Out: sets of numbers.

The terms are those of `schema`: ``job``, ``workload`` (a session, or a job outside sessions), and
``program=``, ``backend=``, ``status=``, ``mode=``, ``session=`` and ``tag=`` with a value.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qiskit_rest_primitives.local.store.members import BLOCK, Blocks, both, decode, either, without
from qiskit_rest_primitives.local.store.schema import CHILDREN, OF_ONE_SUBMISSION, PART

_ENTRIES = " UNION ALL ".join(
    f"SELECT number, created FROM {table} WHERE owner = :owner AND number BETWEEN :first AND :last"
    for table in ("jobs", "sessions")
)
_ALL_BLOCKS = (0, 1 << 60)
# Ids are random hexadecimal digits: a shorter beginning is one of thousands of jobs.
LEAST_OF_AN_ID = 3


@dataclass
class Query:
    """The filters of a list, all of which must hold.

    Attributes:
        any_of: groups of terms; of each group an entry has at least one.
        none_of: terms of which an entry has none; of few entries, as all terms are read.
        after: earliest creation, in seconds since the epoch; None for any.
        before: latest creation, likewise; both are inclusive.
        text: what a tag contains or an id begins with, upper and lower case alike; None for any.
    """

    any_of: list[Sequence[str]]
    none_of: Sequence[str] = ()
    after: float | None = None
    before: float | None = None
    text: str | None = None


def owner_of(database: sqlite3.Connection, user: str, instance: str) -> int:
    """The number of an owner; 0, which nobody has, if they have no entries yet."""
    found = database.execute(
        "SELECT id FROM owners WHERE user = ? AND instance = ?", (user, instance)
    ).fetchone()
    return 0 if found is None else found[0]


def find(database: sqlite3.Connection, owner: int, query: Query) -> Blocks:
    """The entries that a query finds; without groups of terms, none."""
    least = float("-inf") if query.after is None else query.after
    most = float("inf") if query.before is None else query.before
    timed = query.after is not None or query.before is not None
    span = _span(database, owner, least, most) if timed else _ALL_BLOCKS
    found: Blocks = {}
    for place, terms in enumerate(query.any_of):
        group = _with_any(database, owner, terms, span)
        found = both(found, group) if place else group
        if not found:
            return found
    if query.none_of:
        found = without(found, _with_any(database, owner, query.none_of, span))
    if timed:
        found = _created_between(database, owner, found, span, (least, most))
    if query.text is not None:
        found = both(found, _with_text(database, owner, query.text))
    return found


def _with_any(
    database: sqlite3.Connection,
    owner: int,
    terms: Sequence[str],
    span: tuple[int, int] = _ALL_BLOCKS,
) -> Blocks:
    return either([_members(database, owner, term, span) for term in terms])


def _members(database: sqlite3.Connection, owner: int, term: str, span: tuple[int, int]) -> Blocks:
    """The entries with a term in a span of blocks, from first to last."""
    cursor = database.cursor()
    cursor.row_factory = None  # tuples, which are read faster
    cursor.execute(
        "SELECT block, bits FROM members WHERE owner = ? AND term = ? AND block BETWEEN ? AND ?",
        (owner, term, *span),
    )
    return {block: decode(stored) for block, stored in cursor}


def _span(database: sqlite3.Connection, owner: int, least: float, most: float) -> tuple[int, int]:
    """The first and the last block with entries that may have been created in an interval."""
    first, last = database.execute(
        "SELECT MIN(block), MAX(block) FROM blocks"
        " WHERE owner = ? AND size = ? AND newest >= ? AND oldest <= ?",
        (owner, BLOCK, least, most),
    ).fetchone()
    return (0, -1) if first is None else (first, last)


def _created_between(
    database: sqlite3.Connection,
    owner: int,
    entries: Blocks,
    span: tuple[int, int],
    interval: tuple[float, float],
) -> Blocks:
    """Those entries of a span of blocks that were created in an interval.

    Numbers follow the order of submission, so nearly every block lies inside as a whole. The others
    are read, because clocks can be set back.
    """
    others = database.execute(
        "SELECT block, newest >= ? AND oldest <= ? FROM blocks WHERE owner = ? AND size = ?"
        " AND block BETWEEN ? AND ? AND NOT (oldest >= ? AND newest <= ?)",
        (*interval, owner, BLOCK, *span, *interval),
    ).fetchall()
    found = dict(entries)
    for block, in_part in others:
        if block in found:
            found[block] &= _part_of_block(database, owner, block, interval) if in_part else 0
    return {block: bits for block, bits in found.items() if bits}


def _part_of_block(
    database: sqlite3.Connection, owner: int, block: int, interval: tuple[float, float]
) -> int:
    """The entries of a block that were created in an interval, and numbers that nothing has."""
    bits = 0
    parts = database.execute(
        "SELECT block, oldest >= ? AND newest <= ? FROM blocks WHERE owner = ? AND size = ?"
        " AND block BETWEEN ? AND ? AND newest >= ? AND oldest <= ?",
        (*interval, owner, PART, block * CHILDREN, (block + 1) * CHILDREN - 1, *interval),
    ).fetchall()
    for part, is_inside in parts:
        inside = (1 << PART) - 1 if is_inside else _read_part(database, owner, part, interval)
        bits |= inside << part % CHILDREN * PART
    return bits


def _read_part(
    database: sqlite3.Connection, owner: int, part: int, interval: tuple[float, float]
) -> int:
    found = database.execute(
        f"SELECT number FROM ({_ENTRIES}) WHERE created BETWEEN :least AND :most",
        {
            "owner": owner,
            "first": part * PART,
            "last": (part + 1) * PART - 1,
            "least": interval[0],
            "most": interval[1],
        },
    )
    bits = 0
    for (number,) in found:
        bits |= 1 << number % PART
    return bits


def _with_text(database: sqlite3.Connection, owner: int, text: str) -> Blocks:
    """The entries with a tag that contains a text, or with an id that begins with it."""
    tags = tags_with(database, owner, text)
    sets = [_with_any(database, owner, [f"tag={tag}" for tag in tags])]
    start = text.lower()
    if len(start) >= LEAST_OF_AN_ID:
        for table in ("jobs", "sessions"):
            found = database.execute(
                f"SELECT number FROM {table} WHERE id >= ? AND id < ? AND +owner = ?",
                (start, start + "\U0010ffff", owner),
            ).fetchall()
            by_block: dict[int, list[tuple[int]]] = {}
            for row in found:
                by_block.setdefault(row[0] // BLOCK, []).append(row)
            sets.append({block: _bits(rows) for block, rows in by_block.items()})
    return either(sets)


def tags_with(database: sqlite3.Connection, owner: int, text: str) -> list[str]:
    """An owner's tags that contain a text, upper and lower case alike, in order.

    A tag that ends in 32 hexadecimal digits, as clients give to each submission, is found by the
    whole of it alone.
    """
    found = database.execute(
        "SELECT tag FROM tags WHERE owner = ? AND instr(lower(tag), lower(?)) ORDER BY tag",
        (owner, text),
    )
    tags = [row[0] for row in found]
    (of_one_submission,) = database.execute(f"SELECT ? {OF_ONE_SUBMISSION}", (text,)).fetchone()
    if of_one_submission and _with_any(database, owner, [f"tag={text}"]):
        tags = sorted([*tags, text])
    return tags


def _bits(numbers: Iterable[Sequence[int]]) -> int:
    """Rows with a number of one block each, as bits."""
    bits = 0
    for row in numbers:
        bits |= 1 << row[0] % BLOCK
    return bits


def rows_of(
    database: sqlite3.Connection, select: str, owner: int, numbers: Sequence[int]
) -> dict[int, sqlite3.Row]:
    """Number -> row, of those entries that the table of ``select`` has.

    Args:
        database: of the store.
        select: ``SELECT ... FROM ...``, with the column ``number``.
        owner: of the entries.
        numbers: a page of them.
    """
    marks = ", ".join("?" * len(numbers))
    found = database.execute(f"{select} WHERE owner = ? AND number IN ({marks})", (owner, *numbers))
    return {row["number"]: row for row in found}
