"""A copy of a data folder, made while the service runs."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.store import backup
from qiskit_rest_primitives.local.store.backup import back_up
from tests.local.conftest import ALICE, BELL, Api

LARGE = {"params": {"pubs": [[BELL, None, 20_000]], "version": 2}}


def test_a_service_can_be_started_on_a_backup(tmp_path: Path) -> None:
    """With the same jobs, small and large results, and tokens; only its owner can read it."""
    copy = tmp_path / "copy"
    with LocalService(users=[ALICE], folder=tmp_path / "data") as service:
        api = Api(service, ALICE)
        ids = [api.run(tags=["kept"]), api.run(**LARGE)]
        bodies = [api.get(f"/jobs/{job_id}/results").content for job_id in ids]
        assert back_up(service.folder, copy) == 2
        later = api.run()
        key = (service.folder / "signing.key").read_bytes()
        api.session.close()
    assert (copy / "signing.key").read_bytes() == key
    for path in (copy, *copy.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
    with LocalService(users=[ALICE], folder=copy) as service:
        api = Api(service, ALICE)
        assert [api.get(f"/jobs/{job_id}/results").content for job_id in ids] == bodies
        assert api.json("/jobs", tags="kept")["count"] == 1
        assert api.get(f"/jobs/{later}").status_code == 404
        api.session.close()


def test_a_job_deleted_during_a_backup_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are gone when they would be copied."""
    copy_database = backup._copy_database
    with LocalService(users=[ALICE], folder=tmp_path / "data") as service:
        api = Api(service, ALICE)
        small, large = api.run(), api.run(**LARGE)

        def and_delete(source: Path, target: Path) -> None:
            copy_database(source, target)
            assert api.call("DELETE", f"/jobs/{large}").ok

        monkeypatch.setattr(backup, "_copy_database", and_delete)
        assert back_up(service.folder, tmp_path / "copy") == 1
        api.session.close()
    with LocalService(users=[ALICE], folder=tmp_path / "copy") as service:
        api = Api(service, ALICE)
        assert [job["id"] for job in api.json("/jobs")["jobs"]] == [small]
        api.session.close()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """The source must be a data folder, the target new or empty."""
    with pytest.raises(FileNotFoundError, match="is not the data folder of a service"):
        back_up(tmp_path, tmp_path / "copy")
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(LocalService(folder=tmp_path / "data")).folder
        (tmp_path / "copy").mkdir()
        assert back_up(folder, tmp_path / "copy") == 0
        with pytest.raises(FileExistsError, match="is not empty"):
            back_up(folder, tmp_path / "copy")
