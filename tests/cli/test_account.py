"""`qiskit-rest account` and the options that name an account."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.http.retry_policies import Limit
from qiskit_rest_primitives.local import LocalService
from tests.cli.conftest import call, document
from tests.tokens import own_file, secret


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    """A file of accounts that does not exist yet."""
    return own_file(tmp_path / "accounts.json")


@pytest.fixture
def token_file(local: LocalService, tmp_path: Path) -> Path:
    """A private file with the token of the embedded service."""
    path = own_file(tmp_path / "token")
    path.write_text(f"{local.token}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def saved(local: LocalService, accounts: Path, token_file: Path) -> Path:
    """The file of accounts with one of the embedded service, named lab."""
    words = ("--url", local.url, "--name", "lab", "--token-file", token_file, "--default")
    result = call("account", "save", *words, "--account-file", accounts)
    assert result.exit_code == 0, result.stderr
    later = f"qiskit-rest account check --name lab --account-file {accounts}"
    assert result.stderr == f"saved; `{later}` tries it\n"
    return accounts


class TestSave:
    def test_the_token_comes_from_a_file(self, saved: Path, local: LocalService) -> None:
        """What is saved is what the official client reads."""
        (account,) = json.loads(saved.read_text()).items()
        assert account[0] == "lab"
        assert account[1]["token"] == local.token
        assert account[1]["url"] == local.url
        assert account[1]["is_default_account"] is True

    def test_the_token_comes_from_a_pipe(self, accounts: Path) -> None:
        """It is not printed, and --channel decides the name."""
        key = secret("cli-pipe")
        words = ("--account-file", accounts, "--url", "http://lab.example/v1")
        result = call("account", "save", *words, stdin=f"{key}\n")
        assert result.exit_code == 0
        assert key not in result.output
        assert json.loads(accounts.read_text())["default-ibm-quantum-platform"]["token"] == key

    def test_a_name_that_is_taken_is_refused(self, saved: Path, token_file: Path) -> None:
        """The cure is an option of the command, and it works."""
        words = ("account", "save", "--name", "lab", "--account-file", saved)
        words += ("--token-file", token_file, "--url", "http://lab.example/v1")
        result = call(*words)
        assert result.exit_code == 2
        assert result.stderr == (
            "qiskit-rest account save: an account named 'lab' is saved already; pass --overwrite\n"
        )
        assert call(*words, "--overwrite").exit_code == 0

    def test_a_file_that_others_can_read_is_warned_of(
        self, accounts: Path, token_file: Path
    ) -> None:
        """The warning has its cure."""
        token_file.chmod(0o644)
        words = ("--account-file", accounts, "--url", "http://lab.example/v1")
        result = call("account", "save", *words, "--token-file", token_file)
        assert f"others can read {token_file}: chmod 600" in result.stderr

    @pytest.mark.parametrize("text", ["", "two words"])
    def test_a_file_without_a_token_is_refused(
        self, accounts: Path, token_file: Path, text: str
    ) -> None:
        """Its content is not shown."""
        token_file.write_text(text)
        result = call("account", "save", "--account-file", accounts, "--token-file", token_file)
        assert result.exit_code == 2
        assert f"{token_file} must hold a token and nothing else" in result.stderr

    def test_a_ca_bundle_is_saved_with_its_folder(
        self, accounts: Path, token_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The account works in other folders, too."""
        (accounts.parent / "ca.pem").write_text("")
        monkeypatch.chdir(accounts.parent)
        words = ("--account-file", accounts, "--url", "https://lab.example/v1", "--name", "lab")
        result = call(
            "account", "save", *words, "--token-file", token_file, "--ca-bundle", "ca.pem"
        )
        assert result.exit_code == 0, result.stderr
        assert json.loads(accounts.read_text())["lab"]["verify"] == str(accounts.parent / "ca.pem")


class TestListAndDelete:
    def test_accounts_are_listed_without_tokens(self, saved: Path, local: LocalService) -> None:
        """As a table and as JSON."""
        words = ("account", "list", "--account-file", saved)
        table = call(*words)
        assert table.exit_code == 0
        assert "lab" in table.stdout
        assert local.url in table.stdout
        found = document(call(*words, "--json"))
        assert [(each["name"], each["url"], each["is_default"]) for each in found] == [
            ("lab", local.url, True)
        ]
        assert local.token not in table.output + json.dumps(found)

    def test_list_without_accounts_says_how_to_save_one(self, accounts: Path) -> None:
        """On stderr, with the command that saves one; JSON is an empty list."""
        result = call("account", "list", "--account-file", accounts)
        assert (result.exit_code, result.stdout) == (0, "")
        assert "account save" in result.stderr
        assert document(call("account", "list", "--json", "--account-file", accounts)) == []

    def test_an_account_is_deleted(self, saved: Path) -> None:
        """Only after a confirmation; a second time it is an error with the names there are."""
        words = ("account", "delete", "lab", "--account-file", saved)
        refused = call(*words, stdin="n\n")
        assert refused.exit_code == 1
        assert refused.stderr.endswith("qiskit-rest account delete: lab is still saved\n")
        assert "lab" in json.loads(saved.read_text())
        assert call(*words, "--yes").exit_code == 0
        assert json.loads(saved.read_text()) == {}
        again = call(*words)
        assert again.exit_code == 2
        assert "Delete" not in again.output
        assert "no account named 'lab' is saved; there are: none" in again.stderr

    def test_a_question_that_ends_without_an_answer_deletes_nothing(self, saved: Path) -> None:
        """Ctrl-C, and the end of a pipe: exit code 130."""
        result = call("account", "delete", "lab", "--account-file", saved, stdin="")
        assert result.exit_code == 130
        assert result.stderr.endswith("qiskit-rest account delete: interrupted\n")
        assert "lab" in json.loads(saved.read_text())


class TestCheck:
    def test_a_saved_account_is_tried(self, saved: Path, local: LocalService) -> None:
        """It says where it leads and what runs there."""
        words = ("account", "check", "--name", "lab", "--account-file", saved)
        found = document(call(*words, "--json"))
        assert found["url"] == local.url
        assert "statevector" in found["backends"]
        text = call(*words)
        assert f"url       {local.url}\n" in text.stdout
        assert f"instance  {local.instance}\n" in text.stdout
        assert "statevector, " in text.stdout

    def test_a_wrong_token_is_an_error_of_one_line(
        self, local: LocalService, tmp_path: Path
    ) -> None:
        """Exit code 1, without a traceback and without the token."""
        path = own_file(tmp_path / "wrong")
        path.write_text(secret("cli-wrong"))
        path.chmod(0o600)
        result = call("account", "check", "--url", local.url, "--token-file", path)
        assert result.exit_code == 1
        assert "qiskit-rest account check: GET /instance was answered with 401" in result.stderr
        assert "pass a valid one with --token-file" in result.stderr
        assert "Traceback" not in result.output
        assert secret("cli-wrong") not in result.output

    def test_a_command_without_an_account_names_the_options(self, accounts: Path) -> None:
        """The cures are those of the command, not of Python."""
        result = call("jobs", "--account-file", accounts)
        assert result.exit_code == 2
        assert "qiskit-rest account save" in result.stderr
        assert "QiskitRuntimeService" not in result.stderr

    def test_no_answer_is_an_error_of_one_line(
        self, token_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Exit code 1: nothing is wrong with the command line."""
        monkeypatch.setattr(retry_policies, "READ_BRIEF", Limit())
        words = ("--url", "http://127.0.0.1:1/v1", "--token-file", token_file)
        result = call("account", "check", *words)
        assert result.exit_code == 1
        assert "nothing listens there" in result.stderr
        assert result.stderr.count("\n") == 1
