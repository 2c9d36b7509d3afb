"""A short run with many faults: no job is lost or duplicated, no result wrong."""

from __future__ import annotations

import pytest

from tests.chaos.runs import run_jobs

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", [1, 2])
def test_faults_lose_no_job(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """30 % of the calls fail, the service restarts, tokens expire: every job exists once."""
    monkeypatch.setenv("IAM_URL", "")
    report = run_jobs(
        jobs=60, threads=4, faults=0.3, seed=seed, restart_every=2.0, expire_every=1.5
    )
    assert sum(report.spoilt.values()) > 20, "the storm did not happen"
    assert (report.lost, report.duplicated, report.wrong, report.failed) == (0, 0, 0, 0), (
        report.text()
    )
    assert report.found == report.submitted + report.recovered == report.asked, report.text()
