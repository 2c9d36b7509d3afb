"""Authentication. In: users and a request's headers. Out: a Principal, or a 401.

A user has one long-lived API key. It is exchanged at ``POST /identity/token`` for a JSON web token
(HMAC-SHA256) that expires; the key itself is accepted as a bearer token too.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from qiskit_rest_primitives.local.limits import Caps
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.local.users import KnownUser, User, check_apart, digest_of, known
from qiskit_rest_primitives.local.watched_users import WatchedUsers
from qiskit_rest_primitives.wire.limits import BAD_CREDENTIALS, INSTANCE_NOT_FOUND

logger = logging.getLogger(__name__)

DEFAULT_LIFETIME_SECONDS = 3600.0
MAX_TOKEN_LENGTH = 8192
_HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()


@dataclass(frozen=True)
class Principal:
    """The authenticated user of a request, and the instance that it uses.

    Attributes:
        user: the name.
        instance: a CRN: one of the user's own, or of anybody for an administrator.
        admin: whether the user may set limits of instances, and faults.
    """

    user: str
    instance: str
    admin: bool = False


class WrongKeyError(ProblemError):
    """401 for credentials that were not issued here: somebody may be guessing."""


class Tokens:
    """Issues and checks tokens.

    Args:
        users: the users with access.
        watched: files with more of them, which may change.
        lifetime_seconds: how long an issued token is valid.
        secret: key of the signature; random by default, so that a restart ends all issued tokens.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        users: Sequence[User],
        *,
        watched: Sequence[WatchedUsers] = (),
        lifetime_seconds: float = DEFAULT_LIFETIME_SECONDS,
        secret: bytes | None = None,
        clock: Callable[[], float] = time.time,
    ):
        self._secret = secret or secrets.token_bytes(32)
        del secret  # an error shows the variables of the frames that it passes
        if lifetime_seconds <= 0:
            raise ValueError(f"a token's lifetime must be positive, not {lifetime_seconds} s")
        self._watched = watched
        self.replace(users)
        self.lifetime_seconds = lifetime_seconds
        self._clock = clock

    def replace(self, users: Sequence[User]) -> None:
        """Gives access to these users and those of the files, and to no other.

        Raises:
            ValueError: a name or token occurs twice.
        """
        self._given = [known(user) for user in users]
        self._admit()

    def refresh(self) -> None:
        """Reads the files of users that have changed."""
        changed = [watched for watched in self._watched if watched.refresh()]
        if changed:
            try:
                self._admit()
            except ValueError as error:
                logger.error("%s; the users stay those of before", error)

    def _admit(self) -> None:
        users = [*self._given, *(user for watched in self._watched for user in watched.users)]
        check_apart(users)
        self._users = {user.name: user for user in users}

    def expire_all(self, secret: bytes | None = None) -> None:
        """Ends every token issued so far; API keys stay valid.

        Args:
            secret: the new key of the signature; random by default.
        """
        self._secret = secret or secrets.token_bytes(32)

    def user_of_key(self, key: str) -> KnownUser | None:
        """The owner of an API key; takes the same time for every key, known or not."""
        self.refresh()
        digest = digest_of(key)
        found: KnownUser | None = None
        for user in self._users.values():
            if hmac.compare_digest(user.digest, digest):
                found = user
        return found

    def instances_of(self, name: str) -> tuple[str, ...]:
        """CRNs of a user's instances; none if they have left."""
        user = self._users.get(name)
        return () if user is None else user.instances

    def caps_of(self, name: str, of_everybody: Caps) -> Caps:
        """The limits of a user.

        Args:
            name: of the user, who may have left.
            of_everybody: limits that hold where the user has none of their own.
        """
        user = self._users.get(name)
        return of_everybody if user is None else user.caps(of_everybody)

    def issue(self, user: KnownUser) -> dict[str, Any]:
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

    def _is_signed(self, token: str) -> bool:
        """Whether a token was issued here, even if it has ended since."""
        signed, _, signature = token.rpartition(".")
        expected = self._signature(signed).encode()
        return hmac.compare_digest(expected, signature.encode("utf-8", "surrogatepass"))

    def _user_of_jwt(self, token: str) -> KnownUser | None:
        if not self._is_signed(token):
            return None
        signed = token.rpartition(".")[0]
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

    def _mark_of(self, user: KnownUser) -> str:
        return hmac.digest(self._secret, user.digest, "sha256").hex()[:16]

    def _user_of(self, authorization: str) -> KnownUser | None:
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        self.refresh()
        if token and len(token) <= MAX_TOKEN_LENGTH:
            if scheme.lower() == "bearer" and token.count(".") == 2:
                return self._user_of_jwt(token) or self.user_of_key(token)
            if scheme.lower() in ("bearer", "apikey"):
                return self.user_of_key(token)
        return None

    def _refusal(self, authorization: str | None) -> ProblemError:
        """The 401; tokens that have ended are no guesses."""
        token = (authorization or "").partition(" ")[2].strip()
        is_guess = bool(authorization) and not (
            len(token) <= MAX_TOKEN_LENGTH and self._is_signed(token)
        )
        return (WrongKeyError if is_guess else ProblemError)(
            401,
            "Invalid credentials." if authorization else "No credentials.",
            code=BAD_CREDENTIALS,
            solution="Send 'Authorization: Bearer TOKEN' with a valid, unexpired token.",
            headers={"WWW-Authenticate": "Bearer"},
        )

    def check(self, authorization: str | None, instance: str | None) -> Principal:
        """Authenticates a request.

        Args:
            authorization: the header ``Authorization``: ``Bearer`` token or key, or ``apikey`` key.
            instance: the header ``Service-CRN``; None means the user's first instance. An
                administrator may name the instance of any user, to set its limit.

        Raises:
            ProblemError: 401 without a valid token; 404 with code 1279 for a foreign instance.
        """
        user = self._user_of(authorization or "")
        refusal = self._refusal(authorization) if user is None else None
        del authorization  # an error shows the variables of the frames that it passes
        if user is None:
            assert refusal is not None
            raise refusal
        if instance is None:
            return Principal(user.name, user.instances[0], user.admin)
        if instance not in user.instances and not (user.admin and self._is_instance(instance)):
            raise ProblemError(
                404,
                f"Instance {instance[:200]} not found.",
                code=INSTANCE_NOT_FOUND,
                solution="Send one of your own instances in the header Service-CRN.",
            )
        return Principal(user.name, instance, user.admin)

    def _is_instance(self, crn: str) -> bool:
        return any(crn in user.instances for user in self._users.values())
