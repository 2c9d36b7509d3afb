"""A real service on loopback, shared by the tests of a run, and a client of it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from functools import partialmethod
from pathlib import Path

import hypothesis
import pytest
import responses

from qiskit_rest_primitives import QiskitRuntimeService, RestBackend, Settings
from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.simulators.devices import calibration_days

# The same examples in every run: a new failure is caused by a change of the code. A machine that
# does other work is slow to make them.
hypothesis.settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("repeatable")

# A shell that starts a command in the background makes it, and all that it starts, ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# It is there whether this version is the installed one or not.
pytest_plugins = ["pytest_qiskit_rest"]

ACCOUNT_VARIABLES = ("TOKEN", "INSTANCE", "URL", "CHANNEL", "REGION")


def pytest_sessionfinish() -> None:
    """Keeps what coverage has measured: pytest-xdist kills workers that take long to end."""
    coverage = sys.modules.get("coverage")
    if coverage and (measured := coverage.Coverage.current()):
        measured.save()


@pytest.fixture(autouse=True)
def _hide_own_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hides the account and the journal of the person who runs the tests."""
    for name in ACCOUNT_VARIABLES:
        monkeypatch.delenv(f"QISKIT_IBM_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("QISKIT_REST_STATE", str(tmp_path / "state"))


@pytest.fixture(autouse=True)
def _mocks_pass_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mocks do not count loopback calls: an earlier test's download may still be retrying."""
    to_loopback = partialmethod(
        responses.RequestsMock.__init__, passthru_prefixes=("http://127.0.0.1:",)
    )
    monkeypatch.setattr(responses.RequestsMock, "__init__", to_loopback)


@pytest.fixture(scope="session", autouse=True)
def _first_day() -> Iterator[None]:
    """Devices have their first calibration: no test depends on the day on which it runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration_days, "today", lambda: calibration_days.FIRST_DAY)
        yield


@pytest.fixture(scope="session")
def local() -> Iterator[LocalService]:
    """A running embedded service."""
    with LocalService() as running:
        yield running


@pytest.fixture(scope="module")
def service_that_fails() -> Iterator[LocalService]:
    """An embedded service with faults on demand, one per file of tests."""
    with LocalService(faults=True) as running:
        yield running


@pytest.fixture
def failing(service_that_fails: LocalService) -> Iterator[LocalService]:
    """`service_that_fails`; its faults are cleared after the test."""
    yield service_that_fails
    assert service_that_fails.faults is not None
    service_that_fails.faults.clear()


@pytest.fixture
def service(local: LocalService, tmp_path: Path) -> QiskitRuntimeService:
    """A client of it, made as for any other service."""
    return QiskitRuntimeService(
        url=local.url,
        token=local.token,
        instance=local.instance,
        settings=Settings(state_folder=tmp_path / "state"),
    )


@pytest.fixture
def backend(service: QiskitRuntimeService) -> RestBackend:
    """The reference simulator behind the service."""
    return service.backend("statevector")


@pytest.fixture
def client_of_failing(failing: LocalService, tmp_path: Path) -> QiskitRuntimeService:
    """A client with short pauses."""
    settings = Settings(
        state_folder=tmp_path / "state",
        first_pause_seconds=0.01,
        lookup_seconds=10,
        outage_seconds=10,
    )
    return QiskitRuntimeService(
        url=failing.url, token=failing.token, instance=failing.instance, settings=settings
    )
