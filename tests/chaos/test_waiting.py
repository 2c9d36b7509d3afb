"""Outages during result() delay it only a little after they end."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.local import LocalService
from tests.chaos.waiting import OUTAGES, cost_of_an_outage

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("during", ["polling", "downloading"])
@pytest.mark.parametrize("how", OUTAGES)
def test_an_outage_delays_a_result_only_a_little(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str, during: str
) -> None:
    """Nothing listens, silence, 5xx: the result comes, and no pause between attempts is long.

    ``python -m tests.chaos.waiting`` measures the seconds.
    """
    caplog.set_level(logging.INFO, "qiskit_rest_primitives")
    with LocalService() as local:
        cost_of_an_outage(local, how, during, 3.0, tmp_path)
    found = re.findall(r"again in ([\d.]+) s", caplog.text)
    assert found, "the outage was not noticed"
    assert max(map(float, found)) <= 1.1 * retry_policies.LONGEST_PAUSE_SECONDS
