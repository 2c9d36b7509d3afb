"""A short storm of kills: each job of an experiment exists once, with its result."""

from __future__ import annotations

import os

import pytest

from tests.chaos.experiment import run_and_kill


@pytest.mark.slow
def test_a_killed_program_submits_each_job_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is killed while calls fail, started again, and ends with all results."""
    monkeypatch.setenv("IAM_URL", os.environ.get("IAM_URL", ""))  # is set below, and restored
    report = run_and_kill(jobs=8, kills=3, faults=0.3, seed=4)
    assert report.kills == 3
    assert sum(report.spoilt.values()) > 5, "the storm did not happen"
    assert report.is_good, report.text()
