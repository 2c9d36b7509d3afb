"""Files of older versions are brought up to date, with all that they have."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.store import SCHEMA_VERSION, Store, migrate
from tests.local.conftest import ALICE, Api

SCHEMA_2 = Path(__file__).with_name("schema_2.sql").read_text()
CRN = ALICE.instances[0]
JOB = """
INSERT INTO jobs (id, user, instance, program, backend, session_id, status, created, running,
    finished, usage_seconds, tags, cost, logs, params, params_size, result, result_size)
VALUES (?, 'alice', ?, 'sampler', 'statevector', ?, 'Completed', ?, 2, 3, 1.5, ?, 100, 'said',
    CAST('{"pubs":[]}' AS BLOB), 11, CAST('{"results":[]}' AS BLOB), 14)
"""
SESSION = """
INSERT INTO sessions (id, user, instance, backend, mode, state, state_reason, max_ttl,
    interactive_ttl, created)
VALUES ('s', 'alice', ?, 'statevector', 'batch', 'closed', '', 1, 1, ?)
"""


@pytest.fixture(params=[1, 2])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A data folder of schema 1 or 2: three jobs, one of them in a session, and a limit."""
    with closing(sqlite3.connect(tmp_path / "service.sqlite")) as database, database:
        database.executescript(SCHEMA_2)
        if request.param == 1:
            database.execute("ALTER TABLE jobs DROP COLUMN estimated_seconds")
            database.execute("PRAGMA user_version = 1")
        # The one that was submitted later has the earlier time: a clock was set back.
        for job_id, session_id, created in (("b", None, 30.0), ("a", "s", 20.0), ("c", None, 40.0)):
            database.execute(JOB, (job_id, CRN, session_id, created, f'["tag-of-{job_id}"]'))
            database.execute("INSERT INTO tags VALUES (?, ?)", (f"tag-of-{job_id}", job_id))
        database.execute(SESSION, (CRN, 10.0))
        database.execute("INSERT INTO instances VALUES (?, 77)", (CRN,))
    return tmp_path


def test_the_service_has_all_that_was_stored(folder: Path) -> None:
    """Jobs with bodies, logs and tags; sessions; limits; usage."""
    for _ in range(2):
        with LocalService(users=[ALICE], folder=folder) as service:
            api = Api(service, ALICE)
            assert [job["id"] for job in api.json("/jobs")["jobs"]] == ["c", "b", "a"]
            assert api.json("/jobs", tags="tag-of-b")["count"] == 1
            assert api.json("/tags", type="job", search="OF-C")["tags"] == ["tag-of-c"]
            assert api.json("/jobs/a")["params"] == {"pubs": []}
            assert api.json("/jobs/a/results") == {"results": []}
            assert api.get("/jobs/a/logs").text == "said"
            workloads = api.json("/workloads")["workloads"]
            assert [each["id"] for each in workloads] == ["s", "b", "c"]
            assert (workloads[0]["job_count"], workloads[0]["usage_seconds"]) == (1, 1.5)
            assert api.json("/instances/configuration") == {"instance_limit": 77}
            used = api.json("/analytics/usage", interval_start="1970-01-01T00:00:00Z")
            assert (used["jobs"], used["usage"], used["batch_sessions"]) == (3, 4500, 1)
            api.session.close()


def test_a_crash_leaves_the_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is half done is undone, and the next start does it."""

    def crash(_database: sqlite3.Connection) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(migrate, "rebuild", crash)
        with pytest.raises(KeyboardInterrupt):
            Store(folder)
    with closing(sqlite3.connect(folder / "service.sqlite")) as database:
        assert database.execute("SELECT COUNT(*) FROM tags").fetchone()[0] == 3
        assert database.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION
    with Store(folder) as store:
        assert store.bytes_of("alice") == 3 * 25


def test_a_command_beside_a_service_changes_no_schema(folder: Path) -> None:
    """It says what to do instead."""
    with pytest.raises(ValueError, match="start the service there once"):
        Store(folder, alone=False)
