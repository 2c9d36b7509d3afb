"""A client with short pauses, of a service that fails on demand."""

from __future__ import annotations

from pathlib import Path

import pytest

from qiskit_rest_primitives import QiskitRuntimeService, Settings
from qiskit_rest_primitives.local import LocalService


@pytest.fixture
def client_of_failing(failing: LocalService, tmp_path: Path) -> QiskitRuntimeService:
    """A client with short pauses."""
    settings = Settings(
        state_folder=tmp_path / "state",
        first_pause_seconds=0.01,
        patience_seconds=10,
        outage_seconds=10,
    )
    return QiskitRuntimeService(
        url=failing.url, token=failing.token, instance=failing.instance, settings=settings
    )
