"""Users of the service. In: names, API keys, and lines of a token file. Out: KnownUsers."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from qiskit_rest_primitives.local.limits import Caps

SHORTEST_TOKEN: Final = 32
"""Characters. A random token this long can't be guessed, however often somebody tries."""
ADMIN_WORD: Final = "admin"
"""After the token, in a token file."""
_CRN = re.compile(r"crn:v1:[^:\s]*:[^:\s]*:quantum-computing:[^:\s]*:a/[0-9a-f]{32}:[^:\s]+::")
_NAME = re.compile(r"[\w.@+-]{1,100}")


def default_instance(user: str) -> str:
    """The CRN a user has unless another is named; the same at every start."""
    account = hashlib.sha256(f"account of {user}".encode()).hexdigest()[:32]
    guid = uuid.uuid5(uuid.NAMESPACE_URL, f"instance of {user}")
    return f"crn:v1:bluemix:public:quantum-computing:us-east:a/{account}:{guid}::"


def digest_of(token: str) -> bytes:
    """What the service keeps of a token: its SHA-256.

    A slow hash, as passwords need, is of no use: a token is made of random characters and has at
    least 32 of them, so that nobody finds it by trying, at any speed.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True)
class User:
    """Someone with an API key.

    Attributes:
        name: the owner of jobs and sessions.
        token: the API key, of at least 32 characters; hidden in ``repr``.
        instances: CRNs of the user's instances, at least one; the first is the default.
        caps: limits of this user; None for those of the service (`Limits.caps`).
        admin: whether the user may set limits of instances, and faults.

    >>> from secrets import token_urlsafe
    >>> users = [User("ada", token=token_urlsafe(32)), User("bob", token=token_urlsafe(32))]
    >>> with LocalService(users=users) as shared:
    ...     print(len(QiskitRuntimeService(url=shared.url, token=users[1].token).jobs()))
    0
    """

    name: str
    token: str = field(repr=False)
    instances: tuple[str, ...] = ()
    caps: Caps | None = None
    admin: bool = False

    def __post_init__(self) -> None:
        if not self.instances:
            object.__setattr__(self, "instances", (default_instance(self.name),))


@dataclass(frozen=True)
class KnownUser:
    """A user as the service keeps them: without the token.

    Attributes:
        name: the owner of jobs and sessions.
        digest: of the token, by :func:`digest_of`.
        instances: CRNs, at least one.
        own_caps: limits that differ from those that everybody has; fields of `Caps`.
        admin: whether the user may set limits of instances, and faults.
    """

    name: str
    digest: bytes = field(repr=False)
    instances: tuple[str, ...]
    own_caps: Mapping[str, Any] = field(default_factory=dict)
    admin: bool = False

    def caps(self, of_everybody: Caps) -> Caps:
        """The user's limits."""
        return replace(of_everybody, **self.own_caps) if self.own_caps else of_everybody


def known(user: User) -> KnownUser:
    """What the service keeps of a user."""
    caps = {} if user.caps is None else asdict(user.caps)
    return KnownUser(user.name, digest_of(user.token), user.instances, caps, user.admin)


def check_users(users: Sequence[User]) -> None:
    """Checks the users that a program hands in.

    Raises:
        ValueError: a token is too short, or a name or token occurs twice.
    """
    for user in users:
        if len(user.token) < SHORTEST_TOKEN:
            raise ValueError(
                f"the token of {user.name!r} has {len(user.token)} characters: at least"
                f" {SHORTEST_TOKEN} are needed; secrets.token_urlsafe(32) makes one"
            )
    check_apart(map(known, users))


def check_apart(users: Iterable[KnownUser]) -> None:
    """Checks that each name and each token belongs to one user.

    Raises:
        ValueError: one occurs twice.
    """
    names: set[str] = set()
    digests: dict[bytes, str] = {}
    for user in users:
        if user.name in names:
            raise ValueError(f"there are two users {user.name!r}: rename or remove one")
        if user.digest in digests:
            raise ValueError(
                f"{user.name!r} and {digests[user.digest]!r} have the same token: give each their"
                " own"
            )
        names.add(user.name)
        digests[user.digest] = user.name


def check_name(name: str) -> None:
    """Checks the name of a new user.

    Raises:
        ValueError: other characters than letters, digits and ``_.@+-``; or more than 100.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is not a valid name: use up to 100 letters, digits and _ . @ + -"
        )


def check_instances(instances: Iterable[str]) -> None:
    """Checks the CRNs of a new user.

    Raises:
        ValueError: one has another form.
    """
    for crn in instances:
        if not _CRN.fullmatch(crn):
            raise ValueError(f"{crn!r} is not a CRN like {default_instance('alice')}")


def read_token_file(path: str | Path) -> list[KnownUser]:
    """Reads users from a text file, one a line: ``NAME TOKEN [admin] [CRN ...]``; ``#`` comments.

    Raises:
        OSError: the file can't be read.
        ValueError: a malformed line, a name or token that occurs twice, or no user at all.
    """
    users, problem = _read_users(Path(path))
    if problem:
        raise ValueError(f"{path}{problem}")
    if not users:
        raise ValueError(f"{path}: no users; add lines NAME TOKEN [admin] [CRN ...]")
    return users


def _read_users(path: Path) -> tuple[list[KnownUser], str]:
    """The users, and what is wrong; tokens are in this frame, so only OSError is raised."""
    users: list[KnownUser] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        return [], f": not UTF-8 (byte {error.start})"
    for number, line in enumerate(lines, start=1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        where = f", line {number}"
        if len(words) < 2:
            return [], f"{where}: expected NAME TOKEN [admin] [CRN ...]"
        name, token, *rest = words
        if len(token) < SHORTEST_TOKEN:
            return [], (
                f"{where}: the token of {name!r} has {len(token)} characters: at least"
                f" {SHORTEST_TOKEN} are needed; `openssl rand -base64 36` makes one"
            )
        admin = rest[:1] == [ADMIN_WORD]
        instances = tuple(rest[1:] if admin else rest)
        if not all(map(_CRN.fullmatch, instances)):
            # Not quoted: it may be the token, after a stray word.
            return [], f"{where}: after the token, not a CRN like {default_instance(name)}"
        digest = digest_of(token)
        if any(name == user.name or digest == user.digest for user in users):
            return [], f"{where}: {name!r} or its token occurs twice"
        users.append(KnownUser(name, digest, instances or (default_instance(name),), admin=admin))
    return users, ""
