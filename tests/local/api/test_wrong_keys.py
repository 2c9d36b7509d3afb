"""Wrong keys are slowed down, right ones never; through HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import requests

from qiskit_rest_primitives.local import LocalService, wrong_keys
from tests.local.conftest import ALICE, Api
from tests.tokens import secret

WRONG = {"Authorization": f"Bearer {secret('wrong')}"}


@pytest.fixture
def service() -> Iterator[LocalService]:
    """A service that no other test sends wrong keys to."""
    with LocalService(users=[ALICE]) as service:
        yield service


def ask(service: LocalService, seconds: float = 30) -> int:
    """The status of a call with a wrong key."""
    return requests.get(f"{service.url}/jobs", headers=WRONG, timeout=seconds).status_code


def exchange(service: LocalService, key: str) -> requests.Response:
    """The reply of the identity endpoint."""
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": key}
    return requests.post(f"{service.base_url}/identity/token", data=form, timeout=30)


def test_right_keys_are_answered_while_wrong_ones_wait(
    service: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From one address, too. Of those that wait there are few; more are answered 429 at once."""
    monkeypatch.setattr(wrong_keys, "STEP_SECONDS", 600.0)
    monkeypatch.setattr(wrong_keys, "MOST_SECONDS", 600.0)
    assert {ask(service) for _ in range(wrong_keys.FREE)} == {401}
    gave_up: list[bool] = []

    def wait(_: int) -> None:
        with suppress(requests.exceptions.ReadTimeout):
            ask(service, 3)
            return
        gave_up.append(True)

    with ThreadPoolExecutor(wrong_keys.WAITING) as threads:
        waiting = threads.map(wait, range(wrong_keys.WAITING))
        assert service._core is not None
        while sum(service._core.wrong_keys.waiting.values()) < wrong_keys.WAITING:
            assert Api(service, ALICE).get("/jobs").status_code == 200
        refused = requests.get(f"{service.url}/jobs", headers=WRONG, timeout=30)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
        assert "Too many wrong keys" in refused.json()["errors"][0]["message"]
        refused = exchange(service, secret("wrong"))
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
        assert "Too many wrong keys" in refused.json()["errorMessage"]
        assert exchange(service, ALICE.token).status_code == 200
        list(waiting)
    assert len(gave_up) == wrong_keys.WAITING


def test_a_wrong_key_is_answered_401_after_its_wait(service: LocalService) -> None:
    """Clients that renew a token at 401 do so then, too."""
    assert {ask(service) for _ in range(wrong_keys.FREE + 2)} == {401}
    assert exchange(service, secret("wrong")).status_code == 400
    assert service._core is not None
    assert service._core.wrong_keys.waiting == {}


def test_tokens_that_have_ended_are_no_wrong_keys(service: LocalService) -> None:
    """A program with many threads sends its last token often until one of them has a new one."""
    service._tokens.lifetime_seconds = 0.001
    ended = exchange(service, ALICE.token).json()["access_token"]
    for headers in ({"Authorization": f"Bearer {ended}"}, {}):
        for _ in range(wrong_keys.FREE + 1):
            reply = requests.get(f"{service.url}/jobs", headers=headers, timeout=30)
            assert reply.status_code == 401
    assert service._core is not None
    assert not service._core.wrong_keys._failures
