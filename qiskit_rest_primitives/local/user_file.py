"""Users kept in a data folder: ``users.json``, which commands change while the service runs.

It has the hashes of tokens, never a token. Commands write it in one step, under a lock, so that
the service reads a whole file at any time.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Generator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

import msgspec

from qiskit_rest_primitives.local.folders import give_to_owner, open_own, private_folder
from qiskit_rest_primitives.local.limits import read_caps
from qiskit_rest_primitives.local.users import (
    KnownUser,
    check_instances,
    check_name,
    default_instance,
    digest_of,
)

USER_FILE: Final = "users.json"
LOCK_FILE: Final = "users.lock"
VERSION: Final = 1
LOCK_SECONDS: Final = 10.0


class StoredUser(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A user in the file.

    Attributes:
        name: the owner of jobs and sessions.
        sha256: of the token, in hexadecimal digits.
        instances: CRNs, at least one.
        caps: limits that differ from those that everybody has.
        admin: whether the user may set limits of instances, and faults.
        added: when, as ISO 8601.
    """

    name: str
    sha256: str
    instances: list[str]
    caps: dict[str, int | None] = {}
    admin: bool = False
    added: str


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    version: int = VERSION
    users: list[StoredUser] = []


def read_user_file(path: Path) -> list[KnownUser]:
    """The users in a file; none if there is no such file.

    Raises:
        OSError: it can't be read, or is not the service's own.
        ValueError: another form.
    """
    return [
        KnownUser(
            user.name, bytes.fromhex(user.sha256), tuple(user.instances), user.caps, user.admin
        )
        for user in _read(path).users
    ]


class UserFile:
    """Changes the users of a data folder; a service that runs there sees it at its next request.

    Args:
        folder: of the service; made if it is not there.

    Raises:
        OSError: the folder can't be made.

    >>> import tempfile
    >>> users = UserFile(Path(tempfile.mkdtemp()))
    >>> token = users.add("ada", caps={"qubits": 20})
    >>> len(token), [user.name for user in users.listed()]
    (43, ['ada'])
    """

    def __init__(self, folder: str | Path):
        self._folder = private_folder(Path(folder))
        self.path = self._folder / USER_FILE

    def listed(self) -> list[StoredUser]:
        """The users, by name.

        Raises:
            OSError: the file can't be read.
            ValueError: another form.
        """
        return sorted(_read(self.path).users, key=lambda user: user.name)

    def add(
        self,
        name: str,
        *,
        instances: tuple[str, ...] = (),
        caps: Mapping[str, Any] | None = None,
        admin: bool = False,
    ) -> str:
        """Adds a user; returns the token, which is kept nowhere.

        Raises:
            ValueError: the name is taken or can't be one, or an instance is not a CRN.
        """
        check_name(name)
        check_instances(instances)
        token = new_token()
        with self._changing() as users:
            if name in users:
                raise ValueError(
                    f"there is a user {name!r}; `qiskit-rest user token` gives them a new token"
                )
            users[name] = StoredUser(
                name=name,
                sha256=digest_of(token).hex(),
                instances=list(instances) or [default_instance(name)],
                caps=dict(caps or {}),
                admin=admin,
                added=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            )
        return token

    def renew(self, name: str) -> str:
        """Gives a user a new token; the old one, and all that was issued for it, end at once.

        Raises:
            ValueError: there is no such user.
        """
        token = new_token()
        with self._changing() as users:
            _one_of(users, name).sha256 = digest_of(token).hex()
        return token

    def change(
        self, name: str, *, caps: Mapping[str, Any] | None = None, admin: bool | None = None
    ) -> None:
        """Changes limits of a user, or whether they are an administrator.

        Args:
            name: of the user.
            caps: limits that change; the others stay.
            admin: None to leave it as it is.

        Raises:
            ValueError: there is no such user.
        """
        with self._changing() as users:
            user = _one_of(users, name)
            user.caps |= caps or {}
            user.admin = user.admin if admin is None else admin

    def remove(self, name: str) -> None:
        """Removes a user; their jobs stay in the folder, and nobody sees them.

        Raises:
            ValueError: there is no such user.
        """
        with self._changing() as users:
            _one_of(users, name)
            del users[name]

    @contextlib.contextmanager
    def _changing(self) -> Generator[dict[str, StoredUser]]:
        """The users by name, which are written at the end; other commands wait meanwhile."""
        with _lock(self._folder / LOCK_FILE):
            users = {user.name: user for user in self.listed()}
            yield users
            fresh = self.path.with_name(f"{USER_FILE}.new")
            fresh.unlink(missing_ok=True)  # of a command that was killed
            content = msgspec.json.format(
                msgspec.json.encode(_Document(users=list(users.values())))
            )
            with open_own(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as file:
                file.write(content + b"\n")
                file.flush()
                os.fsync(file.fileno())
            give_to_owner(fresh)
            fresh.replace(self.path)


def _text(value: int | None) -> str:
    return "none" if value is None else f"{value}"


def new_token() -> str:
    """A token of 256 random bits."""
    return secrets.token_urlsafe(32)


def _one_of(users: Mapping[str, StoredUser], name: str) -> StoredUser:
    if name not in users:
        there_are = ", ".join(users) or "none"
        raise ValueError(f"there is no user {name!r} in this folder; there are: {there_are}")
    return users[name]


def _read(path: Path) -> _Document:
    try:
        with open_own(path, os.O_RDONLY) as file:
            content = file.read()
    except FileNotFoundError:
        return _Document()
    try:
        document = msgspec.json.decode(content, type=_Document)
        if document.version != VERSION:
            raise ValueError(
                f"version {document.version}, written by a newer version of this package"
            )
        for user in document.users:
            bytes.fromhex(user.sha256)
            read_caps(f"{name}={_text(value)}" for name, value in user.caps.items())
    except ValueError as error:  # msgspec's errors are ValueErrors
        raise ValueError(f"{path} can't be read: {error}") from None
    return document


@contextlib.contextmanager
def _lock(path: Path) -> Generator[None]:
    """Holds the lock of an empty SQLite file, which ends with the process on every system.

    Raises:
        ValueError: another command held it for 10 s.
    """
    open_own(path, os.O_RDWR | os.O_CREAT).close()
    give_to_owner(path)
    with contextlib.closing(
        sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)
    ) as database:
        try:
            database.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise ValueError(
                f"another command changes the users of {path.parent}: {error}"
            ) from None
        yield
