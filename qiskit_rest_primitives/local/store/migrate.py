"""Brings the file of an older schema up to date, in one transaction: all of it, or nothing."""

from __future__ import annotations

import logging
import sqlite3

from qiskit_rest_primitives.local.store.rebuild import rebuild
from qiskit_rest_primitives.local.store.schema import (
    SCHEMA_VERSION,
    TABLES,
    TRIGGERS,
    run_statements,
)

logger = logging.getLogger(__name__)

_OLD_INDEXES = ("jobs_by_owner", "jobs_by_session", "jobs_pending", "tags_by_job")
_OF_JOBS = (
    "seq, id, user, instance, program, backend, session_id, status, reason, reason_code,"
    " reason_solution, created, running, finished, usage_seconds, tags, private, cost, log_level,"
    " calibration_id, runtime, params_size, result_size, estimated_seconds"
)
_OF_SESSIONS = (
    "seq, id, user, instance, backend, mode, state, state_reason, accepting_jobs, max_ttl,"
    " interactive_ttl, created, activated, closed, last_started, last_completed, timestamps"
)
_NUMBERED = """
CREATE TEMP TABLE numbered AS
    SELECT entries.id AS id, owners.id AS owner,
        ROW_NUMBER() OVER (PARTITION BY owners.id ORDER BY created, seq) - 1 AS number
    FROM (
        SELECT id, user, instance, created, seq FROM old_jobs
        UNION ALL SELECT id, user, instance, created, seq FROM old_sessions
    ) AS entries JOIN owners USING (user, instance);
CREATE UNIQUE INDEX temp.numbered_by_id ON numbered (id);
"""


def prepare(database: sqlite3.Connection, name: str, *, migrate: bool = True) -> None:
    """Makes the tables in a new file, or brings those of an older one up to date.

    Args:
        database: a connection with the functions of the triggers.
        name: of the folder, for messages.
        migrate: whether to change the file of an older version.

    Raises:
        ValueError: a newer version of the service wrote it, or an older one if it must not change.
    """
    database.execute("BEGIN IMMEDIATE")
    try:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if not 0 <= version <= SCHEMA_VERSION:
            raise ValueError(
                f"{name} was written by another version of this service (schema {version}, this"
                f" one knows {SCHEMA_VERSION}); choose another folder, or install that version"
            )
        if version < SCHEMA_VERSION and not migrate:
            raise ValueError(
                f"{name} holds no jobs, or those of an older version of this service (schema"
                f" {version}); start the service there once"
            )
        if version in (1, 2):
            _from_2(database, name)
        if version < SCHEMA_VERSION:
            run_statements(database, TABLES + TRIGGERS)
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        database.execute("COMMIT")
    except BaseException:
        database.rollback()
        raise


def _from_2(database: sqlite3.Connection, name: str) -> None:
    """Bodies get a table of their own, entries their numbers; all else is derived from them."""
    logger.info("bringing %s up to date; this takes about a minute for a million jobs", name)
    columns = [row[1] for row in database.execute("PRAGMA table_info(jobs)")]
    if "estimated_seconds" not in columns:  # schema 1
        database.execute("ALTER TABLE jobs ADD COLUMN estimated_seconds REAL")
    for index in _OLD_INDEXES:
        database.execute(f"DROP INDEX IF EXISTS {index}")
    database.execute("DROP TABLE tags")
    for table in ("jobs", "sessions"):
        database.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
    run_statements(database, TABLES)
    database.execute(
        "INSERT INTO owners (user, instance) SELECT user, instance FROM old_jobs"
        " UNION SELECT user, instance FROM old_sessions"
    )
    run_statements(database, _NUMBERED)
    for table, names in (("jobs", _OF_JOBS), ("sessions", _OF_SESSIONS)):
        database.execute(
            f"INSERT INTO {table} ({names}, owner, number) SELECT {names}, owner, number"
            f" FROM old_{table} JOIN numbered USING (id) ORDER BY seq"
        )
    for kind in ("params", "result", "logs"):
        database.execute(
            f"INSERT INTO bodies (job_id, kind, body) SELECT id, '{kind}', {kind} FROM old_jobs"
            f" WHERE length({kind}) > 0 ORDER BY seq"
        )
    for table in ("old_jobs", "old_sessions", "temp.numbered"):
        database.execute(f"DROP TABLE {table}")
    rebuild(database)
