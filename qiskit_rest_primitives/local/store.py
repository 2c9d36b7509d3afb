"""Jobs and sessions on disk: one SQLite file, and one file beside it for every large body.

The connection is shared and guarded by a lock; every call is short (microseconds to a millisecond).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from qiskit_rest_primitives.local.folders import TemporaryFolder

SCHEMA_VERSION = 2
LARGE_BODY = 65_536
"""Bodies above this many bytes are files; below it, SQLite is faster."""

PENDING = ("Queued", "Running")
IS_PENDING = f"status IN {PENDING}"  # in SQL, whose lists look like Python's
FINAL = ("Completed", "Failed", "Cancelled")

Body = Literal["params", "result"]

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS jobs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE, user TEXT NOT NULL, instance TEXT NOT NULL,
    program TEXT NOT NULL, backend TEXT NOT NULL, session_id TEXT,
    status TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', reason_code INTEGER,
    reason_solution TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL, running REAL, finished REAL, usage_seconds REAL NOT NULL DEFAULT 0,
    tags TEXT NOT NULL DEFAULT '[]', private INTEGER NOT NULL DEFAULT 0, cost INTEGER NOT NULL,
    log_level TEXT, calibration_id TEXT, runtime TEXT, logs TEXT NOT NULL DEFAULT '',
    params BLOB, params_size INTEGER NOT NULL DEFAULT 0,
    result BLOB, result_size INTEGER NOT NULL DEFAULT 0, estimated_seconds REAL
);
CREATE INDEX IF NOT EXISTS jobs_by_owner ON jobs (user, instance, created);
CREATE INDEX IF NOT EXISTS jobs_by_session ON jobs (session_id);
CREATE INDEX IF NOT EXISTS jobs_pending ON jobs (backend) WHERE {IS_PENDING};
CREATE TABLE IF NOT EXISTS tags (
    tag TEXT NOT NULL, job_id TEXT NOT NULL, PRIMARY KEY (tag, job_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tags_by_job ON tags (job_id);
CREATE TABLE IF NOT EXISTS instances (crn TEXT PRIMARY KEY, seconds INTEGER);
CREATE TABLE IF NOT EXISTS sessions (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE, user TEXT NOT NULL, instance TEXT NOT NULL,
    backend TEXT NOT NULL, mode TEXT NOT NULL,
    state TEXT NOT NULL, state_reason TEXT NOT NULL, accepting_jobs INTEGER NOT NULL DEFAULT 1,
    max_ttl INTEGER NOT NULL, interactive_ttl INTEGER NOT NULL,
    created REAL NOT NULL, activated REAL, closed REAL, last_started REAL, last_completed REAL,
    timestamps TEXT NOT NULL DEFAULT '[]'
);
"""

# Everything but the bodies and logs, which can be large.
JOB_COLUMNS = (
    "seq, id, user, instance, program, backend, session_id, status, reason, reason_code,"
    " reason_solution, created, running, finished, usage_seconds, tags, private, cost, log_level,"
    " calibration_id, runtime, params_size, result_size, estimated_seconds"
)


class Store:
    """Jobs, sessions, tags and limits, kept between requests.

    Args:
        folder: where to keep it; None for a temporary folder that :meth:`close` deletes.
    """

    def __init__(self, folder: str | Path | None = None):
        self._temporary = TemporaryFolder(self, "qiskit-rest-") if folder is None else None
        self.folder = self._temporary.path if self._temporary else Path(str(folder))
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._bodies = self.folder / "bodies"
        self._bodies.mkdir(exist_ok=True, mode=0o700)
        # An existing folder may be readable by others. SQLite gives the files beside its database
        # the mode of the database.
        self._bodies.chmod(0o700)
        database = self.folder / "service.sqlite"
        database.touch(mode=0o600)
        database.chmod(0o600)
        self._lock = threading.RLock()
        # Statements run under the lock, so that threads may share the connection.
        self._database = sqlite3.connect(database, check_same_thread=False, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._database.execute("PRAGMA journal_mode = WAL")
        # A crash of the process loses nothing; only a temporary store skips waiting for the disk.
        self._database.execute(f"PRAGMA synchronous = {'OFF' if self._temporary else 'NORMAL'}")
        version = self._database.execute("PRAGMA user_version").fetchone()[0]
        if version == 1:
            self._add_estimated_seconds()
        elif version not in (0, SCHEMA_VERSION):
            self._database.close()
            raise ValueError(
                f"{self.folder} was written by another version of this service"
                f" (schema {version}, expected {SCHEMA_VERSION}); choose another folder"
            )
        self._database.executescript(_SCHEMA)
        self._database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _add_estimated_seconds(self) -> None:
        """Adds the column that schema 1 lacks, unless a crash came after it was added."""
        columns = self._database.execute("PRAGMA table_info(jobs)").fetchall()
        if all(column["name"] != "estimated_seconds" for column in columns):
            self._database.execute("ALTER TABLE jobs ADD COLUMN estimated_seconds REAL")

    def close(self) -> None:
        """Closes the file; a temporary store is deleted."""
        with self._lock:
            self._database.close()
        if self._temporary:
            self._temporary.delete()

    def secret(self, *, renew: bool = False) -> bytes:
        """The key that signs tokens, made at the first start in this folder or by ``renew``."""
        path = self.folder / "signing.key"
        with self._lock:
            if renew:
                path.unlink(missing_ok=True)
            if not path.exists():
                with open(path, "xb", opener=_for_owner) as file:
                    file.write(secrets.token_bytes(32))
            return path.read_bytes()

    @contextlib.contextmanager
    def transaction(self) -> Generator[None]:
        """Statements inside happen together or not at all; other threads wait."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def rows(self, statement: str, values: Iterable[Any] = ()) -> list[sqlite3.Row]:
        """Rows of a SELECT."""
        with self._lock:
            return self._database.execute(statement, tuple(values)).fetchall()

    def row(self, statement: str, values: Iterable[Any] = ()) -> sqlite3.Row | None:
        """First row of a SELECT, or None."""
        with self._lock:
            return self._database.execute(statement, tuple(values)).fetchone()

    def change(self, statement: str, values: Iterable[Any] = ()) -> int:
        """Runs a statement that writes; returns how many rows it touched."""
        with self._lock:
            return self._database.execute(statement, tuple(values)).rowcount

    def insert(self, table: Literal["jobs", "sessions"], fields: Mapping[str, Any]) -> None:
        """Adds a row."""
        marks = ", ".join("?" * len(fields))
        self.change(f"INSERT INTO {table} ({', '.join(fields)}) VALUES ({marks})", fields.values())

    def update(
        self,
        table: Literal["jobs", "sessions"],
        row_id: str,
        fields: Mapping[str, Any],
        *,
        status: Sequence[str] = (),
    ) -> bool:
        """Changes fields of a row, only while its status is one of ``status`` if any is given."""
        names = ", ".join(f"{name} = ?" for name in fields)
        condition = f" AND status IN ({', '.join('?' * len(status))})" if status else ""
        values = (*fields.values(), row_id, *status)
        return self.change(f"UPDATE {table} SET {names} WHERE id = ?{condition}", values) == 1

    def job(self, job_id: str) -> sqlite3.Row | None:
        """A job without its bodies and logs."""
        return self.row(f"SELECT {JOB_COLUMNS} FROM jobs WHERE id = ?", (job_id,))

    def session(self, session_id: str) -> sqlite3.Row | None:
        """A session."""
        return self.row("SELECT * FROM sessions WHERE id = ?", (session_id,))

    def set_tags(self, job_id: str, tags: Sequence[str]) -> None:
        """Replaces a job's tags; call it inside a transaction."""
        self.change("DELETE FROM tags WHERE job_id = ?", (job_id,))
        for tag in set(tags):
            self.change("INSERT INTO tags (tag, job_id) VALUES (?, ?)", (tag, job_id))
        self.change(
            "UPDATE jobs SET tags = ? WHERE id = ?", (msgspec.json.encode(tags).decode(), job_id)
        )

    def instance_limit(self, crn: str) -> int | None:
        """Seconds that an instance may use, or None for no limit."""
        found = self.row("SELECT seconds FROM instances WHERE crn = ?", (crn,))
        return None if found is None else found[0]

    def set_instance_limit(self, crn: str, seconds: int | None) -> None:
        """Limits the seconds an instance may use; None for no limit."""
        self.change("INSERT OR REPLACE INTO instances (crn, seconds) VALUES (?, ?)", (crn, seconds))

    def queue_lengths(self) -> dict[str, int]:
        """Backend name -> how many jobs are not final."""
        found = self.rows(f"SELECT backend, COUNT(*) FROM jobs WHERE {IS_PENDING} GROUP BY backend")
        return {row[0]: row[1] for row in found}

    def body_fields(self, job_id: str, kind: Body, body: bytes) -> dict[str, Any]:
        """Stores a body, in a file if it is large; returns the fields for the job's row."""
        if len(body) <= LARGE_BODY:
            return {kind: body, f"{kind}_size": len(body)}
        with open(self._path(job_id, kind), "wb", opener=_for_owner) as file:
            file.write(body)
        return {kind: None, f"{kind}_size": len(body)}

    def body(self, job_id: str, kind: Body) -> bytes | Path | None:
        """A stored body: its bytes if small, its file's path if large, None if there is none."""
        found = self.row(f"SELECT {kind}, {kind}_size FROM jobs WHERE id = ?", (job_id,))
        if found is None or not found[1]:
            return None
        return self._path(job_id, kind) if found[0] is None else found[0]

    def drop_body(self, job_id: str, kind: Body) -> bool:
        """Removes a body from its row. True for the first caller, who deletes its file."""
        return (
            self.change(
                f"UPDATE jobs SET {kind} = NULL, {kind}_size = 0 WHERE id = ? AND {kind}_size > 0",
                (job_id,),
            )
            == 1
        )

    def delete_job(self, job_id: str) -> None:
        """Deletes a job with all its bodies."""
        with self.transaction():
            self.change("DELETE FROM jobs WHERE id = ?", (job_id,))
            self.change("DELETE FROM tags WHERE job_id = ?", (job_id,))
        for kind in ("params", "result"):
            self._path(job_id, kind).unlink(missing_ok=True)

    def drop_body_file(self, job_id: str, kind: Body) -> None:
        """Deletes the file of a body, if it has one."""
        self._path(job_id, kind).unlink(missing_ok=True)

    def _path(self, job_id: str, kind: str) -> Path:
        # Ids are made here (hexadecimal), never by a client.
        return self._bodies / f"{job_id}.{kind}"


def _for_owner(path: str, flags: int) -> int:
    """Opens a file; only its owner can read or write a new one."""
    return os.open(path, flags, 0o600)
