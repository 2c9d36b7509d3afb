"""Outages in the middle of result(): they cost little beyond themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from qiskit_rest_primitives.local import LocalService
from tests.chaos.waiting import OUTAGE_LIMIT_SECONDS, OUTAGES, cost_of_an_outage


@pytest.mark.parametrize("during", ["watching", "downloading"])
@pytest.mark.parametrize("how", OUTAGES)
def test_an_outage_costs_itself(tmp_path: Path, how: str, during: str) -> None:
    """Nothing listens, silence, a gateway without its service: the result comes soon after."""
    with LocalService() as local:
        cost = cost_of_an_outage(local, how, during, 3.0, tmp_path)
    assert cost < OUTAGE_LIMIT_SECONDS
