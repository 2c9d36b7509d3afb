"""Which errors are of an outage, how long it is outlasted, and with what pauses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import responses

from qiskit_rest_primitives import (
    InvalidRequestError,
    NotFoundError,
    ProtocolError,
    QiskitRuntimeService,
    RateLimitError,
    RestPrimitivesError,
    ServerError,
    Settings,
    TransportError,
)
from qiskit_rest_primitives.http.outages import is_outage, pause_after, through_outages
from tests.secrets import secret


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


def test_an_outage_is_outlasted() -> None:
    """With pauses that grow to 5 s and a little, so that its end is seen soon."""
    clock = Clock()
    call = there_from(clock, 300, TransportError("refused"))
    assert through_outages(call, lambda _: 400.0, clock=clock, sleep=clock.sleep) == "there"
    assert clock.now < 308
    assert clock.pauses[0] < 1
    assert 5 <= max(clock.pauses) < 8


def test_one_that_is_too_long_ends_in_its_error() -> None:
    """Not before the time is over, and tried right at its end."""
    clock = Clock()
    call = there_from(clock, 61, TransportError("refused"))
    with pytest.raises(TransportError, match="refused"):
        through_outages(call, lambda _: 60.0, clock=clock, sleep=clock.sleep)
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
def test_what_passes(error: RestPrimitivesError, passing: bool) -> None:
    """A service that refuses is there."""
    clock = Clock()
    assert is_outage(error) == passing
    call = there_from(clock, 5, error)
    if passing:
        assert through_outages(call, lambda _: 60.0, clock=clock, sleep=clock.sleep) == "there"
    else:
        with pytest.raises(type(error)):
            through_outages(call, lambda _: 60.0, clock=clock, sleep=clock.sleep)
        assert clock.now == 0


def test_a_service_that_asks_for_no_pause_gets_one() -> None:
    """``Retry-After: 0`` again and again is not answered at once each time."""
    error = RateLimitError("x", status_code=429)
    error.retry_after_seconds = 0.0
    pauses = [pause_after(error, 0.25, tries) for tries in range(1, 8)]
    assert pauses[0] > 0.2
    assert pauses[-1] == 1.0
    error.retry_after_seconds = 7.0
    assert pause_after(error, 0.25, 1) == 7.0


def test_only_a_service_that_answered_is_waited_for_long(tmp_path: Path) -> None:
    """A url with a slip of the pen is said soon; a reply of any status makes it a service."""
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
