"""The pytest plugin of qiskit-rest-primitives. It imports the package when a test needs it.

Fixtures:

- ``rest_service``: a `QiskitRuntimeService` on an embedded service, which the run starts once; each
  test has an account of its own there, without jobs. ``QiskitRuntimeService()`` in the code under
  test is the same one. With the marker ``rest_recording``, it is the recorded service.
- ``rest_backend``: its backend ``statevector``, or the one that the marker ``rest_backend`` or the
  setting ``qiskit_rest_backend`` names.
- ``rest_journal``: the requests that the service received: ``rest_journal.jobs``,
  ``.submitted(circuit=...)``, ``.calls("GET", "/jobs/*")``.
- ``rest_faults``: makes calls fail in the middle of a test: ``rest_faults("GET", "/jobs/*",
  status=503, count=2)``, ``rest_faults(queue=3)``.
- ``rest_recording``: the file that the marker names, recorded or replayed. The name is relative to
  the test's file; ``{test}`` in it stands for the test's name.

Markers: ``rest_backend(name)``, ``rest_faults(...)``, ``rest_recording(file)``.

Options: ``--record`` records anew what ``rest_recording`` would replay; ``--no-real-service``, or
``qiskit_rest_no_real_service = true``, fails each test that sends a request with ``requests``, as
this client and IBM's do, to a host other than this machine.
"""

from __future__ import annotations

import inspect
import ipaddress
import os
import re
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit_rest_primitives import QiskitRuntimeService, RestBackend
    from qiskit_rest_primitives.local import LocalService
    from qiskit_rest_primitives.testing import Replay
    from qiskit_rest_primitives.testing.request_journal import RequestJournal

DEFAULT_BACKEND = "statevector"
_NO_REAL_SERVICE = "qiskit_rest_no_real_service"
_FAILED = pytest.StashKey[bool]()
_RECORDED = pytest.StashKey[set["Path"]]()
_NEEDED = {"rest_recording": "rest_recording", "rest_faults": "rest_service"}
"""Marker -> the fixture that acts on it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declares options and settings."""
    group = parser.getgroup("qiskit-rest-primitives")
    group.addoption(
        "--record",
        action="store_true",
        dest="qiskit_rest_record",
        help="run tests with the marker rest_recording on the real service, and record them",
    )
    group.addoption(
        "--no-real-service",
        action="store_true",
        dest=_NO_REAL_SERVICE,
        help="fail each test that sends a request to a host other than this machine",
    )
    parser.addini(_NO_REAL_SERVICE, "as --no-real-service", type="bool", default=False)
    parser.addini("qiskit_rest_backend", "the backend of rest_backend", default=DEFAULT_BACKEND)


def pytest_configure(config: pytest.Config) -> None:
    """Declares the markers; with --no-real-service, starts to watch requests."""
    for line in (
        "rest_backend(name): the backend that the fixture rest_backend returns",
        "rest_faults(method, path, ..., queue, offline, usage_limit, lost_replies, expired_token): "
        "the faults of the service behind the fixture rest_service",
        "rest_recording(file): replay the jobs of the test from a file; --record makes it",
    ):
        config.addinivalue_line("markers", line)
    if config.getoption(_NO_REAL_SERVICE) or config.getini(_NO_REAL_SERVICE):
        if config.getoption("qiskit_rest_record"):
            raise pytest.UsageError("--record can't be combined with --no-real-service")
        config.pluginmanager.register(_NoRealService(), "qiskit-rest-no-real-service")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Gives a marked test the fixture that acts on its marker."""
    if not isinstance(item, pytest.Function):
        return
    for marker, fixture in _NEEDED.items():
        names = item.fixturenames
        if fixture not in names and item.get_closest_marker(marker) is not None:
            # Behind those that every test has, before those that the test asks for.
            own = inspect.signature(item.function).parameters
            place = next((index for index, name in enumerate(names) if name in own), len(names))
            item.fixturenames = [*names[:place], fixture, *names[place:]]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Notes that a test failed, for its fixtures."""
    if call.excinfo is not None:
        item.stash[_FAILED] = True


@pytest.fixture(scope="session")
def _rest_local() -> Generator[LocalService]:
    """The embedded service of the run."""
    from qiskit_rest_primitives.testing.embedded import run_service

    yield from run_service()


@pytest.fixture
def _rest_embedded(
    request: pytest.FixtureRequest,
    _rest_local: LocalService,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[LocalService]:
    """The embedded service with an account of this test, and with its faults."""
    from qiskit_rest_primitives.testing.embedded import fresh_user
    from qiskit_rest_primitives.testing.environment import environment_of

    if request.node.get_closest_marker("rest_recording") is not None:
        raise pytest.UsageError(
            "rest_journal and rest_faults are of the embedded service, and rest_recording replaces "
            "it: use one or the other"
        )
    with fresh_user(_rest_local):
        account = (_rest_local.url, _rest_local.token, _rest_local.instance)
        for name, value in environment_of(*account).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("QISKIT_REST_STATE", str(tmp_path / "qiskit-rest-state"))
        for marker in request.node.iter_markers("rest_faults"):
            _set_faults(_rest_local, *marker.args, **marker.kwargs)
        yield _rest_local


def _set_faults(local: LocalService, *call: Any, **arguments: Any) -> None:
    from qiskit_rest_primitives.testing.scenarios import set_faults

    try:
        set_faults(local, *call, **arguments)
    except ValueError as error:
        raise pytest.UsageError(f"rest_faults: {error}") from None


@pytest.fixture
def rest_service(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> QiskitRuntimeService:
    """A service for the test alone: embedded, or the one of its recording."""
    from qiskit_rest_primitives import QiskitRuntimeService

    monkeypatch.setattr(QiskitRuntimeService, "global_service", None)
    if request.node.get_closest_marker("rest_recording") is not None:
        replayed = request.getfixturevalue("rest_recording")
        return QiskitRuntimeService() if replayed is None else replayed.service
    from qiskit_rest_primitives.testing.embedded import client_of

    local = request.getfixturevalue("_rest_embedded")
    return client_of(local, request.getfixturevalue("tmp_path") / "qiskit-rest-state")


@pytest.fixture
def rest_backend(request: pytest.FixtureRequest, rest_service: QiskitRuntimeService) -> RestBackend:
    """A backend of the service: a simulator, unless a marker or a setting names another."""
    marker = request.node.get_closest_marker("rest_backend")
    if marker is not None and (len(marker.args) != 1 or marker.kwargs):
        raise pytest.UsageError("rest_backend takes one name, such as rest_backend('fake_5q')")
    name = marker.args[0] if marker else request.config.getini("qiskit_rest_backend")
    return rest_service.backend(name)


@pytest.fixture
def rest_journal(_rest_embedded: LocalService, rest_service: Any) -> RequestJournal:
    """The requests that the embedded service received in this test."""
    from qiskit_rest_primitives.testing.embedded import journal_of

    return journal_of(_rest_embedded)


@pytest.fixture
def rest_faults(_rest_embedded: LocalService, rest_service: Any) -> Callable[..., None]:
    """Sets faults, as the marker of the same name does."""

    def add(*call: str, **arguments: Any) -> None:
        _set_faults(_rest_embedded, *call, **arguments)

    return add


@pytest.fixture
def rest_recording(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Replay | None]:
    """Replays the file that the marker names; with ``--record`` writes it, and gives None."""
    from qiskit_rest_primitives.testing import RecordingError, record, replay
    from qiskit_rest_primitives.testing.environment import environment_of
    from qiskit_rest_primitives.testing.replaying import PLACEHOLDER_TOKEN, PLACEHOLDER_URL

    marker = request.node.get_closest_marker("rest_recording")
    if marker is None or len(marker.args) != 1 or marker.kwargs:
        raise pytest.UsageError("mark the test with rest_recording('FILE'), one name")
    test = re.sub(r"[^\w.-]+", "-", request.node.name).strip("-")
    path = request.path.parent / marker.args[0].replace("{test}", test)
    if request.config.getoption("qiskit_rest_record"):
        _only_once(request.config, path)
        with suppress(_TestFailedError), record(path):
            yield None
            if _FAILED in request.node.stash:
                raise _TestFailedError  # an earlier recording stays as it is
        return
    for name, value in environment_of(PLACEHOLDER_URL, PLACEHOLDER_TOKEN).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("QISKIT_REST_STATE", str(request.getfixturevalue("tmp_path") / "state"))
    try:
        with replay(path) as replayed:
            yield replayed
    except RecordingError:
        if _FAILED not in request.node.stash:  # else the test has shown it
            raise


def _only_once(config: pytest.Config, path: Path) -> None:
    """Makes sure that no other test of this run records the same file."""
    known = config.stash.setdefault(_RECORDED, set())
    if path in known:
        raise pytest.UsageError(
            f"two tests record {path}: write {{test}} into the name, which stands for the test's"
        )
    known.add(path)


class _TestFailedError(Exception):
    """The recorded test failed."""


class _NoRealService:
    """Fails each test that sends a request to another machine, before a name is resolved."""

    def __init__(self) -> None:
        self._messages: list[str] = []
        self._patch = pytest.MonkeyPatch()

    def pytest_sessionstart(self) -> None:
        """Starts to watch requests."""
        from requests.adapters import HTTPAdapter

        send = HTTPAdapter.send

        def watched(adapter: HTTPAdapter, request: Any, *args: Any, **more: Any) -> Any:
            if not _is_loopback(urlsplit(request.url).hostname or ""):
                self._refuse(request)
            return send(adapter, request, *args, **more)

        self._patch.setattr(HTTPAdapter, "send", watched)

    def pytest_sessionfinish(self) -> None:
        """Stops watching requests."""
        self._patch.undo()

    def _refuse(self, request: Any) -> NoReturn:
        parts = urlsplit(request.url)
        test = os.environ.get("PYTEST_CURRENT_TEST", "something outside of a test")
        host = parts.netloc.rpartition("@")[2]
        message = (
            f"{test} would reach a real service: {request.method} "
            f"{parts.scheme}://{host}{parts.path}. Use the fixture rest_service or a recording "
            "(rest_recording), or run without --no-real-service"
        )
        self._messages.append(message)
        if threading.current_thread() is threading.main_thread():
            pytest.fail(message, pytrace=False)
        # What no client retries; the test fails when it has ended.
        from qiskit_rest_primitives import RestPrimitivesError

        raise RestPrimitivesError(message)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_setup(self) -> Generator[None, Any, None]:
        """Fails a test whose fixtures hid the refusal."""
        yield from self._checked()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self) -> Generator[None, Any, None]:
        """Fails a test that hid the refusal."""
        yield from self._checked()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_teardown(self) -> Generator[None, Any, None]:
        """The same for its end."""
        yield from self._checked()

    def _checked(self) -> Generator[None, Any, None]:
        outcome = yield
        messages, self._messages = self._messages, []
        if messages and outcome.excinfo is None:
            outcome.force_exception(pytest.fail.Exception(messages[0], pytrace=False))


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name; it may lead anywhere
        return False
