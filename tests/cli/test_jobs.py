"""`qiskit-rest jobs`, `status`, `result`, `cancel`, `sessions`, `usage` and `backends`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives import Batch, QiskitRuntimeService, RestJob, SamplerV2, load_result
from qiskit_rest_primitives.cli import backends
from qiskit_rest_primitives.local import LocalService
from tests.cli.conftest import call, document
from tests.local.conftest import HeldExecutor

pytestmark = pytest.mark.usefixtures("account")


def submit(service: QiskitRuntimeService, width: int = 1, *tags: str) -> RestJob:
    """A job that measures so many qubits in state 1."""
    circuit = QuantumCircuit(width)
    circuit.x(range(width))
    circuit.measure_all()
    options = {"environment": {"job_tags": list(tags)}} if tags else None
    job = SamplerV2(service.backend("statevector"), options=options).run([circuit], shots=10)
    assert isinstance(job, RestJob)
    return job


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[QiskitRuntimeService]:
    """A client of a service that finishes no job; the environment names that service."""
    executor = HeldExecutor()
    with LocalService(executor=executor) as slow:
        monkeypatch.setenv("QISKIT_IBM_URL", slow.url)
        monkeypatch.setenv("QISKIT_IBM_TOKEN", slow.token)
        monkeypatch.setenv("QISKIT_IBM_INSTANCE", slow.instance)
        yield QiskitRuntimeService(url=slow.url, token=slow.token, instance=slow.instance)
        executor.release()


class TestJobs:
    def test_control_characters_are_shown(self, service: QiskitRuntimeService) -> None:
        """A terminal obeys no tag: not in a table, in fields or in JSON."""
        job = submit(service)
        job.wait_for_final_state(60)
        job.update_tags(["cli-red", "\x1b[31m\x07\x9b31m\r"])
        listed = call("jobs", "--tag", "cli-red")
        assert r"\x1b[31m\x07\x9b31m\r" in listed.stdout
        status = call("status", job.job_id())
        assert r"\x1b[31m\x07\x9b31m\r" in status.stdout
        as_json = call("jobs", "--tag", "cli-red", "--json")
        assert document(as_json)[0]["tags"] == ["cli-red", "\x1b[31m\x07\x9b31m\r"]
        for result in (listed, status, as_json):
            assert not set("\x1b\x07\x9b\r") & set(result.output)

    def test_jobs_are_listed(self, service: QiskitRuntimeService) -> None:
        """Newest first, by tag; as a table and as JSON with the same ids."""
        jobs = [submit(service, 1, "cli-list", str(index)) for index in range(2)]
        for job in jobs:
            job.wait_for_final_state(60)
        newest = [job.job_id() for job in reversed(jobs)]
        found = document(call("jobs", "--tag", "cli-list", "--json"))
        assert [each["id"] for each in found] == newest
        assert found[0] | {"created": None} == {
            "id": newest[0],
            "program": "sampler",
            "backend": "statevector",
            "created": None,
            "session_id": None,
            "tags": ["cli-list", "1"],
            "status": "DONE",
        }
        table = call("jobs", "--tag", "cli-list", "--limit", 1).stdout.splitlines()
        assert table[0].split() == ["id", "status", "program", "backend", "created", "tags"]
        assert [line.split()[0] for line in table[2:]] == newest[:1]

    def test_ids_and_tags_in_a_pipe_are_whole(self, service: QiskitRuntimeService) -> None:
        """A table in a pipe is not wrapped to a terminal's width, so `grep` finds its lines."""
        tags = [f"{index}-{'long' * 15}" for index in range(5)]
        job = submit(service, 1, *tags)
        (row,) = [line for line in call("jobs").stdout.splitlines() if job.job_id() in line]
        assert ", ".join(tags) in row

    def test_pending_and_final_jobs(self, held: QiskitRuntimeService) -> None:
        """--pending lists what has not ended; --final the rest, of which there is none."""
        job = submit(held)
        assert [each["id"] for each in document(call("jobs", "--pending", "--json"))] == [
            job.job_id()
        ]
        result = call("jobs", "--final")
        assert (result.exit_code, result.stdout) == (0, "")
        assert "no job matches" in result.stderr
        assert document(call("jobs", "--final", "--json")) == []


class TestStatus:
    def test_a_job_that_is_done(self, service: QiskitRuntimeService) -> None:
        """Times and use of the device, as text and as JSON."""
        job = submit(service, 1, "cli-status")
        job.wait_for_final_state(60)
        found = document(call("status", job.job_id(), "--json"))
        assert (found["status"], found["tags"], found["reason"]) == ("DONE", ["cli-status"], None)
        assert found["created"] <= found["finished"]
        lines = [line.split() for line in call("status", job.job_id()).stdout.splitlines()]
        assert ["id", job.job_id()] in lines
        assert ["status", "DONE"] in lines

    def test_a_job_that_failed_has_its_reason(self, service: QiskitRuntimeService) -> None:
        """The command itself succeeded: it told the status."""
        job = submit(service, 60)
        job.wait_for_final_state(60)
        found = document(call("status", job.job_id(), "--json"))
        assert found["status"] == "ERROR"
        assert "60 qubits" in found["reason"]

    def test_a_job_that_does_not_exist(self) -> None:
        """One line and exit code 1, for each command that takes an id."""
        for command in ("status", "result", "cancel"):
            result = call(command, "no-such-job")
            assert result.exit_code == 1
            assert f"qiskit-rest {command}: GET /jobs/no-such-job" in result.stderr
            assert "Traceback" not in result.stderr


class TestResult:
    def test_a_result_is_printed_and_saved(
        self, service: QiskitRuntimeService, tmp_path: Path
    ) -> None:
        """The register has the name of the user's circuit."""
        job = submit(service)
        result = call("result", job.job_id(), "--save", tmp_path / "one.zip", "--plot")
        assert result.exit_code == 0
        assert "meas: 10 shots, 1 bits" in result.stdout
        assert load_result(tmp_path / "one.zip")[0].data.meas.get_counts() == {"1": 10}
        found = document(call("result", job.job_id(), "--json"))
        assert found["pubs"][0]["registers"]["meas"]["counts"] == [{"1": 10}]

    def test_a_failed_job_is_exit_code_1(self, service: QiskitRuntimeService) -> None:
        """With the service's reason."""
        result = call("result", submit(service, 60).job_id())
        assert result.exit_code == 1
        assert "60 qubits" in result.stderr
        assert result.stdout == ""

    def test_a_timeout_says_how_to_go_on(self, held: QiskitRuntimeService) -> None:
        """The job continues: the message is the command that waits again."""
        job_id = submit(held).job_id()
        result = call("result", job_id, "--timeout", 0)
        assert result.exit_code == 1
        assert f"fetch its result with: qiskit-rest result {job_id}\n" in result.stderr

    def test_the_way_on_names_the_account(self, held: QiskitRuntimeService) -> None:
        """Account options that were typed are repeated, so that the command finds the job."""
        job_id, url = submit(held).job_id(), held.client.url
        result = call("result", job_id, "--timeout", 0, "--url", url)
        assert result.stderr.endswith(f"with: qiskit-rest result {job_id} --url {url}\n")


class TestCancel:
    def test_a_job_is_cancelled(self, held: QiskitRuntimeService) -> None:
        """A second time it is final: exit code 1."""
        job = submit(held)
        for _ in range(8):  # the service starts the first ones
            job = submit(held)
        assert document(call("cancel", job.job_id(), "--json")) == {
            "id": job.job_id(),
            "cancel_accepted": True,
        }
        job.wait_for_final_state(60)
        again = call("cancel", job.job_id())
        assert again.exit_code == 1
        assert "is final already: its status is CANCELLED" in again.stderr


class TestSessions:
    def test_sessions_are_listed_and_closed(self, service: QiskitRuntimeService) -> None:
        """Newest first, sessions and batches together."""
        batch = Batch(service.backend("statevector"))
        found = document(call("sessions", "--json", "--limit", 5))
        assert (found[0]["id"], found[0]["mode"]) == (batch.session_id, "batch")
        table = call("sessions", "--limit", 1).stdout.splitlines()
        assert table[2].split()[:2] == [batch.session_id, "batch"]
        assert document(call("sessions", "--close", batch.session_id, "--json"))["closed"] is True
        assert batch.details()["accepting_jobs"] is False

    def test_a_session_that_does_not_exist(self) -> None:
        """The message names it."""
        result = call("sessions", "--close", "nothing")
        assert result.exit_code == 1
        assert "no session 'nothing'" in result.stderr


class TestBackends:
    def test_backends_are_listed(self) -> None:
        """Width, kind, state, queue and errors; as a table and as JSON."""
        found = {each["name"]: each for each in document(call("backends", "--json"))}
        assert found["statevector"]["simulator"] is True
        assert found["fake_127q"]["num_qubits"] == 127
        assert 1e-4 < found["fake_127q"]["two_qubit_error"] < 1e-1
        rows = [line.split() for line in call("backends").stdout.splitlines()]
        assert ["fake_5q", "5", "device", "online", "0"] in [row[:5] for row in rows]

    def test_watching_ends_with_ctrl_c(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """That is its way out, so the exit code is 0."""

        class Interrupted:
            def wait(self, _: float) -> None:
                raise KeyboardInterrupt

        # Not Event.wait itself: other threads of this process use it.
        monkeypatch.setattr(backends, "threading", SimpleNamespace(Event=Interrupted))
        result = call("backends", "--watch")
        assert result.exit_code == 0
        assert "stopped watching" in result.stderr
        assert "fake_5q" in result.stdout

    def test_watching_is_for_people(self) -> None:
        """--json with --watch would be many documents."""
        result = call("backends", "--watch", "--json")
        assert result.exit_code == 2
        assert "--watch is for people" in result.stderr


def test_usage_is_shown() -> None:
    """The instance and its seconds."""
    found = document(call("usage", "--json"))
    assert found["usage_consumed_seconds"] >= 0
    assert "used (s)" in call("usage").stdout
