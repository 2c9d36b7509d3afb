from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from qiskit_rest_primitives.account import Secret, resolve_account
from qiskit_rest_primitives.errors import AccountError
from tests.account.test_resolve import KEY, LOCAL, READY, crn
from tests.secrets.exceptions import views
from tests.secrets.marking import MARKER
from tests.tokens import hex_secret, jwt, secret

PASSWORD = secret("password")


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("TOKEN", "INSTANCE", "URL", "CHANNEL", "REGION"):
        monkeypatch.delenv(f"QISKIT_IBM_{name}", raising=False)


def test_expired_bearer_token_is_refused_before_anything_is_sent() -> None:
    """It can't be renewed; the cure is an API key."""
    with pytest.raises(AccountError, match=r"expired 60 minutes ago .* pass an API key"):
        resolve_account(token=jwt(time.time() - 3600), instance=crn())


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("", "the token is empty"),
        ("  ", "the token is empty"),
        (17, "the token is a int"),
        (f"{KEY[:20]} {KEY[20:]}", "spaces"),
        (f"{KEY}-schlüssel", "non-ASCII"),
        (secret("short", 19), "19 characters are not an API key"),
        (f"<{KEY}>", "are not an API key"),
        (hex_secret(128), "Classic, switched off"),
    ],
    ids=["empty", "blank", "number", "two words", "umlaut", "short", "brackets", "classic"],
)
def test_a_malformed_token_is_refused(token: Any, message: str) -> None:
    """The message has a cure and does not quote the token."""
    with pytest.raises(AccountError, match=message) as caught:
        resolve_account(token=Secret(token), instance=crn())
    assert MARKER not in "\n".join(text for _, text in views(caught.value))


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        (None, "needs an instance; copy the CRN"),
        ("auto", "needs an instance"),
        ("my-instance", "is a name; copy the CRN"),
        ("crn:v1:bluemix", "not a whole CRN of ten fields"),
        (crn().rstrip(":"), "not a whole CRN"),
        (crn("evil.example.org/"), "not a whole CRN"),
        (crn().replace("quantum-computing", "cloudant"), "not a whole CRN"),
        (5, "instance is a int"),
    ],
)
def test_malformed_instance_is_refused(instance: Any, message: str) -> None:
    """IBM's service needs a whole CRN; it also decides where the token goes."""
    with pytest.raises(AccountError, match=message):
        resolve_account(token=KEY, instance=instance)


@pytest.mark.parametrize("instance", ["a\nb", "ü", "crn:v1:x"])
def test_an_instance_that_is_no_header_value_is_refused(instance: str) -> None:
    """For other services than IBM's, too."""
    with pytest.raises(AccountError, match="instance"):
        resolve_account(token=READY, url=LOCAL, instance=instance)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("channel", "ibm_cloude", "unknown channel 'ibm_cloude'; did you mean 'ibm_cloud'?"),
        ("channel", "ibm_quantum_plattform", "plattform'; did you mean 'ibm_quantum_platform'?"),
        ("channel", "quantum", "unknown channel 'quantum'; expected one of ibm_quantum_platform, "),
        ("channel", "ibm_quantum", "switched off in July 2025; use 'ibm_quantum_platform'"),
        pytest.param("channel", KEY, "the channel looks like a token", id="token as channel"),
        ("region", "Frankfurt", "'Frankfurt' is not a region"),
        ("url", "127.0.0.1:8000/v1", "is not an http"),
        ("url", "http://[::1", "is not an http"),
        ("url", "http://host:0/v1", "is not an http"),
        ("url", 5, "is not an http"),
        pytest.param(
            "url", f"https://me:{PASSWORD}@example.org", "user name or password", id="password"
        ),
        pytest.param("url", f"me:{PASSWORD}@example.org", "is not an http", id="no scheme"),
        pytest.param(
            "url", f"https://example.org?key={PASSWORD}", "query or fragment", id="key in the query"
        ),
        pytest.param(
            "proxies",
            {"https": f"http://me:{PASSWORD}€@p:1"},
            "beyond Latin-1",
            id="password beyond Latin-1",
        ),
        pytest.param(
            "proxies", {"password_ntlm": PASSWORD}, "NTLM proxies are not", id="NTLM password"
        ),
        ("url", "https://example.org?x=1", "query or fragment"),
        ("url", "http://quantum.cloud.ibm.com/api/v1", "in clear text; use https"),
        ("verify", "/no/such/bundle.pem", "does not exist"),
        ("verify", 1.5, "expected True, False or the path"),
        ("proxies", "http://proxy", "proxies is a str"),
        ("proxies", {"urls": {"https": 1}}, "must map a scheme"),
        ("proxies", {"username_ntlm": "me"}, "NTLM proxies are not supported"),
    ],
)
def test_malformed_part_is_refused(field: str, value: Any, message: str) -> None:
    """The message names the field, its value and the cure."""
    with pytest.raises(AccountError, match=message) as caught:
        resolve_account(**{"token": KEY, "instance": crn()} | {field: value})
    assert MARKER not in "\n".join(text for _, text in views(caught.value))


@pytest.mark.parametrize(
    "proxies", [{"https": "http://p:1"}, {"urls": {"https": "http://p:1"}, "username_ntlm": ""}]
)
def test_proxies_of_either_form_become_those_of_requests(proxies: Any) -> None:
    """The official client wraps them in ``urls``."""
    account = resolve_account(token=KEY, instance=crn(), proxies=proxies)
    assert account.proxies == {"https": "http://p:1"}
    assert resolve_account(token=KEY, instance=crn(), proxies={"urls": {}}).proxies is None


def test_ca_bundle_is_passed_on(tmp_path: Path) -> None:
    """``verify`` may name a file."""
    bundle = tmp_path / "ca.pem"
    bundle.write_text("")
    assert resolve_account(token=KEY, instance=crn(), verify=str(bundle)).verify == str(bundle)
