from __future__ import annotations

import json
import logging
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from qiskit_rest_primitives.account import (
    delete_account,
    resolve_account,
    save_account,
    saved_accounts,
)
from qiskit_rest_primitives.errors import AccountError
from tests.account.test_resolve import KEY, LOCAL, OTHER_KEY, READY, crn
from tests.tokens import own_file

posix = pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX")


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty home without variables."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("TOKEN", "INSTANCE", "URL", "CHANNEL", "REGION"):
        monkeypatch.delenv(f"QISKIT_IBM_{name}", raising=False)
    return tmp_path


@pytest.fixture
def file(home: Path) -> Path:
    """Where accounts are saved."""
    return home / ".qiskit" / "qiskit-ibm.json"


def write(file: Path, accounts: Any) -> None:
    """Puts text or JSON in the account file."""
    file.parent.mkdir(exist_ok=True)
    own_file(file).write_text(accounts if isinstance(accounts, str) else json.dumps(accounts))
    file.chmod(0o600)


OPTIONS: list[dict[str, Any]] = [
    {},
    {"channel": "ibm_cloud", "region": "us-east", "verify": False},
    {"name": "mine", "set_as_default": True, "private_endpoint": True},
    {"proxies": {"urls": {"https": "http://p:1"}}, "tags": ["a"], "plans_preference": ["open"]},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_the_file_equals_the_official_clients(
    file: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    """Same names, same fields, same values."""
    pytest.importorskip("qiskit_ibm_runtime")
    from qiskit_ibm_runtime import QiskitRuntimeService

    theirs = own_file(tmp_path / "theirs.json")
    QiskitRuntimeService.save_account(token=KEY, instance=crn(), filename=str(theirs), **options)
    save_account(token=KEY, instance=crn(), **options)
    assert json.loads(file.read_text()) == json.loads(theirs.read_text())


def test_both_clients_read_each_others_file(file: Path) -> None:
    """Accounts saved by one client are usable by the other."""
    pytest.importorskip("qiskit_ibm_runtime")
    from qiskit_ibm_runtime import QiskitRuntimeService

    save_account(token=KEY, instance=crn(), name="ours")
    QiskitRuntimeService.save_account(
        token=OTHER_KEY, instance=crn("eu-de"), name="theirs", filename=str(file)
    )
    found = QiskitRuntimeService.saved_accounts(filename=str(file))
    assert {name: saved["token"] for name, saved in found.items()} == {
        "ours": KEY,
        "theirs": OTHER_KEY,
    }
    account = resolve_account(name="theirs")
    assert account.token.reveal() == OTHER_KEY
    assert account.api_url == "https://eu-de.quantum.cloud.ibm.com/api/v1"


@posix
def test_the_file_is_private_and_replaced_atomically(file: Path) -> None:
    """Mode 600, folder 700, no temporary file left."""
    save_account(token=KEY, instance=crn())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert os.listdir(file.parent) == [file.name]


@posix
def test_file_that_others_can_read_is_repaired(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its mode becomes 600, with a warning."""
    save_account(token=KEY, instance=crn())
    file.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        resolve_account()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "could be read by others" in caplog.text
    assert KEY not in caplog.text


@posix
def test_another_users_file_gives_only_a_warning(
    file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account is usable although its mode can't be changed."""
    save_account(token=KEY, instance=crn())
    file.chmod(0o644)

    def refuse(path: Path, mode: int) -> None:
        raise PermissionError("not the owner")

    monkeypatch.setattr(Path, "chmod", refuse)
    assert resolve_account().instance == crn()
    assert "can be read by others: not the owner" in caplog.text


@posix
def test_a_symbolic_link_to_the_file_is_kept(file: Path, tmp_path: Path) -> None:
    """The file that it points to is written."""
    real = tmp_path / "dotfiles.json"
    file.parent.mkdir()
    file.symlink_to(real)
    save_account(token=KEY, instance=crn())
    assert file.is_symlink()
    assert json.loads(real.read_text())


def test_failed_write_leaves_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No account is lost, and no temporary file is left."""
    save_account(token=KEY, instance=crn())
    before = file.read_text()

    def fail(*args: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        save_account(token=OTHER_KEY, instance=crn(), overwrite=True)
    assert file.read_text() == before
    assert os.listdir(file.parent) == [file.name]


def test_an_unwritable_folder_is_an_account_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the file."""

    def refuse(**where: Any) -> None:
        raise PermissionError("read-only file system")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(AccountError, match=r"qiskit-ibm.json can't be written: read-only"):
        save_account(token=KEY, instance=crn())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": {"token": "SECRET"', r"is not JSON \(line 1, column"),
        ('["SECRET"]', "does not hold accounts by name"),
        ('{"a": "SECRET"}', "does not hold accounts by name"),
    ],
)
def test_a_damaged_file_is_refused_and_kept(file: Path, text: str, message: str) -> None:
    """It is not read as empty or overwritten, and the error does not quote it."""
    text = text.replace("SECRET", KEY)
    write(file, text)
    for use in (resolve_account, lambda: save_account(token=KEY, instance=crn(), overwrite=True)):
        with pytest.raises(AccountError, match=message) as caught:
            use()
        assert KEY not in str(caught.value)
        assert caught.value.__cause__ is None
    assert file.read_text() == text


def test_a_folder_in_place_of_the_file_is_an_account_error(file: Path) -> None:
    """A file that can't be read does not count as empty."""
    file.mkdir(parents=True)
    with pytest.raises(AccountError, match="can't be read"):
        resolve_account()


def test_empty_file_holds_no_account(file: Path) -> None:
    """It counts like a missing file."""
    write(file, "")
    assert saved_accounts() == {}


def test_an_existing_account_needs_overwrite() -> None:
    """The default account is not replaced, either."""
    save_account(token=KEY, instance=crn(), set_as_default=True)
    with pytest.raises(AccountError, match="is saved already; pass overwrite=True"):
        save_account(token=OTHER_KEY, instance=crn())
    with pytest.raises(AccountError, match="is the default account already"):
        save_account(token=OTHER_KEY, instance=crn(), name="b", set_as_default=True)
    save_account(token=OTHER_KEY, instance=crn(), name="b", set_as_default=True, overwrite=True)
    assert resolve_account().name == "b"
    assert "is_default_account" not in saved_accounts()["default-ibm-quantum-platform"]


def test_default_is_chosen_as_by_the_official_client(file: Path) -> None:
    """The marked one, then the platform's, then a default name, then any; retired ones never."""
    entry = {"token": KEY, "instance": crn(), "url": "https://cloud.ibm.com"}
    accounts = {
        "old": {**entry, "channel": "ibm_quantum"},
        "custom-cloud": {**entry, "channel": "ibm_cloud"},
        "default-ibm-cloud": {**entry, "channel": "ibm_cloud"},
        "custom": {**entry, "channel": "ibm_quantum_platform"},
        "default-ibm-quantum-platform": {**entry, "channel": "ibm_quantum_platform"},
        "marked": {**entry, "channel": "ibm_cloud", "is_default_account": True},
    }
    for expected in reversed(list(accounts)[1:]):
        write(file, accounts)
        assert resolve_account().name == expected
        del accounts[expected]
    write(file, accounts)
    with pytest.raises(AccountError, match="no account"):
        resolve_account()


def test_the_channel_selects_a_saved_account(file: Path) -> None:
    """Only accounts of that channel are considered."""
    save_account(token=KEY, instance=crn(), set_as_default=True)
    save_account(token=OTHER_KEY, instance=crn(), channel="ibm_cloud")
    assert resolve_account("ibm_cloud").token.reveal() == OTHER_KEY


def test_named_account_of_the_retired_channel_is_explained(file: Path) -> None:
    """Its token no longer works."""
    write(file, {"old": {"channel": "ibm_quantum", "token": READY}})
    with pytest.raises(AccountError, match="switched off in July 2025"):
        resolve_account(name="old")


def test_saved_accounts_hide_tokens_and_filter() -> None:
    """By name, channel and default; ``reveal`` gives the token."""
    save_account(token=KEY, instance=crn())
    save_account(token=READY, url=LOCAL, channel="local", name="mine")
    everything = saved_accounts()
    assert KEY not in repr(everything)
    assert everything["default-ibm-quantum-platform"]["token"].reveal() == KEY
    assert set(saved_accounts(default=True)) == {"default-ibm-quantum-platform"}
    assert set(saved_accounts(default=False)) == {"mine"}
    assert set(saved_accounts(channel="local")) == {"mine"}
    assert set(saved_accounts(name="mine")) == {"mine"}
    assert resolve_account(token=everything["mine"]["token"], url=LOCAL).token.reveal() == READY
    save_account(token=everything["mine"]["token"], url=LOCAL, channel="local", name="copy")


def test_delete_returns_whether_the_account_existed() -> None:
    """By name, or the channel's default name."""
    save_account(token=KEY, instance=crn())
    save_account(token=KEY, instance=crn(), name="mine")
    assert delete_account(name="mine")
    assert not delete_account(name="mine")
    assert not delete_account(channel="ibm_cloud")
    assert delete_account()
    assert saved_accounts() == {}


def test_account_without_instance_can_be_saved() -> None:
    """The official client chooses one; ours requires one when the account is used."""
    save_account(token=KEY)
    save_account(token=KEY, instance="auto", name="auto")
    with pytest.raises(AccountError, match="needs an instance"):
        resolve_account()
    assert resolve_account(instance=crn()).instance == crn()


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": ""},
        {"token": None},
        {"instance": "crn:v1:x"},
        {"channel": "ibm_quantum"},
        {"region": "moon"},
        {"verify": "/no/such/file"},
    ],
)
def test_malformed_account_is_not_saved(file: Path, wrong: dict[str, Any]) -> None:
    """Checked before the file is touched."""
    with pytest.raises(AccountError):
        save_account(**{"token": KEY, "instance": crn()} | wrong)
    assert not file.exists()
