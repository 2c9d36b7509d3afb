"""result() during restarts, with expired tokens, and without the identity service."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from qiskit_rest_primitives import (
    AuthenticationError,
    JobStateError,
    QiskitRuntimeService,
    RestJob,
    SamplerV2,
    Settings,
)
from qiskit_rest_primitives.local import LocalService, User
from tests.jobs.long_jobs import SHOTS, long_pubs
from tests.tokens import secret
from tests.until import until

pytestmark = pytest.mark.slow

OUTAGE_SECONDS = 12.0
"""Longer than urllib3 tries again by itself."""


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
    """The service stops abruptly and starts again after a second."""
    local.restart(1.0)


def tokens_end(local: LocalService) -> None:
    """All tokens expire, several times in quick succession."""
    for _ in range(3):
        local.expire_tokens()
        time.sleep(0.2)


def no_identity(local: LocalService) -> None:
    """Tokens expire while the identity service is down, for longer than an exchange is retried."""
    assert local.faults is not None
    local.faults.add("POST", "/identity/token", status=503)
    local.expire_tokens()
    time.sleep(6)
    local.faults.clear()


def everything_fails(local: LocalService) -> None:
    """A restart with expired tokens and errors in the first replies."""
    assert local.faults is not None
    local.restart(0.5)
    local.expire_tokens()
    for fault in ({"status": 502}, {"drop": True}, {"truncate": True}, {"corrupt": True}):
        local.faults.add("GET", "/jobs/*", count=1, **fault)


@pytest.mark.parametrize("trouble", [restart, tokens_end, no_identity, everything_fails])
def test_result_rides_out_an_outage(
    local: LocalService, job: RestJob, trouble: Callable[[LocalService], None]
) -> None:
    """The caller gets the result and no error."""
    trouble_maker = threading.Thread(target=trouble, args=(local,))
    trouble_maker.start()
    result = job.result(timeout=100)
    trouble_maker.join()
    assert [pub.data.meas.num_shots for pub in result] == [SHOTS] * 3
    assert [one.job_id() for one in _service_of(job).jobs()] == [job.job_id()]


def _service_of(job: RestJob) -> QiskitRuntimeService:
    account = job._client.account
    return QiskitRuntimeService(
        url=job._client.url, token=account.token.reveal(), instance=account.instance
    )


def test_a_401_of_a_bearer_token_is_raised(
    local: LocalService, job: RestJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can't be renewed: the error is raised at once, and the job continues."""
    monkeypatch.delenv("IAM_URL")
    ready = _service_of(job)
    assert not ready.client.renews_tokens
    assert local.faults is not None
    local.faults.add("GET", "/jobs/*", status=401, count=1)
    handle = RestJob(ready.client, job.job_id())
    with pytest.raises(AuthenticationError, match="token"):
        handle.result(timeout=60)
    assert handle.result(timeout=60)[0].data.meas.num_shots == SHOTS


def test_calls_without_a_timeout_ride_out_an_outage(
    local: LocalService, job: RestJob, caplog: pytest.LogCaptureFixture
) -> None:
    """Reads, submissions and cancellations wait for a service that answered before."""
    service = _service_of(job)
    sampler = SamplerV2(service.backend("statevector"))
    calls: dict[str, Callable[[], object]] = {
        "jobs": service.jobs,
        "status": job.status,
        "backends": service.backends,
        "cancel": lambda: _cancel(job),
        "run": lambda: sampler.run(long_pubs(1)).result(),
    }
    with ThreadPoolExecutor(len(calls) + 1) as threads:
        outage = threads.submit(local.restart, OUTAGE_SECONDS)
        until(lambda: not local.running)
        under_way = {name: threads.submit(call) for name, call in calls.items()}
        outage.result()
        for name, call in under_way.items():
            assert call.result(60) is not None, name
    assert "trying again in" in caplog.text
    assert len(service.jobs()) == 2


def _cancel(job: RestJob) -> str:
    """Cancels the job, which a fast machine may have finished before: the service answers both."""
    try:
        return f"cancelled: {job.cancel()}"
    except JobStateError as refusal:
        return str(refusal)


def test_a_fetched_job_is_decoded_through_an_outage(local: LocalService, job: RestJob) -> None:
    """The submitted params are fetched after the download, during an outage too."""
    service = _service_of(job)
    job.wait_for_final_state(60)
    handle = RestJob(service.client, job.job_id())
    handle.wait_for_final_state(60)
    service.client.settings = replace(service.client.settings, outage_seconds=0.0)
    assert local.faults is not None
    local.faults.add("GET", f"/jobs/{job.job_id()}", status=503)
    threading.Timer(8.0, local.faults.clear).start()
    result = handle.result(timeout=60)
    assert [pub.data.meas.num_shots for pub in result] == [SHOTS] * 3
