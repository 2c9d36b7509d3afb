"""`qiskit-rest user`: users of a data folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.users import default_instance
from tests.cli.conftest import call, document


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that is not there yet."""
    return tmp_path / "jobs"


def test_an_added_user_can_call_a_running_service(folder: Path) -> None:
    """Stdout has the token and nothing else; a new token ends it, and so does removal."""
    with LocalService(folder=folder) as local:

        def status(token: str) -> int:
            headers = {"Authorization": f"Bearer {token}"}
            return requests.get(f"{local.url}/jobs", headers=headers, timeout=30).status_code

        added = call("user", "add", "alice", "--data-dir", folder)
        assert added.exit_code == 0
        assert "alice: the token is shown this once" in added.stderr
        first = added.stdout.strip()
        assert status(first) == 200
        second = call("user", "token", "alice", "--data-dir", folder).stdout.strip()
        assert [status(first), status(second)] == [401, 200]
        removed = call("user", "remove", "alice", "--data-dir", folder, "--yes")
        assert removed.stderr == "removed alice\n"
        assert status(second) == 401


def test_users_are_listed(folder: Path) -> None:
    """With limits, role and instances; without tokens and hashes."""
    crn = default_instance("x")
    words = ("--cap", "qubits=20", "--cap", "stored_bytes=none", "--instance", crn, "--admin")
    token = call("user", "add", "bob", "--data-dir", folder, *words).stdout.strip()
    call("user", "add", "alice", "--data-dir", folder)
    result = call("user", "list", "--data-dir", folder)
    head, _, alice, bob = result.stdout.splitlines()
    assert head.split() == ["name", "admin", "limits", "instances", "added"]
    assert alice.split()[:2] == ["alice", default_instance("alice")]
    assert bob.split()[:5] == ["bob", "yes", "qubits=20", "stored_bytes=none", crn]
    listed = document(call("user", "list", "--data-dir", folder, "--json"))
    assert [each["name"] for each in listed] == ["alice", "bob"]
    assert listed[1]["caps"] == {"qubits": 20, "stored_bytes": None}
    assert "sha256" not in json.dumps(listed)
    assert token not in result.stdout


def test_a_folder_without_users_says_how_to_add_one(folder: Path) -> None:
    """On stderr; the list is empty."""
    result = call("user", "list", "--data-dir", folder)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "`qiskit-rest user add` adds one" in result.stderr


def test_a_token_can_be_json(folder: Path) -> None:
    """For programs that add users."""
    added = document(call("user", "add", "alice", "--data-dir", folder, "--json"))
    assert added["name"] == "alice"
    assert len(added["token"]) >= 32


def test_limits_and_role_change(folder: Path) -> None:
    """What is not named stays."""
    call("user", "add", "alice", "--data-dir", folder, "--cap", "qubits=20")
    words = ("--cap", "shots=1000", "--admin")
    assert call("user", "change", "alice", "--data-dir", folder, *words).exit_code == 0
    (alice,) = document(call("user", "list", "--data-dir", folder, "--json"))
    assert (alice["caps"], alice["admin"]) == ({"qubits": 20, "shots": 1000}, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("add", "alice"), "there is a user 'alice'"),
        (("add", "bob", "--cap", "qbits=3"), "qbits=3: no such limit; choose one of queued_jobs"),
        (("add", "bob", "--instance", "here"), "'here' is not a CRN like crn:v1:"),
        (("change", "alice"), "give --cap, --admin or --no-admin"),
        (("change", "bob", "--admin"), "there is no user 'bob' in this folder"),
        (("token", "bob"), "there is no user 'bob' in this folder; there are: alice"),
        (("remove", "bob", "--yes"), "there is no user 'bob' in this folder"),
    ],
)
def test_wrong_words_are_exit_code_2(folder: Path, words: tuple[str, ...], message: str) -> None:
    """The message has the cure."""
    call("user", "add", "alice", "--data-dir", folder)
    result = call("user", *words, "--data-dir", folder)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_user_is_removed_after_a_question(folder: Path) -> None:
    """No leaves the user; the exit code says so."""
    call("user", "add", "alice", "--data-dir", folder)
    kept = call("user", "remove", "alice", "--data-dir", folder, stdin="n\n")
    assert (kept.exit_code, "alice is still a user" in kept.stderr) == (1, True)
    assert call("user", "remove", "alice", "--data-dir", folder, stdin="y\n").exit_code == 0
    assert document(call("user", "list", "--data-dir", folder, "--json")) == []
