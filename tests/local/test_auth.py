"""Token files, keys and JSON web tokens, without a service."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from qiskit_rest_primitives.local.auth import Tokens
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.local.users import User, default_instance, known, read_token_file
from tests.tokens import own_file, secret

KEY = secret("key in a file")
SIGNING_KEY = secret("signature", 32).encode()
ALICE = User("alice", secret("alice"))
BOB = User("bob", secret("bob"), ("crn:one", "crn:two"))


class Clock:
    """Time that a test sets."""

    now = 1_800_000_000.25

    def __call__(self) -> float:
        """Now."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A stopped clock."""
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> Tokens:
    """Tokens of two users, valid for 60 seconds."""
    return Tokens([ALICE, BOB], lifetime_seconds=60, clock=clock)


def refused(tokens: Tokens, authorization: str | None, instance: str | None = None) -> int:
    """The status of a refusal."""
    with pytest.raises(ProblemError) as caught:
        tokens.check(authorization, instance)
    return caught.value.status


class TestCheck:
    def test_returns_user_and_instance(self, tokens: Tokens) -> None:
        """By key or issued token; the first instance is the default."""
        issued = tokens.issue(known(BOB))["access_token"]
        for authorization in (f"Bearer {BOB.token}", f"apikey {BOB.token}", f"Bearer {issued}"):
            principal = tokens.check(authorization, None)
            assert (principal.user, principal.instance) == ("bob", "crn:one")
            assert tokens.check(authorization, "crn:two").instance == "crn:two"
        assert refused(tokens, f"Bearer {BOB.token}", ALICE.instances[0]) == 404

    def test_a_token_expires(self, tokens: Tokens, clock: Clock) -> None:
        """It is a 401 after its lifetime, and not earlier."""
        issued = tokens.issue(known(ALICE))
        clock.now = issued["expiration"] - 0.01
        assert tokens.check(f"Bearer {issued['access_token']}", None).user == "alice"
        clock.now = issued["expiration"] + 1.0
        assert refused(tokens, f"Bearer {issued['access_token']}") == 401

    def test_a_lifetime_may_be_a_fraction_of_a_second(self, clock: Clock) -> None:
        """Lifetimes need not be whole seconds."""
        tokens = Tokens([ALICE], lifetime_seconds=0.5, clock=clock)
        issued = tokens.issue(known(ALICE))["access_token"]
        clock.now += 0.49
        assert tokens.check(f"Bearer {issued}", None).user == "alice"
        clock.now += 0.02
        assert refused(tokens, f"Bearer {issued}") == 401

    def test_a_changed_token_is_refused(self, tokens: Tokens) -> None:
        """Header, claims or signature: 401."""
        issued = tokens.issue(known(ALICE))["access_token"]
        for position in range(0, len(issued), 7):
            letter = "A" if issued[position] != "A" else "B"
            changed = issued[:position] + letter + issued[position + 1 :]
            if position == len(issued) - 1:
                continue  # the low bits of the last letter are not used
            assert refused(tokens, f"Bearer {changed}") == 401

    def test_an_unsigned_one_is_refused(self, tokens: Tokens) -> None:
        """The algorithm "none" is refused."""
        head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
        body = tokens.issue(known(ALICE))["access_token"].split(".")[1]
        for signature in ("", "x"):
            assert refused(tokens, f"Bearer {head}.{body}.{signature}") == 401

    def test_another_secret_is_refused(self, tokens: Tokens, clock: Clock) -> None:
        """A service accepts tokens of another one only if they share the secret."""
        issued = tokens.issue(known(ALICE))["access_token"]
        other = Tokens([ALICE], clock=clock)
        assert refused(other, f"Bearer {issued}") == 401
        first = Tokens([ALICE], secret=SIGNING_KEY, clock=clock)
        second = Tokens([ALICE], secret=SIGNING_KEY, clock=clock)
        issued = first.issue(known(ALICE))["access_token"]
        assert second.check(f"Bearer {issued}", None).user == "alice"

    def test_tokens_of_a_removed_user_are_refused(self, clock: Clock) -> None:
        """Without the user's line in the file, an issued token is a 401."""
        both = Tokens([ALICE, BOB], secret=SIGNING_KEY, clock=clock)
        issued = both.issue(known(BOB))["access_token"]
        assert refused(Tokens([ALICE], secret=SIGNING_KEY, clock=clock), f"Bearer {issued}") == 401

    def test_a_token_becomes_invalid_with_its_api_key(self, clock: Clock) -> None:
        """A changed key in the token file revokes the tokens that were issued for the old one."""
        issued = Tokens([ALICE], secret=SIGNING_KEY, clock=clock).issue(known(ALICE))[
            "access_token"
        ]
        assert Tokens([ALICE], secret=SIGNING_KEY, clock=clock).check(f"Bearer {issued}", None)
        changed = Tokens([User("alice", secret("another key"))], secret=SIGNING_KEY, clock=clock)
        assert refused(changed, f"Bearer {issued}") == 401

    def test_unsigned_claims_are_refused(self, tokens: Tokens) -> None:
        """No algorithm, another one, an empty signature, another user's name: 401."""
        header, claims, signature = tokens.issue(known(ALICE))["access_token"].split(".")
        content = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))

        def part(value: object) -> str:
            return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

        none = part({"alg": "none", "typ": "JWT"})
        bobs = part(content | {"sub": "bob"})
        forever = part(content | {"exp": 1 << 60})
        for token in (
            f"{none}.{claims}.",
            f"{none}.{claims}.{signature}",
            f"{header}.{claims}.",
            f"{header}.{bobs}.{signature}",
            f"{header}.{forever}.{signature}",
            f"..{signature}",
            "..",
            f"{header}.{claims}.{signature}=",
            f"{header}.{claims}.{signature.lower()}",
        ):
            assert refused(tokens, f"Bearer {token}") == 401

    def test_a_token_is_invalid_at_its_expiry(self, tokens: Tokens, clock: Clock) -> None:
        """The expiry itself is not part of the lifetime."""
        issued = tokens.issue(known(ALICE))
        clock.now = issued["expiration"]
        assert refused(tokens, f"Bearer {issued['access_token']}") == 401

    def test_a_key_with_dots_is_still_a_key(self, clock: Clock) -> None:
        """A key may look like a JSON web token."""
        user = User("carol", f"header.claims.{secret('carol')}")
        assert Tokens([user], clock=clock).check(f"Bearer {user.token}", None).user == "carol"

    def test_the_claims_are_those_of_the_identity_service(self, tokens: Tokens) -> None:
        """Clients renew tokens by exp and iat."""
        content = tokens.issue(known(ALICE))
        claims = content["access_token"].split(".")[1]
        decoded = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        assert decoded["exp"] - decoded["iat"] >= 60
        assert content["expires_in"] == 60
        assert decoded["sub"] == "alice"

    def test_a_lifetime_is_positive(self) -> None:
        """Zero and negative lifetimes are refused at the start."""
        with pytest.raises(ValueError, match="positive"):
            Tokens([ALICE], lifetime_seconds=0)


class TestUser:
    def test_hides_the_token(self) -> None:
        """Repr has no secret."""
        assert ALICE.token not in repr(ALICE)

    def test_has_an_instance(self) -> None:
        """It is the same at every start, in the documented form."""
        assert ALICE.instances == (default_instance("alice"),)
        assert default_instance("alice") != default_instance("bob")
        assert ALICE.instances[0].startswith("crn:v1:bluemix:public:quantum-computing:us-east:a/")
        assert ALICE.instances[0].endswith("::")


class TestTokenFile:
    def test_is_read(self, tmp_path: Path) -> None:
        """Names, tokens, instances; comments and blank lines are skipped."""
        crn = default_instance("x")
        path = own_file(tmp_path / "tokens")
        path.write_text(f"# users\nalice {ALICE.token}\n\nbob {BOB.token} {crn} # two words\n")
        alice, bob = read_token_file(path)
        assert alice == known(ALICE)
        assert bob.instances == (crn,)

    def test_says_who_is_an_administrator(self, tmp_path: Path) -> None:
        """The word after the token; instances may follow."""
        crn = default_instance("x")
        path = own_file(tmp_path / "tokens")
        path.write_text(f"alice {ALICE.token} admin\nbob {BOB.token} admin {crn}\n")
        alice, bob = read_token_file(path)
        assert alice.admin
        assert (bob.admin, bob.instances) == (True, (crn,))

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("alice", "line 1"),
            ("alice short", "5 characters: at least 32 are needed; `openssl rand"),
            ("alice KEY not-a-crn", "not a CRN"),
            ("a KEY\na also-KEY", "twice"),
            ("a KEY\nb KEY", "twice"),
            ("# nobody", "no users"),
        ],
    )
    def test_errors_name_the_line(self, tmp_path: Path, text: str, words: str) -> None:
        """The message has the line and the error."""
        path = own_file(tmp_path / "tokens")
        path.write_text(text.replace("KEY", KEY))
        with pytest.raises(ValueError, match=words) as caught:
            read_token_file(path)
        assert KEY not in str(caught.value)

    def test_bytes_that_are_no_text_are_an_error(self, tmp_path: Path) -> None:
        """The message says where they are."""
        path = tmp_path / "tokens"
        path.write_bytes(b"alice \xff")
        with pytest.raises(ValueError, match=r"not UTF-8 \(byte 6\)"):
            read_token_file(path)
