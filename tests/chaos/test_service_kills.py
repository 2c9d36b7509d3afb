"""A short storm of kills: each job ends once, with its result."""

from __future__ import annotations

import os

import pytest

from tests.chaos.service_kills import run_and_kill


@pytest.mark.slow
def test_a_killed_service_and_killed_workers_lose_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are killed while jobs run; the service is started again."""
    monkeypatch.setenv("IAM_URL", os.environ.get("IAM_URL", ""))  # is set below, and restored
    report = run_and_kill(jobs=12, kills=1, seed=3)
    assert (report.service_kills, report.worker_kills) == (1, 1)
    assert report.is_good, report.text()
