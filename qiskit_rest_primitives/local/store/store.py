"""Jobs and sessions on disk: one SQLite file, and one file beside it for every large body.

One connection writes, guarded by a lock; every call is short (microseconds to a millisecond).
Another one reads single rows, and a third one lists (:meth:`Store.reading`), so that none of them
waits for the others.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import shutil
import sqlite3
import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from qiskit_rest_primitives.local.folders import TemporaryFolder, open_own, private_folder
from qiskit_rest_primitives.local.store import usage
from qiskit_rest_primitives.local.store.disk_full import StorageFullError, storage_errors
from qiskit_rest_primitives.local.store.folder_lock import FolderLock
from qiskit_rest_primitives.local.store.lists import owner_of
from qiskit_rest_primitives.local.store.migrate import prepare
from qiskit_rest_primitives.local.store.schema import IS_PENDING, add_functions

LARGE_BODY = 65_536
"""Bodies above this many bytes are files; below it, SQLite is faster."""
RESERVE_BYTES = 64 << 20
"""Space that new jobs leave free, for the results of those that were accepted."""
# Of SQLite's own, for each connection: some pages of each index stay in memory.
CACHE_KIBIBYTES = 16_384

DATABASE = "service.sqlite"
BODY_FOLDER = "bodies"
BODIES = ("params", "result", "logs")
"""Fields of a job that are kept apart from its row, so that rows stay small."""

Body = Literal["params", "result"]

JOB_COLUMNS = (
    "seq, id, owner, number, user, instance, program, backend, session_id, status, reason,"
    " reason_code, reason_solution, created, running, finished, usage_seconds, tags, private, cost,"
    " log_level, calibration_id, runtime, params_size, result_size, estimated_seconds"
)


class JobCount(NamedTuple):
    """How many jobs of a user on a backend have a status."""

    user: str
    backend: str
    status: str
    jobs: int


class Store:
    """Jobs, sessions, tags and limits, kept between requests.

    Args:
        folder: where to keep it; None for a temporary folder that :meth:`close` deletes.
        alone: whether no other process may use the folder meanwhile. False is for commands beside
            a running service, which change no schema.
        reserve_bytes: space on the disk that new jobs leave free.

    Raises:
        FolderInUseError: a service uses the folder.
        ValueError: a newer version of the service wrote it.
        StorageFullError: the disk is full.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        *,
        alone: bool = True,
        reserve_bytes: int = RESERVE_BYTES,
    ):
        self._temporary = TemporaryFolder(self, "qiskit-rest-") if folder is None else None
        self.folder = self._temporary.path if self._temporary else Path(str(folder))
        private_folder(self.folder)
        self._folder_lock = FolderLock(self.folder) if alone else None
        self._reserve_bytes = reserve_bytes
        self._lock = threading.RLock()
        self._looking = threading.Lock()
        self._reading = threading.Lock()
        self._writer: int | None = None
        try:
            self._open()
        except BaseException:
            self._release()
            raise

    def _open(self) -> None:
        self._bodies = self.folder / BODY_FOLDER
        if self._bodies.is_symlink():
            raise OSError(f"{self._bodies} is a link, which is not followed: remove it")
        self._bodies.mkdir(exist_ok=True, mode=0o700)
        # An existing folder may be readable by others. SQLite gives the files beside its database
        # the mode of the database.
        self._bodies.chmod(0o700)
        database = self.folder / DATABASE
        open_own(database, os.O_RDWR | os.O_CREAT).close()
        with contextlib.ExitStack() as opened, storage_errors():
            # Statements run under a lock, so that threads may share a connection.
            self._database = opened.enter_context(contextlib.closing(_connect(database)))
            self._database.execute("PRAGMA journal_mode = WAL")
            # A crash of the process loses nothing; only a temporary store skips waiting for the
            # disk.
            self._database.execute(f"PRAGMA synchronous = {'OFF' if self._temporary else 'NORMAL'}")
            prepare(self._database, str(self.folder), migrate=self._folder_lock is not None)
            self._looker, self._reader = (
                opened.enter_context(contextlib.closing(_connect(database))) for _ in range(2)
            )
            for reads in (self._looker, self._reader):
                reads.execute("PRAGMA query_only = ON")
            self._connections = opened.pop_all()

    def close(self) -> None:
        """Closes the file; a temporary store is deleted."""
        with self._reading, self._looking, self._lock:
            self._connections.close()
        self._release()

    def _release(self) -> None:
        if self._folder_lock:
            self._folder_lock.release()
        if self._temporary:
            self._temporary.delete()

    def secret(self, *, renew: bool = False) -> bytes:
        """The key that signs tokens, made at the first start in this folder or by ``renew``."""
        path = self.folder / "signing.key"
        with self._lock:
            if renew:
                path.unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError), open_own(path, os.O_RDONLY) as file:
                return file.read()
            with open_own(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as file:
                key = secrets.token_bytes(32)
                file.write(key)
            return key

    @contextlib.contextmanager
    def transaction(self) -> Generator[None]:
        """Statements inside happen together or not at all; other threads wait.

        Raises:
            StorageFullError: the disk is full; nothing happened.
        """
        with self._lock, storage_errors():
            self._database.execute("BEGIN IMMEDIATE")
            self._writer = threading.get_ident()
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                self._database.rollback()  # unless SQLite itself did, as the disk is full
                raise
            finally:
                self._writer = None

    @contextlib.contextmanager
    def _together(self) -> Generator[None]:
        """The transaction of the caller, or one of its own."""
        with self._lock:
            if self._database.in_transaction:
                yield
            else:
                with self.transaction():
                    yield

    @contextlib.contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """A connection for lists, which sees one state of the store and waits for no writer.

        For threads beside the event loop: one list waits for another.

        >>> with Store() as store, store.reading() as database:
        ...     database.execute("SELECT COUNT(*) FROM jobs").fetchone()[0]
        0
        """
        with self._reading:
            self._reader.execute("BEGIN")
            try:
                yield self._reader
            finally:
                self._reader.execute("COMMIT")

    def rows(self, statement: str, values: Iterable[Any] = ()) -> list[sqlite3.Row]:
        """Rows of a SELECT; inside a transaction with its changes, else without waiting for any."""
        if self._writer == threading.get_ident():
            return self._database.execute(statement, tuple(values)).fetchall()
        with self._looking:
            return self._looker.execute(statement, tuple(values)).fetchall()

    def row(self, statement: str, values: Iterable[Any] = ()) -> sqlite3.Row | None:
        """First row of a SELECT, or None."""
        return next(iter(self.rows(statement, values)), None)

    def change(self, statement: str, values: Iterable[Any] = ()) -> int:
        """Runs a statement that writes; returns how many rows it touched.

        Raises:
            StorageFullError: the disk is full.
        """
        with self._lock, storage_errors():
            return self._database.execute(statement, tuple(values)).rowcount

    def insert(self, table: Literal["jobs", "sessions"], fields: Mapping[str, Any]) -> None:
        """Adds a row, as the next entry of its owner.

        Raises:
            StorageFullError: the disk is full.
        """
        with self._together():
            whose = (fields["user"], fields["instance"])
            row = {name: value for name, value in fields.items() if name not in BODIES}
            added = (
                f"INSERT INTO {table} ({', '.join(row)}, owner, number)"
                f" SELECT {', '.join('?' * len(row))}, id, entries FROM owners"
                " WHERE user = ? AND instance = ?"
            )
            if self.change(added, (*row.values(), *whose)) == 0:
                self.change("INSERT INTO owners (user, instance) VALUES (?, ?)", whose)
                self.change(added, (*row.values(), *whose))
            self.change(
                "UPDATE owners SET entries = entries + 1 WHERE user = ? AND instance = ?", whose
            )
            self._put_bodies(fields["id"], fields)

    def update(
        self,
        table: Literal["jobs", "sessions"],
        row_id: str,
        fields: Mapping[str, Any],
        *,
        status: Sequence[str] = (),
    ) -> bool:
        """Changes fields of a row, only while its status is one of ``status`` if any is given.

        Raises:
            StorageFullError: the disk is full; nothing was changed.
        """
        row = {name: value for name, value in fields.items() if name not in BODIES}
        names = ", ".join(f"{name} = ?" for name in row)
        condition = f" AND status IN ({', '.join('?' * len(status))})" if status else ""
        values = (*row.values(), row_id, *status)
        with self._together():
            changed = (
                self.change(f"UPDATE {table} SET {names} WHERE id = ?{condition}", values) == 1
            )
            if changed:
                self._put_bodies(row_id, fields)
        return changed

    def _put_bodies(self, job_id: str, fields: Mapping[str, Any]) -> None:
        rows = [(job_id, kind, fields[kind]) for kind in BODIES if fields.get(kind)]
        if rows:
            marks = ", ".join(["(?, ?, ?)"] * len(rows))
            self.change(
                f"INSERT OR REPLACE INTO bodies (job_id, kind, body) VALUES {marks}",
                itertools.chain.from_iterable(rows),
            )

    def job(self, job_id: str) -> sqlite3.Row | None:
        """A job without its bodies and logs."""
        return self.row(f"SELECT {JOB_COLUMNS} FROM jobs WHERE id = ?", (job_id,))

    def session(self, session_id: str) -> sqlite3.Row | None:
        """A session."""
        return self.row("SELECT * FROM sessions WHERE id = ?", (session_id,))

    def set_tags(self, job_id: str, tags: Sequence[str]) -> None:
        """Replaces a job's tags."""
        self.change("UPDATE jobs SET tags = ? WHERE id = ?", (encode_tags(tags), job_id))

    def logs(self, job_id: str) -> str:
        """What a job wrote while it ran; empty if it wrote nothing."""
        found = self.row("SELECT body FROM bodies WHERE job_id = ? AND kind = 'logs'", (job_id,))
        return "" if found is None else found[0]

    def instance_limit(self, crn: str) -> int | None:
        """Seconds that an instance may use, or None for no limit."""
        found = self.row("SELECT seconds FROM instances WHERE crn = ?", (crn,))
        return None if found is None else found[0]

    def set_instance_limit(self, crn: str, seconds: int | None) -> None:
        """Limits the seconds an instance may use; None for no limit."""
        self.change("INSERT OR REPLACE INTO instances (crn, seconds) VALUES (?, ?)", (crn, seconds))

    def counts(self) -> list[JobCount]:
        """How many jobs there are, by user, backend and status; kept, so it takes no counting."""
        found = self.rows("SELECT user, backend, status, jobs FROM counts WHERE jobs > 0")
        return [JobCount(*row) for row in found]

    def queue_lengths(self) -> dict[str, int]:
        """Backend name -> how many jobs are not final."""
        found = self.rows(
            f"SELECT backend, SUM(jobs) FROM counts WHERE {IS_PENDING} AND jobs > 0"
            " GROUP BY backend"
        )
        return {row[0]: row[1] for row in found}

    def pending_of(self, user: str) -> int:
        """How many jobs of a user are not final, on all their instances."""
        [found] = self.rows(
            f"SELECT COALESCE(SUM(jobs), 0) FROM counts WHERE user = ? AND {IS_PENDING}", (user,)
        )
        return found[0]

    def bytes_of(self, user: str | None = None) -> int:
        """Bytes of the params and results of a user's jobs, or of all jobs; kept as a sum."""
        condition, values = ("", ()) if user is None else (" WHERE user = ?", (user,))
        [found] = self.rows(f"SELECT COALESCE(SUM(bytes), 0) FROM owners{condition}", values)
        return found[0]

    def used(
        self,
        user: str,
        instance: str,
        start: float,
        end: float = float("inf"),
        *,
        by_day: bool = False,
    ) -> list[usage.Used]:
        """What an owner submitted in an interval has used, see :func:`usage.used`.

        Keeps the sums of blocks that have none yet: for a thread beside the event loop.
        """
        with self.reading() as database:
            owner = owner_of(database, user, instance)
            blocks = usage.blocks_to_sum(database, owner)
        for size, block in blocks:
            with contextlib.suppress(StorageFullError), self.transaction():
                usage.sum_block(self._database, owner, size, block)
        with self.reading() as database:
            return usage.used(database, owner, start, end, by_day=by_day)

    def body_fields(self, job_id: str, kind: Body, body: bytes) -> dict[str, Any]:
        """Stores a body, in a file if it is large; returns the fields for the job's row.

        Raises:
            StorageFullError: the disk is full, or would be nearly full with the params of one more
                job, so that the results of jobs already accepted might have no space.
        """
        if kind == "params":
            self._check_space(len(body))
        if len(body) <= LARGE_BODY:
            return {kind: body, f"{kind}_size": len(body)}
        path = self._path(job_id, kind)
        with storage_errors():
            try:
                with open(path, "wb", opener=_for_owner) as file:
                    file.write(body)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        return {kind: None, f"{kind}_size": len(body)}

    def is_full(self) -> bool:
        """Whether new jobs are refused for want of space."""
        try:
            self._check_space(0)
        except StorageFullError:
            return True
        return False

    def _check_space(self, size: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < size + self._reserve_bytes:
            raise StorageFullError(
                f"its disk has {free >> 20} MiB left, of which {self._reserve_bytes >> 20} MiB"
                " are kept for the results of jobs already accepted"
            )

    def body(self, job_id: str, kind: Body) -> bytes | Path | None:
        """A stored body: its bytes if small, its file's path if large, None if there is none."""
        found = self.row(
            f"SELECT {kind}_size, body FROM jobs"
            " LEFT JOIN bodies ON bodies.job_id = jobs.id AND bodies.kind = ? WHERE jobs.id = ?",
            (kind, job_id),
        )
        if found is None or not found[0]:
            return None
        return self._path(job_id, kind) if found[1] is None else found[1]

    def drop_body(self, job_id: str, kind: Body) -> bool:
        """Removes a body from its row. True for the first caller, who deletes its file."""
        with self._together():
            self.change("DELETE FROM bodies WHERE job_id = ? AND kind = ?", (job_id, kind))
            return (
                self.change(
                    f"UPDATE jobs SET {kind}_size = 0 WHERE id = ? AND {kind}_size > 0", (job_id,)
                )
                == 1
            )

    def delete_jobs(self, job_ids: Sequence[str]) -> int:
        """Deletes jobs with all their bodies, together; returns how many there were."""
        marks = ", ".join("?" * len(job_ids))
        deleted = self.change(f"DELETE FROM jobs WHERE id IN ({marks})", job_ids)
        for job_id in job_ids:
            for kind in ("params", "result"):
                self.drop_body_file(job_id, kind)
        return deleted

    def drop_body_file(self, job_id: str, kind: Body) -> None:
        """Deletes the file of a body, if it has one."""
        self._path(job_id, kind).unlink(missing_ok=True)

    def _path(self, job_id: str, kind: str) -> Path:
        # Ids are made here (hexadecimal), never by a client.
        return self._bodies / f"{job_id}.{kind}"

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def encode_tags(tags: Sequence[str]) -> str:
    """A job's tags, as its row has them."""
    return msgspec.json.encode(tags).decode()


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    database.row_factory = sqlite3.Row
    database.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
    add_functions(database)
    return database


def _for_owner(path: str, flags: int) -> int:
    """Opens a file; only its owner can read or write a new one."""
    return os.open(path, flags, 0o600)
