"""The official client, unmodified, pointed here by environment variables only.

Needs the extra [conformance]; tests/local/conftest.py leaves this file out where it is missing.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qiskit_rest_primitives.local import LocalService
from tests.local.conftest import BOB
from tests.local.official_environment import findings

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("official_client.py")


@pytest.fixture(scope="module")
def seen(local: LocalService, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The official client's findings, and under "calls" its requests and their statuses."""
    calls: list[tuple[str, str, int]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            """Keeps a call."""
            fields = vars(record)
            calls.append((fields["method"], fields["path"], fields["status"]))

    requests_log = logging.getLogger("qiskit_rest_primitives.local.requests")
    handler, level = Keep(), requests_log.level
    requests_log.addHandler(handler)
    requests_log.setLevel(logging.DEBUG)
    try:
        found = findings(SCRIPT, local, BOB, tmp_path_factory.mktemp("home"))
    finally:
        requests_log.removeHandler(handler)
        requests_log.setLevel(level)
    return {**found, "calls": calls}


def test_lists_backends_and_builds_targets(seen: dict[str, Any]) -> None:
    """Names, target, status and properties; fractional gates only on request."""
    backends = seen["backends"]
    assert {"statevector", "fake_27q"} <= set(backends["names"])
    assert backends["qubits"] == 27
    assert {"cz", "rz", "sx", "x", "measure", "reset", "delay"} <= set(backends["operations"])
    assert "rzz" not in backends["operations"]
    assert "rzz" in backends["fractional"]
    assert backends["operational"] is True
    assert backends["message"] == "active"
    assert backends["t1_positive"] is True
    assert 0 < backends["readout"] < 0.5
    assert backends["least_busy"].startswith("fake_")
    assert backends["active_instance"] == BOB.instances[0]


def test_runs_sweeps_of_both_primitives(seen: dict[str, Any]) -> None:
    """Shapes and values are right: exactly on the reference simulator, nearly on the device."""
    exact, device = seen["primitives"]["statevector"], seen["primitives"]["fake_27q"]
    assert (exact["zeros"], exact["ones"]) == (200, 200)
    for results, tolerance in ((exact, 0.15), (device, 0.3)):
        assert results["shape"] == [3]
        assert results["zeros"] > 120
        assert results["ones"] > 120
        expected = np.array([[1, 1, 1], [1, 0, -1]])
        np.testing.assert_allclose(results["evs"], expected, atol=tolerance)
        assert results["stds_shape"] == [2, 3]


def test_the_product_of_twirling_is_the_number_of_shots(seen: dict[str, Any]) -> None:
    """It takes precedence over default_shots, and the shots of run() over it."""
    twirled = seen["twirled"]
    assert twirled["sampler"] == 21
    assert twirled["sampler_metadata"]["num_randomizations"] == 7
    assert twirled["sampler_obeys_run"] == 50
    assert twirled["estimator"]["shots"] == 1600
    assert twirled["estimator"]["num_randomizations"] == 16
    assert twirled["estimator"]["target_precision"] == 1 / 40


def test_sessions_and_batches(seen: dict[str, Any]) -> None:
    """Details while open and after, jobs that join, graceful and hard close."""
    sessions = seen["sessions"]
    assert sessions["job_session"] is True
    assert sessions["during"]["state"] == "active"
    assert sessions["during"]["mode"] == "dedicated"
    assert sessions["during"]["max_time"] == 600
    assert sessions["status"] == "In progress, accepting new jobs"
    assert sessions["after"]["state"] == "closed"
    assert sessions["after"]["accepting_jobs"] is False
    assert sessions["usage"] > 0
    assert sessions["again"] is True
    assert sessions["batch"]["mode"] == "batch"
    assert sessions["batch_jobs"] == 3
    assert sessions["cancelled"] == "closed"


def test_old_jobs_with_filters(seen: dict[str, Any]) -> None:
    """Every filter of service.jobs(), and a job rebuilt from its id."""
    jobs = seen["jobs"]
    assert jobs["found_by_tags"] == [jobs["id"]]
    assert jobs["id"] not in jobs["found_by_old_tag"]
    assert jobs["found_since"] is True
    assert jobs["found_before"] is False
    assert jobs["found_pending"] == []
    assert jobs["found_program"] is False
    assert jobs["found_backend"] == []
    assert jobs["page"] == 2
    assert jobs["ascending"] is True
    assert sum(jobs["old_result"].values()) == 50
    assert jobs["old_tags"] == ["conformance", "second"]
    assert {"pubs", "options"} <= set(jobs["old_inputs"])
    assert jobs["old_backend"] == "fake_27q"
    assert jobs["old_primitive"] == "sampler"
    assert jobs["created_is_local"] is True


def test_metrics_usage_and_logs(seen: dict[str, Any]) -> None:
    """Timestamps, seconds and text."""
    jobs = seen["jobs"]
    assert set(jobs["metrics"]["timestamps"]) == {"created", "running", "finished"}
    assert jobs["usage"] > 0
    assert jobs["logs"] is True
    assert jobs["instance_usage"]["usage_consumed_seconds"] > 0


def test_private_cancelled_failed_and_deleted_jobs(seen: dict[str, Any]) -> None:
    """Each ends as the client expects, with its own exception classes."""
    jobs = seen["jobs"]
    assert jobs["private_shots"] == 10
    assert jobs["private_inputs"] == {}
    assert set(jobs["cancelled"]) == {"CANCELLED"}
    assert jobs["failed"] == "ERROR"
    assert "gibberish" in jobs["failure"] or "line" in jobs["failure"]
    assert jobs["cancel_final"] == "RuntimeInvalidStateError"
    assert jobs["deleted"] == "RuntimeJobNotFound"


def test_every_request_of_the_official_client_was_answered(seen: dict[str, Any]) -> None:
    """The only errors are provoked ones: cancelling a final job, reading a deleted one."""
    refused = [call for call in seen["calls"] if call[2] >= 400]
    assert sorted(call[::2] for call in refused) == [("GET", 404), ("POST", 409)]
    assert ("POST", "/identity/token", 200) in seen["calls"]
