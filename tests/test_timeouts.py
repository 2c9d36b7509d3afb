"""Every call keeps its caller's timeout, even if the service hangs."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path

import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives import (
    JobTimeoutError,
    QiskitRuntimeService,
    RestJob,
    SamplerV2,
    SplitJob,
    as_completed,
    wait,
)
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.jobs.results.pieces import Piece
from qiskit_rest_primitives.local import LocalService
from tests.http.raw_server import RawServer, Received
from tests.tokens import secret

ENOUGH_SECONDS = 20.0
"""What a caller may wait beyond the timeout: far less than the service makes it wait, and so much
that a loaded machine does not matter. ``python -m tests.chaos.waiting`` measures it."""

MISBEHAVIOUR = {
    "silent": {"silence": True},
    "dripping": {"drip": 0.2},
    "redirecting": {"status": 307, "location": "/v1/jobs/again"},
    "failing": {"status": 503},
    "busy": {"status": 429, "retry_after": 50},
    "hanging up": {"drop": True},
    "truncating": {"truncate": True},
}

CALLS: dict[str, Callable[[RestJob, float], object]] = {
    "result": lambda job, seconds: job.result(timeout=seconds),
    "raw_result": lambda job, seconds: job.raw_result(timeout=seconds),
    "wait_for_final_state": lambda job, seconds: job.wait_for_final_state(seconds),
    "as_completed": lambda job, seconds: list(as_completed([job], timeout=seconds)),
    "future": lambda job, seconds: job.future().result(seconds),
    "split": lambda job, seconds: SplitJob(
        [job], [[Piece(0, 0, 1)]], [()], job.backend(), job.primitive_id
    ).result(seconds),
}


@pytest.fixture
def job(failing: LocalService, monkeypatch: pytest.MonkeyPatch) -> RestJob:
    """A completed job whose handle has not polled it yet."""
    monkeypatch.setattr(
        retry_policies, "POLL_TIMEOUT_SECONDS", 1.0
    )  # after the faults end, not longer
    service = QiskitRuntimeService(url=failing.url, token=failing.token, instance=failing.instance)
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    made = SamplerV2(service.backend("statevector")).run([circuit], shots=3)
    made.wait_for_final_state(60)
    return RestJob(made._client, made.job_id())


@pytest.mark.parametrize("how", MISBEHAVIOUR)
@pytest.mark.parametrize("call", CALLS)
def test_polling_keeps_the_timeout(
    failing: LocalService, job: RestJob, call: str, how: str
) -> None:
    """Polls fail: JobTimeoutError is raised in time, and the handle works afterwards."""
    failing.faults.add("GET", "/jobs/*", **MISBEHAVIOUR[how])
    began = time.monotonic()
    with pytest.raises(FutureTimeoutError if call == "future" else JobTimeoutError):
        CALLS[call](job, 0.3)
    assert time.monotonic() - began < 0.3 + ENOUGH_SECONDS
    if how == "busy":
        return  # Retry-After was 50 s: there is no other request
    failing.faults.clear()
    assert job.result(timeout=60)[0].data.meas.get_counts() == {"1": 3}


@pytest.mark.parametrize("how", MISBEHAVIOUR)
@pytest.mark.parametrize("call", ["result", "raw_result", "split"])
def test_downloading_keeps_the_timeout(
    failing: LocalService, job: RestJob, call: str, how: str
) -> None:
    """The state is known, but the result does not arrive."""
    failing.faults.add("GET", "/jobs/*/results", **MISBEHAVIOUR[how])
    began = time.monotonic()
    with pytest.raises(JobTimeoutError, match="not received"):
        CALLS[call](job, 0.5)
    assert time.monotonic() - began < 0.5 + ENOUGH_SECONDS


def test_wait_returns_pending_jobs_after_its_timeout(failing: LocalService, job: RestJob) -> None:
    """It raises no error."""
    failing.faults.add("GET", "/jobs/*", silence=True)
    began = time.monotonic()
    assert wait([job], timeout=0.3) == (set(), {job})
    assert time.monotonic() - began < 0.3 + ENOUGH_SECONDS


def test_slow_headers_do_not_delay_a_timeout(tmp_path: Path) -> None:
    """The service sends a reply's headers byte by byte."""

    def drip(request: Received) -> None:
        request.connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(1000):
            time.sleep(0.05)
            request.connection.sendall(b"z")

    with RawServer(drip) as server:
        service = QiskitRuntimeService(
            url=f"http://127.0.0.1:{server.port}/v1", token=secret("ready")
        )
        began = time.monotonic()
        with pytest.raises(JobTimeoutError):
            RestJob(service.client, "a").result(timeout=0.3)
        assert time.monotonic() - began < 0.3 + ENOUGH_SECONDS


@pytest.mark.parametrize("forever", [float("inf"), 1e300, 10**400, None])
def test_a_timeout_without_end(job: RestJob, forever: float | None) -> None:
    """An infinite timeout is like None."""
    assert job.result(timeout=forever)[0].data.meas.get_counts() == {"1": 3}
    assert wait([job], timeout=forever) == ({job}, set())
    assert list(as_completed([job], timeout=forever)) == [job]


@pytest.mark.parametrize(("wrong", "error"), [("3", TypeError), (float("nan"), ValueError)])
def test_a_timeout_that_is_not_a_number(job: RestJob, wrong: float, error: type[Exception]) -> None:
    """Each call raises the error at once."""
    for call in ("result", "raw_result", "wait_for_final_state", "as_completed", "split"):
        with pytest.raises(error, match="timeout"):
            CALLS[call](job, wrong)
