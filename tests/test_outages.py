"""result() in the middle of what a week brings: restarts, tokens that end, no identity service."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qiskit_rest_primitives import (
    AuthenticationError,
    QiskitRuntimeService,
    RestJob,
    SamplerV2,
    Settings,
)
from qiskit_rest_primitives.local import LocalService, User
from tests.long_jobs import SHOTS, long_pubs
from tests.secrets import secret


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalService]:
    """A service whose API keys are exchanged for tokens, with faults on demand."""
    user = User("outage", secret("outage"))
    with LocalService(users=[user], faults=True) as running:
        monkeypatch.setenv("IAM_URL", running.base_url)
        yield running


@pytest.fixture
def job(local: LocalService, tmp_path: Path) -> RestJob:
    """A job that runs for a second or two."""
    service = QiskitRuntimeService(
        url=local.url,
        token=local.token,
        instance=local.instance,
        settings=Settings(state_folder=tmp_path, first_pause_seconds=0.05),
    )
    return SamplerV2(service.backend("statevector")).run(long_pubs(3))


def restart(local: LocalService) -> None:
    """Ends abruptly and comes back after a second."""
    local.restart(1.0)


def tokens_end(local: LocalService) -> None:
    """Every token ends, several times in quick succession."""
    for _ in range(3):
        local.expire_tokens()
        time.sleep(0.2)


def no_identity(local: LocalService) -> None:
    """Tokens end while there is nobody to give new ones, for longer than one exchange waits."""
    assert local.faults is not None
    local.faults.add("POST", "/identity/token", status=503)
    local.expire_tokens()
    time.sleep(6)
    local.faults.clear()


def all_at_once(local: LocalService) -> None:
    """A restart, into a service whose first answers are no good, with tokens of before."""
    assert local.faults is not None
    local.restart(0.5)
    local.expire_tokens()
    for fault in ({"status": 502}, {"drop": True}, {"truncate": True}, {"corrupt": True}):
        local.faults.add("GET", "/jobs/*", count=1, **fault)


@pytest.mark.parametrize("trouble", [restart, tokens_end, no_identity, all_at_once])
def test_result_goes_on(
    local: LocalService, job: RestJob, trouble: Callable[[LocalService], None]
) -> None:
    """The caller sees none of it."""
    trouble_maker = threading.Thread(target=trouble, args=(local,))
    trouble_maker.start()
    result = job.result(timeout=100)
    trouble_maker.join()
    assert [pub.data.meas.num_shots for pub in result] == [SHOTS] * 3
    assert [one.job_id() for one in _service_of(job).jobs()] == [job.job_id()]


def _service_of(job: RestJob) -> QiskitRuntimeService:
    account = job.client.account
    return QiskitRuntimeService(
        url=job.client.url, token=account.token.reveal(), instance=account.instance
    )


def test_a_401_of_a_handed_over_token_is_said(
    local: LocalService, job: RestJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no other one to be had: the error comes at once, and the job goes on."""
    monkeypatch.delenv("IAM_URL")
    ready = _service_of(job)
    assert not ready.client.renews_tokens
    assert local.faults is not None
    local.faults.add("GET", "/jobs/*", status=401, count=1)
    handle = RestJob(ready.client, job.job_id())
    began = time.monotonic()
    with pytest.raises(AuthenticationError, match="token"):
        handle.result(timeout=60)
    assert time.monotonic() - began < 5
    assert handle.result(timeout=60)[0].data.meas.num_shots == SHOTS
