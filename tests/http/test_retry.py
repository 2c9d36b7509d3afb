"""The attempts at one call: which errors are retried, with which pauses, until which deadline."""

from __future__ import annotations

import ast
import itertools
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import responses

import qiskit_rest_primitives
from qiskit_rest_primitives import (
    ConnectError,
    InvalidRequestError,
    NotFoundError,
    ProtocolError,
    QiskitRuntimeService,
    RateLimitError,
    RedirectError,
    RestPrimitivesError,
    ServerError,
    Settings,
    TransportError,
)
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.http.retry import Attempts, Backoff, is_outage, waiting_limit
from qiskit_rest_primitives.http.retry_policies import Limit
from qiskit_rest_primitives.http.transport import Transport
from tests.tokens import secret


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        """Seconds so far."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Lets it pass."""
        self.pauses.append(seconds)
        self.now += seconds


def there_from(clock: Clock, seconds: float, error: RestPrimitivesError) -> Callable[[], str]:
    """A call that fails until a time."""

    def call() -> str:
        if clock.now < seconds:
            raise error
        return "there"

    return call


def outages_for(seconds: float, clock: Clock) -> Attempts:
    """Attempts at a call that retry nothing but outages."""
    limit = Limit(seconds)
    return Attempts(
        lambda error: limit if is_outage(error) else None, clock=clock, sleep=clock.sleep
    )


def test_a_call_is_retried_until_the_outage_ends() -> None:
    """With pauses that grow to 5 s and 10 % of jitter, so that its end is seen soon."""
    clock = Clock()
    call = there_from(clock, 300, TransportError("refused"))
    assert outages_for(400, clock).call(call) == "there"
    assert clock.now < 308
    assert clock.pauses[0] < 1
    assert 5 <= max(clock.pauses) < 8


def test_the_deadline_ends_the_retries() -> None:
    """The last attempt is made right at the deadline, and its error is raised."""
    clock = Clock()
    call = there_from(clock, 61, TransportError("refused"))
    with pytest.raises(TransportError, match="refused"):
        outages_for(60, clock).call(call)
    assert clock.now == pytest.approx(60)


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (TransportError("x"), True),
        (RateLimitError("x", status_code=429), True),
        (ServerError("x", status_code=502), True),
        (InvalidRequestError("x", status_code=408), True),
        (InvalidRequestError("x", status_code=425), True),
        (NotFoundError("x", status_code=404), False),
        (InvalidRequestError("x", status_code=400), False),
        (ProtocolError("x"), False),
    ],
)
def test_which_errors_are_an_outage(error: RestPrimitivesError, passing: bool) -> None:
    """A service that refuses a request is not away."""
    clock = Clock()
    assert is_outage(error) == passing
    call = there_from(clock, 5, error)
    if passing:
        assert outages_for(60, clock).call(call) == "there"
    else:
        with pytest.raises(type(error)):
            outages_for(60, clock).call(call)
        assert clock.now == 0


def test_a_service_that_asks_for_no_pause_gets_one() -> None:
    """``Retry-After: 0`` again and again does not make the client retry at once each time."""
    error = RateLimitError("x", status_code=429, retry_after_seconds=0.0)
    backoff = Backoff(lambda _: retry_policies.FOREVER, first_pause_seconds=0.25)
    pauses = [backoff.pause_after(error, time.monotonic()) for _ in range(7)]
    assert pauses[0] > 0.2
    assert pauses[-1] == 1.0
    error.retry_after_seconds = 7.0
    backoff.reset()
    assert backoff.pause_after(error, time.monotonic()) == 7.0


def test_an_attempt_that_met_silence_has_been_a_pause_itself() -> None:
    """Pauses count from attempt to attempt: after a slow failure the next one comes soon."""
    clock = Clock()

    def slow() -> str:
        clock.now += 6.0
        return there_from(clock, 60, TransportError("silent"))()

    assert outages_for(100, clock).call(slow) == "there"
    assert max(clock.pauses) <= 0.11


def raises_outside(attempts: Attempts, numbers: list[int]) -> None:
    """Fails twice in the ``with`` block, then behind it."""
    for attempt in attempts:
        numbers.append(attempt.number)
        with attempt:
            raise TransportError("inside")
        if attempt.number == 2:
            raise TransportError("outside")


def test_only_the_block_of_an_attempt_is_retried() -> None:
    """An error outside the ``with`` block leaves the loop; attempts are numbered from 1."""
    clock = Clock()
    numbers: list[int] = []
    with pytest.raises(TransportError, match="outside"):
        raises_outside(outages_for(60, clock), numbers)
    assert numbers == [1, 2]
    assert len(clock.pauses) == 2


def test_errors_between_outages_come_to_an_end() -> None:
    """Outages and other errors are counted apart: neither resets the other's attempts."""
    clock = Clock()
    replies = itertools.cycle([ProtocolError("garbled"), TransportError("refused")])

    def call() -> str:
        raise next(replies)

    def limit(error: RestPrimitivesError) -> Limit:
        return retry_policies.FOREVER if is_outage(error) else Limit(attempts=3)

    with pytest.raises(ProtocolError):
        Attempts(limit, clock=clock, sleep=clock.sleep).call(call)
    assert len(clock.pauses) == 4


def test_a_late_refusal_after_a_long_outage_is_retried(tmp_path: Path) -> None:
    """Its attempts are not used up by the time that the outage took."""
    clock = Clock()
    outcomes: list[RestPrimitivesError | None] = [
        *[TransportError("refused")] * 100,
        *[NotFoundError("not yet", status_code=404)] * 4,
        None,
    ]

    def call() -> str:
        error = outcomes.pop(0)
        if error is not None:
            raise error
        return "there"

    limit = waiting_limit(retry_policies.MISSING, renews_tokens=False)
    assert Attempts(limit, clock=clock, sleep=clock.sleep).call(call) == "there"


def test_a_retry_after_is_kept_beyond_the_outage_seconds(tmp_path: Path) -> None:
    """A read pauses as long as the service asks, a few times; then its error is raised."""
    clock = Clock()
    settings = Settings(state_folder=tmp_path, outage_seconds=30)
    with responses.RequestsMock() as mock:
        busy = {"status": 503, "headers": {"Retry-After": "50"}}
        mock.get("http://service.example/v1/instance", **busy)
        client = QiskitRuntimeService(
            url="http://service.example/v1", token=secret("ready"), settings=settings
        ).client
        attempts = Attempts(client._limit, clock=clock, sleep=clock.sleep)
        with pytest.raises(ServerError):
            attempts.call(lambda: client._get("/instance", retry=False))
    assert clock.pauses == [50] * 5


def test_an_error_that_cannot_pass_is_raised_at_once(tmp_path: Path) -> None:
    """A proxy that is no url: no retries, whatever the settings."""
    settings = Settings(state_folder=tmp_path, outage_seconds=3600)
    service = QiskitRuntimeService(
        url="http://service.example/v1",
        token=secret("ready"),
        proxies={"http": "http://"},
        settings=settings,
    )
    with pytest.raises(ConnectError, match="url"):
        service.client.instance()


def test_urllib3_retries_nothing() -> None:
    """One layer decides what may be sent twice."""
    for scheme in ("http", "https"):
        session = Transport(None, {})._session(f"{scheme}://service.example/")
        assert session.get_adapter(f"{scheme}://service.example/").max_retries.total == 0


def test_only_three_modules_sleep() -> None:
    """A loop of attempts that is written by hand would sleep too: use `Attempts` instead."""
    package = Path(qiskit_rest_primitives.__file__).parent
    sleeping: set[str] = set()
    for file in package.rglob("*.py"):
        if "local" in file.relative_to(package).parts:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("sleep"):
                sleeping.add(file.name)
    # The submission pauses between lookups that found nothing, which is no error.
    assert sleeping == {"retry.py", "rate_limit.py", "submit.py"}


def test_a_redirect_is_not_retried(tmp_path: Path) -> None:
    """One request, and the error says what to correct."""
    settings = Settings(state_folder=tmp_path, outage_seconds=3600)
    with responses.RequestsMock() as mock:
        mock.get(
            "http://service.example/v1/instance", status=302, headers={"Location": "http://a.b/"}
        )
        client = QiskitRuntimeService(
            url="http://service.example/v1", token=secret("ready"), settings=settings
        ).client
        with pytest.raises(RedirectError, match="correct the url"):
            client.instance()
        assert len(mock.calls) == 1


def test_only_a_service_that_answered_is_waited_for_long(tmp_path: Path) -> None:
    """A mistyped url is an error soon; a reply of any status proves that there is a service."""
    settings = Settings(state_folder=tmp_path, outage_seconds=45)
    with responses.RequestsMock() as mock:
        mock.get("http://service.example/v1/instance", status=404)
        client = QiskitRuntimeService(
            url="http://service.example/v1", token=secret("ready"), settings=settings
        ).client
        assert client.outage_seconds == 10
        with pytest.raises(NotFoundError):
            client.instance()
        assert client.outage_seconds == 45
