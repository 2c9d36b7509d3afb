"""A full disk refuses new jobs, and loses none."""

from __future__ import annotations

import logging
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qiskit.circuit import QuantumCircuit

from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2
from qiskit_rest_primitives.errors import ServerError
from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.outcome import Outcome
from qiskit_rest_primitives.local.store import LARGE_BODY, StorageFullError, Store, wait_for_space
from tests.local.conftest import ALICE, BELL, Api, HeldExecutor
from tests.until import until

NO_LIMIT = 1 << 30


def fill(store: Store) -> None:
    """Lets the database take no more pages: SQLite itself then says that the disk is full."""
    pages = store.rows("PRAGMA page_count")[0][0]
    store.change(f"PRAGMA max_page_count = {pages}")


def make_space(store: Store) -> None:
    """Ends `fill`."""
    store.change(f"PRAGMA max_page_count = {NO_LIMIT}")


@pytest.fixture
def held() -> Iterator[tuple[Api, Store, HeldExecutor]]:
    """A service that finishes no job until released, and its store."""
    executor = HeldExecutor()
    with LocalService(users=[ALICE], executor=executor) as service:
        api, store = Api(service, ALICE), service._store
        assert store is not None
        yield api, store, executor
        make_space(store)
        executor.release()
        api.session.close()


def test_a_job_is_refused_in_words(held: tuple[Api, Store, HeldExecutor]) -> None:
    """507, whichever write fails; what was accepted is still there, and can be cancelled."""
    api, store, _ = held
    first = api.submit()
    fill(store)
    large = {"pubs": [[BELL + " " * 60_000, None, 1]], "version": 2}
    reply = api.post_job(params=large)
    assert reply.status_code == 507
    [error] = reply.json()["errors"]
    assert "disk is full" in error["message"]
    assert "qiskit-rest prune" in error["solution"]
    assert [each["id"] for each in api.json("/jobs")["jobs"]] == [first]
    assert store.pending_of("alice") == 1
    assert api.call("POST", f"/jobs/{first}/cancel").ok
    make_space(store)
    assert api.post_job(params=large).ok


def test_space_is_left_for_results(held: tuple[Api, Store, HeldExecutor]) -> None:
    """New jobs are refused before the disk is full."""
    api, store, _ = held
    store._reserve_bytes = 1 << 60
    reply = api.post_job()
    assert reply.status_code == 507
    assert "kept for the results of jobs already accepted" in reply.json()["errors"][0]["message"]


def test_a_result_waits_for_space(
    held: tuple[Api, Store, HeldExecutor], caplog: pytest.LogCaptureFixture
) -> None:
    """Its job is still running, the log says why, and it is completed once there is space."""
    api, store, executor = held
    job_id = api.submit(params={"pubs": [[BELL, None, 5000]], "version": 2})
    api.wait(job_id, "Running")
    fill(store)
    executor.release()
    until(lambda: f"job {job_id} waits to be stored" in caplog.text)
    assert api.json(f"/jobs/{job_id}")["status"] == "Running"
    make_space(store)
    assert api.wait(job_id)["status"] == "Completed"
    assert len(api.json(f"/jobs/{job_id}/results")["results"][0]["data"]["c"]["samples"]) == 5000


class Disk:
    """Stores outcomes once it has space for them.

    Args:
        space: bytes of a result that fit.
        fails: how many times nothing fits at all.
    """

    def __init__(self, space: int, fails: int = 0):
        self.space, self.fails = space, fails
        self.stored: list[Outcome] = []
        self.now = 0.0

    def store(self, outcome: Outcome) -> None:
        """Stores, or raises."""
        self.fails -= 1
        if self.fails >= 0 or len(outcome.body) > self.space:
            raise StorageFullError("database or disk is full")
        self.stored.append(outcome)

    def sleep(self, seconds: float) -> None:
        """Lets time pass."""
        self.now += seconds

    def write(self, outcome: Outcome, stopping: Any = lambda: False) -> None:
        """Stores an outcome when possible."""
        wait_for_space.store_when_possible(
            self.store,
            outcome,
            "job",
            stopping=stopping,
            clock=lambda: self.now,
            sleep=self.sleep,
        )


def test_a_result_that_never_fits_fails_its_job(caplog: pytest.LogCaptureFixture) -> None:
    """After ten minutes, with the reason; what it used still counts. The log has one line."""
    disk = Disk(space=10)
    disk.write(Outcome("Completed", body=b"x" * 11, usage_seconds=2.0))
    [outcome] = disk.stored
    assert (outcome.status, outcome.usage_seconds) == ("Failed", 2.0)
    assert "result could not be stored" in outcome.reason
    assert "disk is full" in outcome.reason
    assert disk.now >= wait_for_space.RESULT_SECONDS
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_failure_is_tried_without_end() -> None:
    """However long nothing fits."""
    disk = Disk(space=0, fails=5000)
    disk.write(Outcome("Failed", reason="its own"))
    assert [outcome.reason for outcome in disk.stored] == ["its own"]


def test_a_stopping_service_stops_retrying_to_store() -> None:
    """The next start runs the job again."""
    disk = Disk(space=0, fails=5000)
    disk.write(Outcome("Completed"), stopping=lambda: disk.now > 5)
    assert disk.stored == []
    assert disk.now < 7


LIMITED = """
import resource, sys
from pathlib import Path
from qiskit_rest_primitives.local.store import StorageFullError, Store
from tests.local.store.jobs import job

hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
store = Store(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
refused = accepted = 0
for number in range(300):
    try:
        size = 1_000_000 if number == 7 else 8_000
        fields = store.body_fields(f"j{number}", "result", b"x" * size)
        store.insert("jobs", job(f"j{number}", **fields))
        accepted += 1
    except StorageFullError:
        refused += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
store.insert("jobs", job("last", **store.body_fields("last", "result", b"x" * 1_000_000)))
kept = store.rows("SELECT COUNT(*) FROM jobs")[0][0]
whole = all(len(store.body(row[0], "result")) == 8_000
            for row in store.rows("SELECT id FROM jobs WHERE id != 'last'"))
print(refused > 0, accepted > 0, kept == accepted + 1, whole,
      [path.name for path in Path(sys.argv[1], "bodies").iterdir()],
      store.rows("PRAGMA integrity_check")[0][0])
store.close()
"""


@pytest.mark.slow
def test_files_that_can_not_grow(tmp_path: Path) -> None:
    """With a limit on the size of files: each job is there as a whole, or was refused."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LIMITED, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout == "True True True True ['last.result'] ok\n", done.stderr


ON_TMPFS = """
import sys
from pathlib import Path
from qiskit_rest_primitives.local import LocalService
from tests.local.conftest import ALICE, BELL, Api

large = {"pubs": [[BELL + " " * 300_000, None, 100_000]], "version": 2}
with LocalService(users=[ALICE], folder=Path(sys.argv[1])) as service:
    api, accepted = Api(service, ALICE), []
    while (reply := api.post_job(params=large)).status_code == 200:
        accepted.append(reply.json()["id"])
    print(reply.status_code, len(accepted) > 0, {api.wait(job)["status"] for job in accepted})
    for job in accepted[1:]:
        assert api.call("DELETE", f"/jobs/{job}").ok
    print(api.post_job(params=large).status_code)
    [result] = api.json(f"/jobs/{accepted[0]}/results")["results"]
    print(len(result["data"]["c"]["samples"]))
    api.session.close()
"""
IN_NAMESPACE = ["unshare", "--map-root-user", "--mount"]


def may_mount() -> bool:
    """Whether this user may mount a file system in a namespace of its own."""
    try:
        return subprocess.run([*IN_NAMESPACE, "true"], stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not may_mount(), reason="mounting is not permitted here")
def test_a_service_on_a_small_disk_completes_accepted_jobs(tmp_path: Path) -> None:
    """On a tmpfs of 80 MB: 507 when it is full, all accepted jobs complete, deleting makes room."""
    tmp_path.chmod(0o700)
    program = [sys.executable, "-W", "error", "-c", ON_TMPFS, str(tmp_path)]
    mount = f"mount -t tmpfs -o size=80m,mode=700 tmpfs {shlex.quote(str(tmp_path))}"
    done = subprocess.run(
        [*IN_NAMESPACE, "sh", "-c", f"{mount} && exec {shlex.join(program)}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "507 True {'Completed'}\n200\n100000\n", done.stderr


def test_a_device_that_is_full(tmp_path: Path) -> None:
    """A large body that can't be written leaves no file behind."""
    with Store(tmp_path) as store:
        file = tmp_path / "bodies" / "a.result"
        file.symlink_to("/dev/full")
        with pytest.raises(StorageFullError, match="No space left"):
            store.body_fields("a", "result", b"x" * (LARGE_BODY + 1))
        assert not file.is_symlink()


def test_other_errors_are_not_about_space(tmp_path: Path) -> None:
    """A wrong statement or a file without permission stays what it is."""
    with Store(tmp_path) as store:
        with pytest.raises(Exception, match="no such table"):
            store.change("DELETE FROM unknown")
        with pytest.raises(IsADirectoryError), store.transaction():
            tmp_path.read_bytes()


def test_the_client_says_so_at_once(held: tuple[Api, Store, HeldExecutor]) -> None:
    """No job was made, and none is looked for or tried again."""
    api, store, _ = held
    store._reserve_bytes = 1 << 60
    url, token = api.service.url, api.service.token
    service = QiskitRuntimeService(url=url, token=token, instance=api.service.instance)
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    with pytest.raises(ServerError, match="kept for the results of jobs") as refused:
        SamplerV2(service.backend("statevector")).run([circuit]).result()
    assert refused.value.status_code == 507
    assert api.json("/jobs")["count"] == 0
