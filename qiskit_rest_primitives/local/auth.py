"""Authentication. In: a token file and a request's headers. Out: a Principal, or a 401.

A user has one long-lived API key. It is exchanged at ``POST /identity/token`` for a JSON web token
(HMAC-SHA256) that expires; the key itself is accepted as a bearer token too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from qiskit_rest_primitives.local.limits import Caps
from qiskit_rest_primitives.local.problems import BAD_CREDENTIALS, INSTANCE_NOT_FOUND, ProblemError

API_KEY_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
DEFAULT_LIFETIME_SECONDS = 3600.0
MAX_TOKEN_LENGTH = 8192
_HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
_CRN = re.compile(r"crn:v1:[^:\s]*:[^:\s]*:quantum-computing:[^:\s]*:a/[0-9a-f]{32}:[^:\s]+::")


def default_instance(user: str) -> str:
    """The CRN a user has when the token file names none; the same at every start."""
    account = hashlib.sha256(f"account of {user}".encode()).hexdigest()[:32]
    guid = uuid.uuid5(uuid.NAMESPACE_URL, f"instance of {user}")
    return f"crn:v1:bluemix:public:quantum-computing:us-east:a/{account}:{guid}::"


@dataclass(frozen=True)
class User:
    """Someone with an API key.

    Attributes:
        name: the owner of jobs and sessions.
        token: the API key; hidden in ``repr``.
        instances: CRNs of the user's instances, at least one; the first is the default.
        caps: limits of this user; None for those of the service (`Limits.caps`).
        admin: whether the user may see what concerns all users.

    >>> users = [User("ada", token="a-token-of-ada"), User("bob", token="a-token-of-bob")]
    >>> with LocalService(users=users) as shared:
    ...     print(len(QiskitRuntimeService(url=shared.url, token="a-token-of-bob").jobs()))
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
class Principal:
    """The authenticated user of a request, and the instance that it uses."""

    user: str
    instance: str
    admin: bool = False


def read_token_file(path: str | Path) -> list[User]:
    """Reads users from a text file, one a line: ``NAME TOKEN [CRN ...]``; ``#`` starts a comment.

    Raises:
        ValueError: a malformed line, a name or token that occurs twice, or no user at all.
    """
    users, problem = _read_users(Path(path))
    if problem:
        raise ValueError(f"{path}{problem}")
    if not users:
        raise ValueError(f"{path}: no users; add lines NAME TOKEN [CRN ...]")
    return users


def _read_users(path: Path) -> tuple[list[User], str]:
    """The users, and what is wrong; tokens are in this frame, so only OSError is raised."""
    users: list[User] = []
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
            return [], f"{where}: expected NAME TOKEN [CRN ...]"
        name, token, *instances = words
        if len(token) < 8:
            return [], f"{where}: the token of {name!r} is shorter than 8 characters"
        if not all(map(_CRN.fullmatch, instances)):
            # Not quoted: it may be the token, after a stray word.
            return [], f"{where}: after the token, not a CRN like {default_instance(name)}"
        if any(name == user.name or token == user.token for user in users):
            return [], f"{where}: {name!r} or its token occurs twice"
        users.append(User(name, token, tuple(instances)))
    return users, ""


class Tokens:
    """Issues and checks tokens.

    Args:
        users: the users with access.
        lifetime_seconds: how long an issued token is valid.
        secret: key of the signature; random by default, so that a restart ends all issued tokens.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        users: Sequence[User],
        *,
        lifetime_seconds: float = DEFAULT_LIFETIME_SECONDS,
        secret: bytes | None = None,
        clock: Callable[[], float] = time.time,
    ):
        self._secret = secret or secrets.token_bytes(32)
        del secret  # an error shows the variables of the frames that it passes
        if lifetime_seconds <= 0:
            raise ValueError(f"a token's lifetime must be positive, not {lifetime_seconds} s")
        self.replace(users)
        self.lifetime_seconds = lifetime_seconds
        self._clock = clock

    def replace(self, users: Sequence[User]) -> None:
        """Gives access to these users, and to no other."""
        self._users = {user.name: user for user in users}
        self._digests = [(hashlib.sha256(user.token.encode()).digest(), user) for user in users]

    def expire_all(self, secret: bytes | None = None) -> None:
        """Ends every token issued so far; API keys stay valid.

        Args:
            secret: the new key of the signature; random by default.
        """
        self._secret = secret or secrets.token_bytes(32)

    def user_of_key(self, key: str) -> User | None:
        """The owner of an API key; takes the same time for every key, known or not."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        found: User | None = None
        for known, user in self._digests:
            if hmac.compare_digest(known, digest):
                found = user
        return found

    def instances_of(self, name: str) -> tuple[str, ...]:
        """CRNs of a user's instances."""
        return self._users[name].instances

    def caps_of(self, name: str) -> Caps | None:
        """A user's own limits; None if they have none of their own, or have left."""
        user = self._users.get(name)
        return None if user is None else user.caps

    def issue(self, user: User) -> dict[str, Any]:
        """The reply of the identity service: a signed token and when it ends."""
        now = self._clock()
        issued, expires = int(now), now + self.lifetime_seconds
        claims = {
            "iss": "qiskit-rest-primitives",
            "sub": user.name,
            "iat": issued,
            "exp": round(expires, 3)
            if expires % 1 and self.lifetime_seconds < 60
            else int(expires),
            "key": self._mark_of(user),
            "jti": secrets.token_hex(8),
        }
        body = base64.urlsafe_b64encode(msgspec.json.encode(claims)).rstrip(b"=").decode()
        signed = f"{_HEADER}.{body}"
        return {
            "access_token": f"{signed}.{self._signature(signed)}",
            "refresh_token": "not_supported",
            "token_type": "Bearer",
            "expires_in": max(1, int(self.lifetime_seconds)),
            "expiration": int(expires),
            "scope": "ibm openid",
        }

    def _signature(self, signed: str) -> str:
        digest = hmac.digest(self._secret, signed.encode("utf-8", "surrogatepass"), "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _user_of_jwt(self, token: str) -> User | None:
        signed, _, signature = token.rpartition(".")
        expected = self._signature(signed).encode()
        if not hmac.compare_digest(expected, signature.encode("utf-8", "surrogatepass")):
            return None
        body = signed.partition(".")[2]
        try:
            claims = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        except (binascii.Error, msgspec.DecodeError):  # pragma: no cover - we signed it
            return None
        user = self._users.get(claims["sub"])
        if user is None or claims["exp"] <= self._clock():
            return None
        # A token ends with the API key that it was issued for.
        return user if claims.get("key") == self._mark_of(user) else None

    def _mark_of(self, user: User) -> str:
        return hmac.digest(self._secret, user.token.encode(), "sha256").hex()[:16]

    def _user_of(self, authorization: str) -> User | None:
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if token and len(token) <= MAX_TOKEN_LENGTH:
            if scheme.lower() == "bearer" and token.count(".") == 2:
                return self._user_of_jwt(token) or self.user_of_key(token)
            if scheme.lower() in ("bearer", "apikey"):
                return self.user_of_key(token)
        return None

    def check(self, authorization: str | None, instance: str | None) -> Principal:
        """Authenticates a request.

        Args:
            authorization: the header ``Authorization``: ``Bearer`` token or key, or ``apikey`` key.
            instance: the header ``Service-CRN``; None means the user's first instance.

        Raises:
            ProblemError: 401 without a valid token; 404 with code 1279 for a foreign instance.
        """
        user = self._user_of(authorization or "")
        message = "Invalid credentials." if authorization else "No credentials."
        del authorization  # an error shows the variables of the frames that it passes
        if user is None:
            raise ProblemError(
                401,
                message,
                code=BAD_CREDENTIALS,
                solution="Send 'Authorization: Bearer TOKEN' with a valid, unexpired token.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if instance is None:
            return Principal(user.name, user.instances[0], user.admin)
        if instance not in user.instances:
            raise ProblemError(
                404,
                f"Instance {instance[:200]} not found.",
                code=INSTANCE_NOT_FOUND,
                solution="Send one of your own instances in the header Service-CRN.",
            )
        return Principal(user.name, instance, user.admin)
