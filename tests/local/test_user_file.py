"""Users of a data folder, changed by commands."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qiskit_rest_primitives.local import Caps, user_file
from qiskit_rest_primitives.local.user_file import USER_FILE, UserFile, read_user_file
from qiskit_rest_primitives.local.users import default_instance, digest_of

CRN = default_instance("x")


@pytest.fixture
def users(tmp_path: Path) -> UserFile:
    """The users of a folder that does not exist yet."""
    return UserFile(tmp_path / "data")


def test_a_user_is_read_back(users: UserFile) -> None:
    """With the hash of the token, instances, limits and role; others have the defaults."""
    token = users.add("bob", instances=(CRN,), caps={"qubits": 20, "shots": None}, admin=True)
    users.add("alice")
    bob, alice = read_user_file(users.path)
    assert (bob.digest, bob.instances, bob.admin) == (digest_of(token), (CRN,), True)
    assert bob.caps(Caps(queued_jobs=5)) == Caps(queued_jobs=5, qubits=20, shots=None)
    assert (alice.instances, alice.admin) == ((default_instance("alice"),), False)
    assert [each.name for each in users.listed()] == ["alice", "bob"]


def test_no_token_is_kept(users: UserFile) -> None:
    """Tokens are long and differ; neither is in the folder, which is private."""
    tokens = {users.add("alice"), users.renew("alice"), users.add("bob")}
    assert len(tokens) == 3
    assert min(map(len, tokens)) >= 32
    content = users.path.read_text()
    assert not any(token in content for token in tokens)
    assert stat.S_IMODE(users.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(users.path.parent.stat().st_mode) == 0o700


def test_changing_a_user_keeps_other_limits(users: UserFile) -> None:
    """Limits that are not named stay, and so does the role."""
    users.add("alice", caps={"qubits": 20}, admin=True)
    users.change("alice", caps={"shots": 100})
    (alice,) = users.listed()
    assert (alice.caps, alice.admin) == ({"qubits": 20, "shots": 100}, True)
    users.change("alice", admin=False)
    assert not users.listed()[0].admin


def test_a_removed_user_is_gone(users: UserFile) -> None:
    """The others stay."""
    users.add("alice")
    users.add("bob")
    users.remove("alice")
    assert [each.name for each in users.listed()] == ["bob"]


def test_wrong_names_are_refused(users: UserFile) -> None:
    """A name that is taken, unknown or no name, and a text that is not a CRN."""
    users.add("alice")
    with pytest.raises(ValueError, match="there is a user 'alice'; `qiskit-rest user token`"):
        users.add("alice")
    with pytest.raises(ValueError, match="is not a valid name: use up to 100 letters"):
        users.add("two words")
    with pytest.raises(ValueError, match="'crn' is not a CRN like crn:v1:"):
        users.add("bob", instances=("crn",))
    for call in (users.renew, users.remove, users.change):
        with pytest.raises(ValueError, match="no user 'bob' in this folder; there are: alice"):
            call("bob")


@pytest.mark.parametrize(
    "content",
    [
        "{",
        '{"version": 2, "users": []}',
        '{"users": [{"name": "a", "sha256": "xyz", "instances": [], "added": ""}]}',
        '{"users": [{"name": "a", "sha256": "", "instances": [], "added": "", "caps": {"x": 1}}]}',
        '{"people": []}',
    ],
)
def test_a_file_that_is_not_understood_is_named(users: UserFile, content: str) -> None:
    """And it is not written over."""
    users.path.write_text(content)
    for call in (users.listed, lambda: users.add("alice"), lambda: read_user_file(users.path)):
        with pytest.raises(ValueError, match=rf"{USER_FILE} can't be read: "):
            call()
    assert users.path.read_text() == content


def test_commands_wait_for_each_other(users: UserFile) -> None:
    """Users who are added at the same time are all there."""
    names = [f"user-{number}" for number in range(20)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(users.add, names))
    assert sorted(each.name for each in users.listed()) == sorted(names)


def test_a_command_that_waits_too_long_says_why(
    users: UserFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one holds the lock."""
    users.add("alice")
    monkeypatch.setattr(user_file, "LOCK_SECONDS", 0.0)
    holder = sqlite3.connect(users.path.with_name("users.lock"), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ValueError, match="another command changes the users of"):
        users.add("bob")
    holder.close()
    assert [each.name for each in users.listed()] == ["alice"]


def test_a_command_that_was_killed_leaves_nothing_in_the_way(users: UserFile) -> None:
    """The file that it had begun is replaced."""
    users.add("alice")
    users.path.with_name(f"{USER_FILE}.new").write_text("half of a fi")
    users.add("bob")
    assert len(json.loads(users.path.read_text())["users"]) == 2
    assert {path.name for path in users.path.parent.iterdir()} == {USER_FILE, "users.lock"}


def test_files_belong_to_the_owner_of_the_folder(users: UserFile) -> None:
    """Root adds users of a service that runs as somebody else, who has to read them."""
    folder = users.path.parent
    if os.geteuid() == 0:
        os.chown(folder, 12345, 12345)
    for name in ("alice", "bob"):
        users.add(name)
        owners = {path.stat().st_uid for path in (folder, *folder.iterdir())}
        assert owners == {folder.stat().st_uid}


def test_links_are_not_followed(users: UserFile, tmp_path: Path) -> None:
    """A link that somebody put in the place of the file is an error that names it."""
    victim = tmp_path / "victim"
    victim.write_text("{}")
    os.symlink(victim, users.path)
    with pytest.raises(OSError, match=f"{USER_FILE} is a link, which is not followed"):
        users.add("alice")
    assert victim.read_text() == "{}"
