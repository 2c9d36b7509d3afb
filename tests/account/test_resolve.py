from __future__ import annotations

import copy
import logging
import pickle
import time
from pathlib import Path

import pytest
from qiskit.providers.fake_provider import GenericBackendV2

from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2
from qiskit_rest_primitives.account import (
    Account,
    Secret,
    as_saved,
    resolve_account,
    save_account,
)
from qiskit_rest_primitives.errors import AccountError
from tests.tokens import jwt, secret

KEY = secret("api key")
OTHER_KEY = secret("other api key")
READY = secret("ready token")
LOCAL = "http://127.0.0.1:8123/v1"


def crn(region: str = "us-east", cname: str = "bluemix") -> str:
    """An instance's CRN."""
    account, guid = "0123456789abcdef" * 2, "11111111-2222-3333-4444-555555555555"
    return f"crn:v1:{cname}:public:quantum-computing:{region}:a/{account}:{guid}::"


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("TOKEN", "INSTANCE", "URL", "CHANNEL", "REGION"):
        monkeypatch.delenv(f"QISKIT_IBM_{name}", raising=False)
    monkeypatch.delenv("IAM_URL", raising=False)


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("url", ["https://cloud.ibm.com", "https://test.cloud.ibm.com"])
@pytest.mark.parametrize("region", ["us-east", "eu-de"])
def test_the_crns_region_selects_the_host(region: str, url: str, private: bool) -> None:
    """The URLs are those of the official client."""
    pytest.importorskip("qiskit_ibm_runtime")
    from qiskit_ibm_runtime.api.utils import default_runtime_url_resolver

    account = resolve_account(token=KEY, instance=crn(region), url=url, private_endpoint=private)
    assert account.api_url == default_runtime_url_resolver(url, crn(region), private)


def test_a_key_and_a_crn_are_enough_for_ibms_cloud() -> None:
    """The key is exchanged for tokens at IBM's identity service."""
    account = resolve_account(token=KEY, instance=crn())
    assert account.api_url == "https://quantum.cloud.ibm.com/api/v1"
    assert account.auth_url == "https://iam.cloud.ibm.com/identity/token"
    assert account.token_kind == "apikey"
    assert account.channel == "ibm_quantum_platform"
    assert account.verify is True


@pytest.mark.parametrize(
    ("private", "cname", "expected"),
    [
        (True, "bluemix", "https://private.iam.cloud.ibm.com/identity/token"),
        (False, "staging", "https://iam.test.cloud.ibm.com/identity/token"),
    ],
)
def test_identity_service_follows_private_and_staging(
    private: bool, cname: str, expected: str
) -> None:
    """As in the official client; a staging CRN alone moves the API to staging, too."""
    account = resolve_account(token=KEY, instance=crn(cname=cname), private_endpoint=private)
    assert account.auth_url == expected
    assert (".test." in account.api_url) == (cname == "staging")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (LOCAL, LOCAL),
        (LOCAL + "/", LOCAL),
        ("https://eu-de.quantum.cloud.ibm.com", "https://eu-de.quantum.cloud.ibm.com/api/v1"),
        (
            "https://quantum.cloud.ibm.com/api/v1",
            "https://quantum.cloud.ibm.com/api/v1",
        ),
        ("https://quantum.example.org/rest", "https://quantum.example.org/rest"),
    ],
)
def test_an_explicit_url_is_used_unchanged(url: str, expected: str) -> None:
    """The CRN's region does not matter; only IBM's bare hosts get the API's path."""
    assert resolve_account(token=KEY, instance=crn(), url=url).api_url == expected


def test_another_services_token_is_sent_unchanged() -> None:
    """Only IBM exchanges keys; an instance is optional and free elsewhere."""
    account = resolve_account(token=READY, url=LOCAL)
    assert (account.token_kind, account.instance) == ("bearer", None)
    assert resolve_account(token=READY, url=LOCAL, instance="group 7").instance == "group 7"
    assert resolve_account(token=READY, url=LOCAL, instance="auto").instance is None


def test_iam_url_names_an_identity_service_for_any_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The variable that IBM's own client reads."""
    monkeypatch.setenv("IAM_URL", "http://127.0.0.1:9/")
    account = resolve_account(token=KEY, url=LOCAL)
    assert account.token_kind == "apikey"
    assert account.auth_url == "http://127.0.0.1:9/identity/token"


def test_the_channel_local_needs_no_identity_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its token stays here, whatever ``IAM_URL`` says; a device of Qiskit runs as a mode."""
    monkeypatch.setenv("IAM_URL", "http://127.0.0.1:9")
    account = resolve_account(channel="local", token=KEY, url=LOCAL)
    assert account.token_kind == "bearer"
    assert QiskitRuntimeService(channel="local").backend("statevector").configuration()
    assert SamplerV2(GenericBackendV2(2, seed=1)).backend().configuration()


def test_a_json_web_token_is_a_bearer_token() -> None:
    """It is sent unchanged, to IBM too; the word Bearer and spaces around it are removed."""
    token = jwt(time.time() + 3600)
    account = resolve_account(token=f" Bearer {token}\n", instance=crn())
    assert account.token_kind == "bearer"
    assert account.token.reveal() == token


def test_a_json_web_token_without_readable_expiry_is_accepted() -> None:
    """Only the service can check it."""
    token = jwt(0).replace(jwt(0).split(".")[1], "AAAA")
    assert resolve_account(token=token, instance=crn()).token.reveal() == token


def test_a_region_that_contradicts_the_crn_is_ignored(caplog: pytest.LogCaptureFixture) -> None:
    """The CRN's region is used, with a warning."""
    with caplog.at_level(logging.WARNING):
        account = resolve_account(token=KEY, instance=crn(), region="eu-de")
    assert account.api_url == "https://quantum.cloud.ibm.com/api/v1"
    assert "region eu-de is not the instance's region" in caplog.text


def test_arguments_override_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each argument overrides its own variable only."""
    for name, value in {"TOKEN": OTHER_KEY, "INSTANCE": crn("eu-de"), "URL": LOCAL}.items():
        monkeypatch.setenv(f"QISKIT_IBM_{name}", value)
    account = resolve_account(token=KEY, channel="ibm_cloud")
    assert account.token.reveal() == KEY
    assert (account.channel, account.url, account.instance) == ("ibm_cloud", LOCAL, crn("eu-de"))
    account = resolve_account(instance=crn(), url="https://cloud.ibm.com")
    assert account.token.reveal() == OTHER_KEY
    assert account.api_url == "https://quantum.cloud.ibm.com/api/v1"


def test_the_environment_overrides_the_saved_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """The saved token is not combined with other variables."""
    save_account(token=KEY, instance=crn())
    monkeypatch.setenv("QISKIT_IBM_TOKEN", OTHER_KEY)
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", crn("eu-de"))
    monkeypatch.setenv("QISKIT_IBM_CHANNEL", "ibm_cloud")
    account = resolve_account()
    assert account.token.reveal() == OTHER_KEY
    assert (account.instance, account.channel, account.name) == (crn("eu-de"), "ibm_cloud", None)


def test_a_named_account_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is an argument, and arguments come first."""
    save_account(token=KEY, instance=crn(), name="mine", region="us-east", verify=False)
    monkeypatch.setenv("QISKIT_IBM_TOKEN", OTHER_KEY)
    account = resolve_account(name="mine")
    assert (account.token.reveal(), account.name) == (KEY, "mine")
    assert (account.region, account.verify) == ("us-east", False)
    assert resolve_account(name="mine", verify=True).verify is True


def test_the_environments_instance_overrides_the_saved_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An argument overrides both."""
    save_account(token=KEY, instance=crn())
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", crn("eu-de"))
    assert resolve_account().instance == crn("eu-de")
    assert resolve_account(instance=crn()).instance == crn()


def test_a_missing_account_is_explained(tmp_path: Path) -> None:
    """The error names the file that was read, and three cures."""
    with pytest.raises(AccountError, match=r"no account: pass token=.*QISKIT_IBM_TOKEN"):
        resolve_account()
    with pytest.raises(AccountError, match="no account for channel 'ibm_cloud'"):
        resolve_account(channel="ibm_cloud")
    with pytest.raises(AccountError, match=r"no account named 'x' .*there are: none"):
        resolve_account(name="x")


def test_a_saved_token_is_sent_to_its_own_service_only() -> None:
    """A url alone selects the account that was saved for it, or none."""
    save_account(token=KEY, instance=crn(), name="ibm", set_as_default=True)
    with pytest.raises(AccountError, match=f"no account for {LOCAL}"):
        resolve_account(url=LOCAL)
    with pytest.raises(AccountError, match=r"was saved for .*so its token is not sent to"):
        resolve_account(url=LOCAL, name="ibm")
    with pytest.raises(AccountError, match=r"no account for https://test\.cloud"):
        resolve_account(url="https://test.cloud.ibm.com")
    save_account(token=READY, url=LOCAL, channel="local")
    account = resolve_account(url=LOCAL + "/")
    assert (account.token.reveal(), account.channel) == (READY, "local")
    assert resolve_account(url="https://quantum.cloud.ibm.com/api/v1").name == "ibm"


def test_local_channel_needs_a_url() -> None:
    """`resolve` alone starts no service."""
    assert resolve_account("local", token=READY, url=LOCAL).channel == "local"
    with pytest.raises(AccountError, match="qiskit-rest serve"):
        resolve_account("local", token=READY)


def shown(account: Account) -> str:
    """All texts that display an account."""
    return repr(account) + str(account) + str(vars(account)) + repr(as_saved(account))


def test_every_display_of_an_account_hides_its_token() -> None:
    """Proxies are hidden, too: they may contain a password."""
    account = resolve_account(
        token=KEY, instance=crn(), proxies={"https": f"http://me:{secret('proxy')}@p:1"}
    )
    assert KEY not in shown(account)
    assert "pw" not in repr(account)
    assert str(account.token) == "<hidden>"
    saved = as_saved(account)
    assert saved["token"].reveal() == KEY
    assert saved["proxies"] == {"urls": {"https": f"http://me:{secret('proxy')}@p:1"}}


def test_a_secret_compares_and_copies_but_never_pickles() -> None:
    """A copy is the same object."""
    secret = Secret(KEY)
    assert secret == Secret(KEY)
    assert secret != Secret(OTHER_KEY)
    assert secret != KEY
    assert len({secret, Secret(KEY)}) == 1
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(secret)


def test_a_pickled_account_reads_its_token_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the saved account or the environment; the pickle has no token."""
    save_account(token=KEY, instance=crn(), name="mine")
    saved = pickle.dumps(resolve_account(name="mine"))
    given = pickle.dumps(resolve_account(token=OTHER_KEY, url=LOCAL))
    assert KEY.encode() not in saved
    assert OTHER_KEY.encode() not in given
    assert pickle.loads(saved) == resolve_account(name="mine")
    with pytest.raises(AccountError, match=f"no account for {LOCAL}"):
        pickle.loads(given)
    monkeypatch.setenv("QISKIT_IBM_TOKEN", OTHER_KEY)
    assert pickle.loads(given).token.reveal() == OTHER_KEY
