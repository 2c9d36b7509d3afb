"""A service that fails on demand, and an impatient client of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qiskit_rest_primitives import QiskitRuntimeService, Settings
from qiskit_rest_primitives.local import LocalService


@pytest.fixture(scope="session")
def failing() -> Iterator[LocalService]:
    """An embedded service with faults on demand."""
    with LocalService(faults=True) as running:
        yield running


@pytest.fixture
def client_of_failing(failing: LocalService, tmp_path: Path) -> Iterator[QiskitRuntimeService]:
    """A client with short pauses; the faults end with the test."""
    settings = Settings(
        state_folder=tmp_path / "state", first_pause_seconds=0.01, patience_seconds=10
    )
    yield QiskitRuntimeService(
        url=failing.url, token=failing.token, instance=failing.instance, settings=settings
    )
    failing.faults.clear()
