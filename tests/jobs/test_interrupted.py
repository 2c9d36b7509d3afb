"""Ctrl-C and kill, with real signals in a child process: the job continues and is found."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qiskit_rest_primitives import QiskitRuntimeService
from qiskit_rest_primitives.local import LocalService

pytestmark = pytest.mark.slow

RUNS = """
import sys
from qiskit import QuantumCircuit
from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2

service = QiskitRuntimeService(url=sys.argv[1], instance=sys.argv[2])
circuit = QuantumCircuit(1)
circuit.x(0)
circuit.measure_all()
sampler = SamplerV2(service.backend("statevector"))
print("ready", flush=True)
job = sampler.run([circuit], shots=3)
print(job.job_id(), flush=True)
getattr(job, sys.argv[3])()
"""


@pytest.fixture
def failing() -> Iterator[LocalService]:
    """A service with faults on demand."""
    with LocalService(faults=True) as running:
        yield running


@contextmanager
def client_process(failing: LocalService, method: str) -> Iterator[subprocess.Popen[str]]:
    """A client that submits a job and calls a method of it; it keeps the test's journal."""
    line = [sys.executable, "-c", RUNS, failing.url, failing.instance, method]
    environment = {**os.environ, "QISKIT_IBM_TOKEN": failing.token}
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def here(failing: LocalService) -> QiskitRuntimeService:
    """A client in this process."""
    return QiskitRuntimeService(url=failing.url, token=failing.token, instance=failing.instance)


def until_hit(failing: LocalService, what: str, process: subprocess.Popen[str]) -> None:
    """Waits until a call of the client was hit by a fault."""
    while not any(what in hit for hit in list(failing.faults.hits)):
        assert process.poll() is None


def test_a_process_killed_between_post_and_answer(failing: LocalService, tmp_path: Path) -> None:
    """Kill -9 after the service has created the job: recover() returns its handle, once."""
    failing.faults.add("POST", "/jobs", drop=True, after_work=True)
    failing.faults.add("GET", "/jobs", silence=True)
    with client_process(failing, "result") as process:
        until_hit(failing, "GET /jobs", process)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    failing.faults.clear()
    service = here(failing)
    (job,) = service.recover()
    assert job.result(timeout=60)[0].data.meas.get_counts() == {"1": 3}
    assert [one.job_id() for one in service.jobs(limit=None)] == [job.job_id()]
    assert service.recover() == []


def test_ctrl_c_while_submitting(failing: LocalService) -> None:
    """A warning says that a job may exist, and how to find it."""
    failing.faults.add("POST", "/jobs", drop=True, after_work=True)
    failing.faults.add("GET", "/jobs", silence=True)
    with client_process(failing, "result") as process:
        until_hit(failing, "GET /jobs", process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert "service.recover()" in said
    failing.faults.clear()
    assert len(here(failing).recover()) == 1


@pytest.mark.parametrize(
    ("method", "fault", "path"),
    [
        ("result", {"silence": True}, "/jobs/*"),
        ("result", {"silence": True}, "/jobs/*/results"),
        ("raw_result", {"drip": 0.5}, "/jobs/*/results"),
        ("wait_for_final_state", {"status": 502}, "/jobs/*"),
    ],
)
def test_ctrl_c_while_waiting(failing: LocalService, method: str, fault: dict, path: str) -> None:
    """It ends at once, even if the service hangs; the warning has the job's id."""
    failing.faults.add("GET", path, **fault)
    with client_process(failing, method) as process:
        assert process.stdout is not None
        job_id = process.stdout.readline().strip()
        until_hit(failing, path.replace("*", job_id), process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode == -signal.SIGINT or process.returncode == 130
    assert f"job {job_id} continues" in said
    failing.faults.clear()
    job = here(failing).job(job_id)
    assert job.result(timeout=60)[0].data.meas.get_counts() == {"1": 3}
