"""The tables of the store, and the triggers that keep its counts, sums and lists up to date.

An owner is a user with an instance. Jobs and sessions are an owner's entries, numbered from 0 in
the order of their submission; successive numbers are a block. What lists are filtered by is kept as
sets of numbers (``members``), so a count or any page takes a few reads, however many jobs there
are. Triggers keep all of it, in the transaction that changes a job.
"""

from __future__ import annotations

import sqlite3

import msgspec

from qiskit_rest_primitives.local.store.members import BLOCK, with_number, without_number

SCHEMA_VERSION = 3

PENDING = ("Queued", "Running")
IS_PENDING = f"status IN {PENDING}"  # in SQL, whose lists look like Python's
FINAL = ("Completed", "Failed", "Cancelled")
STATUSES = (*PENDING, *FINAL)

CHILDREN = 8
PART = BLOCK // CHILDREN
SIZES = (PART, BLOCK, BLOCK * CHILDREN)
"""Entries in the blocks of which times and usage are kept; small ones make up the larger ones."""

TABLES = f"""
CREATE TABLE IF NOT EXISTS owners (
    id INTEGER PRIMARY KEY, user TEXT NOT NULL, instance TEXT NOT NULL,
    entries INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
    UNIQUE (user, instance)
);
CREATE TABLE IF NOT EXISTS jobs (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    owner INTEGER NOT NULL, number INTEGER NOT NULL, user TEXT NOT NULL, instance TEXT NOT NULL,
    program TEXT NOT NULL, backend TEXT NOT NULL, session_id TEXT,
    status TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', reason_code INTEGER,
    reason_solution TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL, running REAL, finished REAL, usage_seconds REAL NOT NULL DEFAULT 0,
    tags TEXT NOT NULL DEFAULT '[]', private INTEGER NOT NULL DEFAULT 0, cost INTEGER NOT NULL,
    log_level TEXT, calibration_id TEXT, runtime TEXT,
    params_size INTEGER NOT NULL DEFAULT 0, result_size INTEGER NOT NULL DEFAULT 0,
    estimated_seconds REAL
);
CREATE INDEX IF NOT EXISTS jobs_by_number ON jobs (owner, number, created);
CREATE INDEX IF NOT EXISTS jobs_by_end ON jobs (finished) WHERE finished IS NOT NULL;
CREATE INDEX IF NOT EXISTS jobs_pending ON jobs (seq) WHERE {IS_PENDING};
CREATE INDEX IF NOT EXISTS jobs_pending_of_session ON jobs (session_id) WHERE {IS_PENDING};
CREATE TABLE IF NOT EXISTS bodies (
    job_id TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (job_id, kind)
);
CREATE TABLE IF NOT EXISTS instances (crn TEXT PRIMARY KEY, seconds INTEGER);
CREATE TABLE IF NOT EXISTS sessions (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    owner INTEGER NOT NULL, number INTEGER NOT NULL, user TEXT NOT NULL, instance TEXT NOT NULL,
    backend TEXT NOT NULL, mode TEXT NOT NULL,
    state TEXT NOT NULL, state_reason TEXT NOT NULL, accepting_jobs INTEGER NOT NULL DEFAULT 1,
    max_ttl INTEGER NOT NULL, interactive_ttl INTEGER NOT NULL,
    created REAL NOT NULL, activated REAL, closed REAL, last_started REAL, last_completed REAL,
    timestamps TEXT NOT NULL DEFAULT '[]',
    jobs INTEGER NOT NULL DEFAULT 0, usage_seconds REAL NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS sessions_by_number ON sessions (owner, number, created);
CREATE INDEX IF NOT EXISTS sessions_open ON sessions (seq) WHERE state != 'closed';
CREATE TABLE IF NOT EXISTS members (
    owner INTEGER NOT NULL, term TEXT NOT NULL, block INTEGER NOT NULL, bits BLOB NOT NULL,
    PRIMARY KEY (owner, term, block)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks (
    owner INTEGER NOT NULL, size INTEGER NOT NULL, block INTEGER NOT NULL,
    oldest REAL NOT NULL, newest REAL NOT NULL, summed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (owner, size, block)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blocks_to_sum ON blocks (owner, size, block) WHERE NOT summed;
CREATE TABLE IF NOT EXISTS usage_sums (
    owner INTEGER NOT NULL, size INTEGER NOT NULL, block INTEGER NOT NULL,
    day INTEGER NOT NULL, backend TEXT NOT NULL, kind TEXT NOT NULL,
    entries INTEGER NOT NULL, seconds REAL NOT NULL, most REAL NOT NULL,
    waits INTEGER NOT NULL, waited REAL NOT NULL, longest REAL NOT NULL,
    PRIMARY KEY (owner, size, block, day, backend, kind)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tags (
    owner INTEGER NOT NULL, tag TEXT NOT NULL, jobs INTEGER NOT NULL, PRIMARY KEY (owner, tag)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (
    user TEXT NOT NULL, backend TEXT NOT NULL, status TEXT NOT NULL, jobs INTEGER NOT NULL,
    PRIMARY KEY (user, backend, status)
) WITHOUT ROWID;
"""

# Clients give a submission a tag of its own, to find its job again. Such tags are as many as jobs,
# so they are found only whole, and are not in the table of tags that is searched.
OF_ONE_SUBMISSION = f"GLOB '*{'[0-9a-f]' * 32}'"

SESSION_STATUS = (
    "CASE {0}.state WHEN 'open' THEN 'Queued' WHEN 'closed' THEN 'Completed' ELSE 'Running' END"
)
"""A session is pending until its first job runs, and completed when it is closed."""


def _add_terms(row: str, terms: str) -> str:
    return f"""
    INSERT INTO members (owner, term, block, bits)
        SELECT {row}.owner, value, {row}.number / {BLOCK}, with_number(NULL, {row}.number)
        FROM json_each({terms}) WHERE true
        ON CONFLICT (owner, term, block) DO UPDATE SET bits = with_number(bits, {row}.number);"""


def _remove_terms(row: str, terms: str) -> str:
    those = (
        f"WHERE owner = {row}.owner AND block = {row}.number / {BLOCK}"
        f" AND term IN (SELECT value FROM json_each({terms}))"
    )
    return f"""
    UPDATE members SET bits = without_number(bits, {row}.number) {those};
    DELETE FROM members {those} AND length(bits) = 0;"""


def _add_tags(row: str) -> str:
    return f"""
    INSERT INTO tags (owner, tag, jobs)
        SELECT DISTINCT {row}.owner, value, 1
        FROM json_each({row}.tags) WHERE NOT value {OF_ONE_SUBMISSION}
        ON CONFLICT (owner, tag) DO UPDATE SET jobs = jobs + 1;"""


def _remove_tags(row: str) -> str:
    those = f"WHERE owner = {row}.owner AND tag IN (SELECT value FROM json_each({row}.tags))"
    return f"""
    UPDATE tags SET jobs = jobs - 1 {those};
    DELETE FROM tags {those} AND jobs <= 0;"""


def _count(row: str, change: int) -> str:
    return f"""
    INSERT INTO counts VALUES ({row}.user, {row}.backend, {row}.status, {change})
        ON CONFLICT (user, backend, status) DO UPDATE SET jobs = jobs + {change};"""


def _stretch_blocks(row: str) -> str:
    values = ", ".join(
        f"({row}.owner, {size}, {row}.number / {size}, {row}.created, {row}.created)"
        for size in SIZES
    )
    return f"""
    INSERT INTO blocks (owner, size, block, oldest, newest) VALUES {values}
        ON CONFLICT (owner, size, block) DO UPDATE SET oldest = min(oldest, excluded.oldest),
            newest = max(newest, excluded.newest), summed = 0;"""


def _forget_sums(row: str) -> str:
    return "".join(
        f"""
    UPDATE blocks SET summed = 0
        WHERE owner = {row}.owner AND size = {size} AND block = {row}.number / {size} AND summed;"""
        for size in SIZES
    )


def _job_terms(row: str) -> str:
    names = ("program", "backend", "status", "session_id", "tags")
    return f"job_terms({', '.join(f'{row}.{name}' for name in names)})"


def _session_terms(row: str) -> str:
    return (
        f"json_array('workload', 'backend=' || {row}.backend, 'mode=' || {row}.mode,"
        f" 'status=' || {SESSION_STATUS.format(row)})"
    )


def _session_status_term(row: str) -> str:
    return f"json_array('status=' || {SESSION_STATUS.format(row)})"


TRIGGERS = f"""
CREATE TRIGGER IF NOT EXISTS job_added AFTER INSERT ON jobs BEGIN
    {_add_terms("new", _job_terms("new"))}
    {_add_tags("new")}
    {_count("new", +1)}
    {_stretch_blocks("new")}
    UPDATE owners SET bytes = bytes + new.params_size + new.result_size WHERE id = new.owner;
    UPDATE sessions SET jobs = jobs + 1, usage_seconds = usage_seconds + new.usage_seconds
        WHERE id = new.session_id;
END;
CREATE TRIGGER IF NOT EXISTS job_changed_status AFTER UPDATE OF status ON jobs
WHEN old.status != new.status BEGIN
    {_remove_terms("old", "json_array('status=' || old.status)")}
    {_add_terms("new", "json_array('status=' || new.status)")}
    {_count("old", -1)}
    {_count("new", +1)}
END;
CREATE TRIGGER IF NOT EXISTS job_changed_tags AFTER UPDATE OF tags ON jobs
WHEN old.tags != new.tags BEGIN
    {_remove_terms("old", "tag_terms(old.tags)")}
    {_remove_tags("old")}
    {_add_terms("new", "tag_terms(new.tags)")}
    {_add_tags("new")}
END;
CREATE TRIGGER IF NOT EXISTS job_changed_size AFTER UPDATE OF params_size, result_size ON jobs BEGIN
    UPDATE owners SET bytes = bytes - old.params_size - old.result_size
        + new.params_size + new.result_size WHERE id = new.owner;
END;
CREATE TRIGGER IF NOT EXISTS job_changed_usage AFTER UPDATE OF usage_seconds, running ON jobs BEGIN
    {_forget_sums("new")}
    UPDATE sessions SET usage_seconds = usage_seconds - old.usage_seconds + new.usage_seconds
        WHERE id = new.session_id;
END;
CREATE TRIGGER IF NOT EXISTS job_removed AFTER DELETE ON jobs BEGIN
    {_remove_terms("old", _job_terms("old"))}
    {_remove_tags("old")}
    {_count("old", -1)}
    {_forget_sums("old")}
    UPDATE owners SET bytes = bytes - old.params_size - old.result_size WHERE id = old.owner;
    UPDATE sessions SET jobs = jobs - 1, usage_seconds = usage_seconds - old.usage_seconds
        WHERE id = old.session_id;
    DELETE FROM bodies WHERE job_id = old.id;
END;
CREATE TRIGGER IF NOT EXISTS session_added AFTER INSERT ON sessions BEGIN
    {_add_terms("new", _session_terms("new"))}
    {_stretch_blocks("new")}
END;
CREATE TRIGGER IF NOT EXISTS session_changed_state AFTER UPDATE OF state ON sessions
WHEN old.state != new.state BEGIN
    {_remove_terms("old", _session_status_term("old"))}
    {_add_terms("new", _session_status_term("new"))}
END;
CREATE TRIGGER IF NOT EXISTS session_changed_usage AFTER UPDATE OF usage_seconds, jobs ON sessions
BEGIN
    {_forget_sums("new")}
END;
CREATE TRIGGER IF NOT EXISTS session_removed AFTER DELETE ON sessions BEGIN
    {_remove_terms("old", _session_terms("old"))}
    {_forget_sums("old")}
END;
"""


def tag_terms(tags: str) -> str:
    """The terms of a JSON list of tags, as a JSON list."""
    return msgspec.json.encode([f"tag={tag}" for tag in msgspec.json.decode(tags)]).decode()


def terms_of_job(
    program: str, backend: str, status: str, session_id: str | None, tags: str
) -> list[str]:
    """What a job can be found by."""
    return [
        "job",
        f"program={program}",
        f"backend={backend}",
        f"status={status}",
        *(["workload", "mode=job"] if session_id is None else [f"session={session_id}"]),
        *(f"tag={tag}" for tag in msgspec.json.decode(tags)),
    ]


def _job_terms_json(
    program: str, backend: str, status: str, session_id: str | None, tags: str
) -> str:
    return msgspec.json.encode(terms_of_job(program, backend, status, session_id, tags)).decode()


def add_functions(database: sqlite3.Connection) -> None:
    """Gives a connection the functions that the triggers call."""
    database.create_function("with_number", 2, with_number, deterministic=True)
    database.create_function("without_number", 2, without_number, deterministic=True)
    database.create_function("tag_terms", 1, tag_terms, deterministic=True)
    database.create_function("job_terms", 5, _job_terms_json, deterministic=True)
    # The triggers are our own; some builds of SQLite keep triggers from calling functions.
    database.execute("PRAGMA trusted_schema = ON")


def run_statements(database: sqlite3.Connection, script: str) -> None:
    """Runs a script inside the open transaction, which `executescript` would commit."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            database.execute(statement)
            statement = ""
