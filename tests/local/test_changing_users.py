"""Users change while the service runs; administrators and others."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from qiskit_rest_primitives.local import Caps, Limits, LocalService, User
from qiskit_rest_primitives.local.service import begin_again
from qiskit_rest_primitives.local.user_file import UserFile
from qiskit_rest_primitives.local.users import default_instance
from tests.local.conftest import ADMIN, ALICE, BOB, Api
from tests.tokens import own_file, secret

PATH = "/instances/configuration"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a service."""
    return tmp_path / "data"


@pytest.fixture
def service(folder: Path) -> Iterator[LocalService]:
    """A running service with Alice, whose folder has no users yet."""
    limits = Limits(caps=Caps(queued_jobs=7))
    with LocalService(users=[ALICE], folder=folder, limits=limits) as service:
        yield service


def status(service: LocalService, token: str) -> int:
    """Of a call with a key or an issued token."""
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{service.url}/jobs", headers=headers, timeout=30).status_code


def issued(service: LocalService, key: str) -> str:
    """A token that the identity endpoint issues for a key."""
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": key}
    reply = requests.post(f"{service.base_url}/identity/token", data=form, timeout=30)
    reply.raise_for_status()
    return reply.json()["access_token"]


class TestFolder:
    def test_an_added_user_has_access_at_once(self, service: LocalService, folder: Path) -> None:
        """By key and issued token; those who had access keep it."""
        token = UserFile(folder).add("carol")
        assert status(service, token) == status(service, issued(service, token)) == 200
        assert status(service, ALICE.token) == 200

    def test_a_renewed_token_ends_the_old_one(self, service: LocalService, folder: Path) -> None:
        """And all that was issued for it."""
        old = UserFile(folder).add("carol")
        old_jwt = issued(service, old)
        new = UserFile(folder).renew("carol")
        assert [status(service, token) for token in (old, old_jwt, new)] == [401, 401, 200]

    def test_a_removed_user_has_no_access(self, service: LocalService, folder: Path) -> None:
        """Neither by key nor by an issued token; a user of that name has the jobs again."""
        users = UserFile(folder)
        carol = User("carol", users.add("carol"))
        api = Api(service, carol)
        job_id = api.run()
        jwt = issued(service, carol.token)
        users.remove("carol")
        assert [status(service, token) for token in (carol.token, jwt)] == [401, 401]
        again = Api(service, User("carol", users.add("carol")))
        assert [job["id"] for job in again.json("/jobs")["jobs"]] == [job_id]
        api.session.close()
        again.session.close()

    def test_users_stay_over_a_restart(self, folder: Path) -> None:
        """No other user is made up beside them, where none are handed in."""
        token = UserFile(folder).add("carol")
        with LocalService(users=[], folder=folder) as service:
            assert status(service, token) == 200
            with pytest.raises(RuntimeError, match="are those of a file"):
                _ = service.token
            with pytest.raises(RuntimeError, match="are those of a file"):
                _ = service.instance

    def test_limits_are_the_users_own(self, service: LocalService, folder: Path) -> None:
        """What was not set for the user is as for everybody; a change holds at once."""
        users = UserFile(folder)
        carol = Api(service, User("carol", users.add("carol", caps={"submissions_per_minute": 0})))
        refused = carol.post_job()
        assert (refused.status_code, "limit is 0 per minute" in refused.text) == (429, True)
        users.change("carol", caps={"submissions_per_minute": 5})
        assert carol.post_job().status_code == 200
        assert service._core is not None
        assert service._core.caps_of("carol") == Caps(queued_jobs=7, submissions_per_minute=5)
        assert service._core.caps_of("somebody who left") == Caps(queued_jobs=7)
        carol.session.close()

    def test_a_file_that_is_wrong_changes_nothing(
        self, service: LocalService, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is an error in the log, once; when the file is right again, it is read."""
        users = UserFile(folder)
        token = users.add("carol")
        assert status(service, token) == 200
        content = users.path.read_text()
        users.path.write_text("{")
        assert [status(service, token) for _ in range(3)] == [200] * 3
        (error,) = [each for each in caplog.records if each.levelno == logging.ERROR]
        assert "users.json can't be read" in error.getMessage()
        users.path.write_text(content)
        users.remove("carol")
        assert status(service, token) == 401

    def test_a_name_that_is_taken_changes_nothing(
        self, service: LocalService, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The user who was handed in keeps the name; the log has an error."""
        users = UserFile(folder)
        token = users.add("alice")
        assert [status(service, each) for each in (token, ALICE.token)] == [401, 200]
        assert "there are two users 'alice'" in caplog.text
        users.remove("alice")
        assert status(service, users.add("carol")) == 200


class TestTokenFile:
    def test_an_edited_file_is_read_again(self, tmp_path: Path) -> None:
        """Users come and go; while the file can't be read, all stay."""
        path = own_file(tmp_path / "tokens")
        path.write_text(f"alice {ALICE.token}\n")
        with LocalService(token_file=path) as service:
            assert [status(service, each.token) for each in (ALICE, BOB)] == [200, 401]
            path.write_text(f"bob {BOB.token}\n")
            assert [status(service, each.token) for each in (ALICE, BOB)] == [401, 200]
            path.write_text(f"# a comment\nbob {BOB.token}\n")
            assert status(service, BOB.token) == 200
            path.unlink()
            assert status(service, BOB.token) == 200
            path.write_text(f"alice {ALICE.token}\n")
            assert [status(service, each.token) for each in (ALICE, BOB)] == [200, 401]

    def test_an_unreadable_one_is_an_error_at_the_start(self, tmp_path: Path) -> None:
        """The service does not start."""
        service = LocalService(token_file=tmp_path / "nowhere")
        with pytest.raises(FileNotFoundError, match="nowhere"):
            service.start()


class TestHandedIn:
    @pytest.mark.parametrize(
        ("users", "words"),
        [
            ([User("eve", secret("eve", 17))], "the token of 'eve' has 17 characters: at least 32"),
            ([ALICE, User("alice", BOB.token)], "there are two users 'alice'"),
            ([ALICE, User("eve", ALICE.token)], "'eve' and 'alice' have the same token"),
        ],
    )
    def test_wrong_users_are_refused(self, users: list[User], words: str) -> None:
        """Before anything starts, and for the next test, too."""
        with pytest.raises(ValueError, match=words):
            LocalService(users=users)
        with LocalService() as service, pytest.raises(ValueError, match=words):
            begin_again(service, users)


class TestAdministrators:
    def test_users_set_no_limits(self, bob: Api) -> None:
        """403, in words; the limit stays."""
        reply = bob.call("PUT", PATH, json={"instance_limit": 3600})
        assert reply.status_code == 403
        (error,) = reply.json()["errors"]
        assert "The limit of an instance can be set by administrators only" in error["message"]
        assert "`qiskit-rest user add --admin`" in error["solution"]
        assert bob.json(PATH) == {"instance_limit": None}

    def test_an_administrator_sets_the_limit_of_anybody(self, admin: Api, bob: Api) -> None:
        """The header names the instance; it has to be somebody's."""
        admin.session.headers["Service-CRN"] = BOB.instances[0]
        assert admin.call("PUT", PATH, json={"instance_limit": 3600}).status_code == 204
        assert bob.json(PATH) == {"instance_limit": 3600}
        assert admin.call("PUT", PATH, json={"instance_limit": None}).status_code == 204
        admin.session.headers["Service-CRN"] = default_instance("nobody")
        assert admin.call("PUT", PATH, json={"instance_limit": 3600}).status_code == 404

    def test_an_administrator_sees_no_jobs_of_others(self, admin: Api, bob: Api) -> None:
        """Not even in their instance."""
        job_id = bob.run()
        admin.session.headers["Service-CRN"] = BOB.instances[0]
        assert admin.get(f"/jobs/{job_id}").status_code == 404
        assert admin.json("/jobs")["jobs"] == []

    def test_the_only_user_of_a_default_service_is_one(self) -> None:
        """Whoever starts it may set its limits."""
        with LocalService() as service:
            api = Api(service, User("local", service.token))
            del api.session.headers["Service-CRN"]
            assert api.call("PUT", PATH, json={"instance_limit": 3600}).status_code == 204
            api.session.close()

    def test_the_user_of_a_token_file_may_be_one(self, tmp_path: Path) -> None:
        """By the word after the token, which may come and go."""
        path = own_file(tmp_path / "tokens")
        key = secret("root of a file")
        path.write_text(f"root {key}\n")
        with LocalService(token_file=path) as service:
            api = Api(service, User("root", key))
            assert api.call("PUT", PATH, json={"instance_limit": 3600}).status_code == 403
            path.write_text(f"root {key} admin\n")
            assert api.call("PUT", PATH, json={"instance_limit": 3600}).status_code == 204
            api.session.close()


def test_administrators_are_not_made_by_accident() -> None:
    """A user is none unless it is said."""
    assert ADMIN.admin
    assert not BOB.admin
