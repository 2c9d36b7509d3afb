"""Data that is kept between requests, and between services."""

from __future__ import annotations

import logging
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.store import LARGE_BODY, Store
from tests.local.conftest import ALICE, BELL, Api, HeldExecutor


def job(job_id: str, **fields: Any) -> dict[str, Any]:
    """A row of a job."""
    row = {"id": job_id, "user": "u", "instance": "i", "program": "sampler", "backend": "b"}
    return row | {"status": "Queued", "created": 1.0, "cost": 1} | fields


def insert(store: Store, *job_ids: str) -> None:
    """Adds jobs."""
    for job_id in job_ids:
        store.insert("jobs", job(job_id))


@pytest.fixture
def store(tmp_path: Path) -> Any:
    """A store in a folder."""
    store = Store(tmp_path / "kept")
    yield store
    store.close()


class TestStore:
    def test_a_temporary_one_leaves_nothing(self) -> None:
        """Its folder is deleted."""
        store = Store()
        assert store.folder.is_dir()
        store.close()
        assert not store.folder.exists()

    def test_only_the_owner_can_read_the_store(self, store: Store) -> None:
        """Others can't read its folder and key."""
        assert store.folder.stat().st_mode & 0o077 == 0
        key = store.secret()
        assert (store.folder / "signing.key").stat().st_mode & 0o077 == 0
        assert store.secret() == key
        assert len(key) == 32

    def test_only_the_owner_can_read_a_store_in_a_shared_folder(self, tmp_path: Path) -> None:
        """In an existing folder that others can read, its files are private, old ones too."""
        (tmp_path / "bodies").mkdir()
        for folder in (tmp_path, tmp_path / "bodies"):
            folder.chmod(0o755)
        for name in ("service.sqlite", "bodies/a.params"):
            (tmp_path / name).touch(mode=0o644)
        store = Store(tmp_path)
        insert(store, "a")
        store.body_fields("b", "params", b"x" * (LARGE_BODY + 1))
        store.secret()
        names = [path.name for path in tmp_path.rglob("*")]
        assert {"service.sqlite", "service.sqlite-wal", "b.params", "signing.key"} <= {*names}
        for path in tmp_path.rglob("*"):
            if path.name != "a.params":  # it is inside a private folder
                assert path.stat().st_mode & 0o077 == 0, path
        store.close()

    def test_another_schema_is_refused(self, tmp_path: Path) -> None:
        """A folder of another version is not touched."""
        store = Store(tmp_path)
        store.change("PRAGMA user_version = 99")
        store.close()
        with pytest.raises(ValueError, match="another version"):
            Store(tmp_path)

    @pytest.mark.parametrize("size", [0, 10, LARGE_BODY, LARGE_BODY + 1])
    def test_bodies_are_unchanged(self, store: Store, size: int) -> None:
        """Small ones are in the database, large ones in files; a missing one is None."""
        store.insert("jobs", job("a", **store.body_fields("a", "params", b"x" * size)))
        body = store.body("a", "params")
        if size == 0:
            assert body is None
        elif size <= LARGE_BODY:
            assert body == b"x" * size
        else:
            assert isinstance(body, Path)
            assert body.read_bytes() == b"x" * size
        assert store.drop_body("a", "params") == (size > 0)
        assert store.drop_body("a", "params") is False
        assert store.body("a", "params") is None
        assert store.body("unknown", "params") is None

    def test_a_transaction_is_all_or_nothing(self, store: Store) -> None:
        """An error inside undoes it."""
        store.insert("jobs", job("a"))
        with pytest.raises(sqlite3.IntegrityError), store.transaction():
            insert(store, "b", "a")
        assert store.job("b") is None

    def test_an_update_can_require_a_status(self, store: Store) -> None:
        """So only one of two threads ends a job."""
        store.insert("jobs", job("a"))
        assert store.update("jobs", "a", {"status": "Failed"}, status=("Queued",))
        assert not store.update("jobs", "a", {"status": "Completed"}, status=("Queued",))
        found = store.job("a")
        assert found is not None
        assert found["status"] == "Failed"

    def test_threads_share_a_store(self, store: Store) -> None:
        """No call is lost or fails when many threads write."""

        def write(number: int) -> None:
            for index in range(50):
                with store.transaction():
                    store.insert("jobs", job(f"{number}-{index}"))
                    store.set_tags(f"{number}-{index}", ["t"])

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.rows("SELECT tag, jobs FROM tags")[0][:] == ("t", 400)
        assert store.queue_lengths() == {"b": 400}

    def test_reads_wait_for_no_writer(self, store: Store) -> None:
        """They see what was there before its transaction, in which it sees its own changes."""
        store.insert("jobs", job("a"))

        def status() -> str:
            found = store.job("a")
            assert found is not None
            return found["status"]

        with ThreadPoolExecutor(1) as other:
            with store.transaction():
                store.update("jobs", "a", {"status": "Running"})
                assert status() == "Running"
                assert other.submit(status).result(60) == "Queued"
            assert other.submit(status).result(60) == "Running"


class TestRestart:
    def test_jobs_results_and_tokens_survive(self, tmp_path: Path) -> None:
        """The next service in the same folder has the jobs and accepts the tokens."""
        with LocalService(users=[ALICE], folder=tmp_path) as first:
            api = Api(first, ALICE)
            job_id = api.run(tags=["kept"], params={"pubs": [[BELL, None, 100_000]]})
            body = api.get(f"/jobs/{job_id}/results").content
            form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": ALICE.token}
            reply = api.session.post(f"{first.base_url}/identity/token", data=form, timeout=30)
            issued = reply.json()["access_token"]
            api.session.close()
        with LocalService(users=[ALICE], folder=tmp_path) as second:
            api = Api(second, ALICE)
            api.session.headers["Authorization"] = f"Bearer {issued}"
            assert api.json("/jobs", tags="kept")["jobs"][0]["id"] == job_id
            assert api.get(f"/jobs/{job_id}/results").content == body
            api.session.close()

    def test_unfinished_jobs_run_again(self, tmp_path: Path) -> None:
        """Queued and running jobs of a stopped service are run by the next."""
        held = HeldExecutor()
        with LocalService(users=[ALICE], folder=tmp_path, executor=held) as first:
            api = Api(first, ALICE)
            ids = [api.submit(private=index == 0) for index in range(6)]
            api.wait(ids[0], "Running")
            api.session.close()
            threading.Timer(0.3, held.release).start()
        with LocalService(users=[ALICE], folder=tmp_path) as second:
            api = Api(second, ALICE)
            assert {api.wait(job_id)["status"] for job_id in ids} == {"Completed"}
            api.session.close()

    def test_a_job_that_cannot_be_restarted_fails_with_a_reason(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A job whose backend or params no longer exist is not pending forever."""
        store = Store(tmp_path)
        owner = {"user": "alice", "instance": ALICE.instances[0]}
        params = {"params": b'{"pubs":[]}', "params_size": 11}
        store.insert("jobs", job("gone-backend", **owner, **params))
        store.insert("jobs", job("gone-params", **owner | {"backend": "statevector"}))
        store.close()
        caplog.set_level(logging.INFO, logger="qiskit_rest_primitives.local")
        with LocalService(users=[ALICE], folder=tmp_path) as service:
            api = Api(service, ALICE)
            reasons = {"gone-backend": "after a restart", "gone-params": "params can't be read"}
            for job_id, reason in reasons.items():
                state = api.wait(job_id)["state"]
                assert state["status"] == "Failed"
                assert reason in state["reason"]
                assert f"alice {job_id} " in caplog.text
            api.session.close()

    def test_a_job_submitted_during_shutdown_is_kept(self, tmp_path: Path) -> None:
        """The client has its id: the next start runs it."""
        with LocalService(users=[ALICE], folder=tmp_path) as first:
            api = Api(first, ALICE)
            core: Any = first._core
            core.stopping = True
            core.engine.close()
            job_id = api.submit()
            assert api.json(f"/jobs/{job_id}")["status"] == "Queued"
            api.session.close()
        with LocalService(users=[ALICE], folder=tmp_path) as second:
            api = Api(second, ALICE)
            assert api.wait(job_id)["status"] == "Completed"
            api.session.close()

    def test_a_start_that_fails_leaves_the_port_free(self, tmp_path: Path) -> None:
        """The error is about the folder, and the port can be used again at once."""
        store = Store(tmp_path)
        store.change("PRAGMA user_version = 99")
        store.close()
        service = LocalService(folder=tmp_path)
        with pytest.raises(ValueError, match="another version"):
            service.start()
        assert not service.running
        port = int(service.base_url.rpartition(":")[2])
        with LocalService(port=port) as other:
            assert other.running

    def test_restart_keeps_port_jobs_and_tokens(self) -> None:
        """restart() is a short outage."""
        with LocalService(users=[ALICE], faults=True) as service:
            api = Api(service, ALICE)
            url, job_id = service.url, api.run()
            service.restart(0.05)
            assert service.url == url
            assert api.json(f"/jobs/{job_id}")["status"] == "Completed"
            assert api.run()
            api.session.close()

    def test_several_threads_can_expire_tokens(self) -> None:
        """Each call makes a new key, without errors."""
        with LocalService(users=[ALICE]) as service:
            before = (service.folder / "signing.key").exists()
            with ThreadPoolExecutor(8) as pool:
                ends = [pool.submit(service.expire_tokens) for _ in range(80)]
            assert [end.exception() for end in ends] == [None] * 80
            assert not before
            assert len((service.folder / "signing.key").read_bytes()) == 32


def test_a_list_holds_up_no_submission(held: tuple[Api, HeldExecutor]) -> None:
    """It reads the state it began with, while others write; only lists wait for one another."""
    api, _ = held
    store: Any = api.service._store
    with store.reading() as database:
        before = database.execute("SELECT COUNT(*) FROM jobs").fetchone()[0]
        job_id = api.submit()
        assert api.json(f"/jobs/{job_id}")["id"] == job_id
        assert database.execute("SELECT COUNT(*) FROM jobs").fetchone()[0] == before
    assert api.json("/jobs")["count"] == before + 1
