"""Finished jobs that are no longer kept are deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qiskit_rest_primitives.local import Limits, LocalService
from qiskit_rest_primitives.local.api import app
from qiskit_rest_primitives.local.limits import Retention, read_age, read_size
from qiskit_rest_primitives.local.store import LARGE_BODY, StorageFullError, Store
from qiskit_rest_primitives.local.store.prune import prune, prune_folder
from tests.local.conftest import ALICE, Api
from tests.local.store.jobs import job, session
from tests.until import until

DAY = 86_400.0
JOBS = 30


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Thirty jobs, one a day, the oldest first, a hundred bytes each; and one that never ended."""
    with Store(tmp_path) as store:
        store.insert("jobs", job("waits"))
        for day in range(JOBS):
            fields = {"status": "Completed", "finished": day * DAY, "result_size": 100}
            store.insert("jobs", job(f"day{day:02}", **fields))
        yield store


def left(store: Store) -> list[str]:
    """The jobs that are left."""
    return [row[0] for row in store.rows("SELECT id FROM jobs ORDER BY seq")]


def test_old_jobs_are_deleted(store: Store) -> None:
    """Those that ended longer ago; one that has not ended stays."""
    assert prune(store, Retention(older_than_seconds=5 * DAY), JOBS * DAY) == 25
    assert left(store) == ["waits", *(f"day{day}" for day in range(25, 30))]
    assert prune(store, Retention(older_than_seconds=5 * DAY), JOBS * DAY) == 0


def test_too_many_bytes(store: Store) -> None:
    """Those that ended first, and no more than needed."""
    assert prune(store, Retention(keep_bytes=850), 0.0) == 22
    assert left(store) == ["waits", *(f"day{day}" for day in range(22, 30))]
    assert store.bytes_of() == 800


def test_age_and_size_limits_hold_together(store: Store) -> None:
    """Each holds; without limits, or while the service stops, everything stays."""
    assert prune(store, Retention(), 0.0) == 0
    both = Retention(older_than_seconds=10 * DAY, keep_bytes=300)
    assert prune(store, both, JOBS * DAY, stopping=lambda: True) == 0
    assert prune(store, both, JOBS * DAY) == 27


def test_bytes_of_jobs_that_have_not_ended(store: Store) -> None:
    """They can't be deleted, so they may be more than what is to be kept."""
    store.update("jobs", "waits", {"params_size": 5000})
    assert prune(store, Retention(keep_bytes=10), 0.0) == JOBS
    assert left(store) == ["waits"]


def test_files_and_sessions_go_with_their_jobs(tmp_path: Path) -> None:
    """Large bodies; sessions that are closed and have no jobs any more."""
    with Store(tmp_path) as store:
        for name, state, closed in (("old", "closed", 5.0), ("open", "open", None)):
            store.insert("sessions", session(name, state=state, closed=closed))
        fields = store.body_fields("a", "result", b"x" * (LARGE_BODY + 1))
        fields |= {"status": "Completed", "finished": 4.0, "session_id": "old"}
        store.insert("jobs", job("a", **fields))
        assert len(list((tmp_path / "bodies").iterdir())) == 1
        assert prune(store, Retention(older_than_seconds=DAY), 2 * DAY) == 1
        assert list((tmp_path / "bodies").iterdir()) == []
        assert [row["id"] for row in store.rows("SELECT id FROM sessions")] == ["open"]


def test_a_folder_beside_its_service(tmp_path: Path) -> None:
    """Its lists know at once; when it is stopped, the file gets smaller."""
    with LocalService(users=[ALICE], folder=tmp_path) as service:
        api = Api(service, ALICE)
        for _ in range(3):
            api.run(params={"pubs": [["OPENQASM 3; " + " " * 40_000]], "version": 2})
        size = api.json("/jobs")["count"]
        assert prune_folder(tmp_path, Retention(keep_bytes=50_000)) == (2, pytest.approx(40_000, 1))
        assert (size, api.json("/jobs")["count"]) == (3, 1)
        api.session.close()
    before = (tmp_path / "service.sqlite").stat().st_size
    assert prune_folder(tmp_path, Retention(keep_bytes=0)) == (1, 0)
    assert (tmp_path / "service.sqlite").stat().st_size < before


def finished(folder: Path) -> None:
    """Makes a data folder with an old job of Alice."""
    with Store(folder) as store:
        fields = {"user": "alice", "instance": ALICE.instances[0], "status": "Completed"}
        store.insert("jobs", job("old", finished=DAY, **fields))


def test_a_service_prunes_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its start on, again and again, as its limits say."""
    monkeypatch.setattr(app, "PRUNE_SECONDS", 0.001)
    finished(tmp_path)
    limits = Limits(retention=Retention(older_than_seconds=DAY))
    with LocalService(users=[ALICE], folder=tmp_path, limits=limits) as service:
        api = Api(service, ALICE)
        until(lambda: api.json("/jobs")["count"] == 0)
        api.run()
        assert api.json("/jobs")["count"] == 1
        api.session.close()


def test_a_service_that_can_not_prune_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It goes on, and tries again later."""
    finished(tmp_path)

    def full(_store: Store, _ids: object) -> int:
        raise StorageFullError("disk I/O error")

    monkeypatch.setattr(Store, "delete_jobs", full)
    limits = Limits(retention=Retention(older_than_seconds=DAY))
    with LocalService(users=[ALICE], folder=tmp_path, limits=limits) as service:
        until(lambda: "finished jobs can't be deleted" in caplog.text)
        api = Api(service, ALICE)
        assert api.json("/jobs")["count"] == 1
        api.session.close()


@pytest.mark.parametrize(
    ("text", "seconds"), [("12h", 43_200.0), ("30d", 30 * DAY), ("1.5W", 10.5 * DAY)]
)
def test_ages_are_read(text: str, seconds: float) -> None:
    """Hours, days and weeks."""
    assert read_age(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"), [("12", 12), ("500M", 500_000_000), ("1.5gb", 1_500_000_000), ("2k", 2000)]
)
def test_sizes_are_read(text: str, size: int) -> None:
    """Units of powers of 1000."""
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "30 minutes", "1e3d"])
def test_wrong_ages_and_sizes(text: str) -> None:
    """The message shows how to write it."""
    with pytest.raises(ValueError, match="like 12h"):
        read_age(text)
    with pytest.raises(ValueError, match="like 500M"):
        read_size(text + "x")
