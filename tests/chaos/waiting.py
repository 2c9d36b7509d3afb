"""How long a caller waits: ``python -m tests.chaos.waiting --outage 120``.

Measures ``result(timeout=3)`` with a misbehaving service, and how long after the end of an outage
``result()`` returns.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qiskit import QuantumCircuit

from qiskit_rest_primitives import (
    JobTimeoutError,
    QiskitRuntimeService,
    RestJob,
    SamplerV2,
    Settings,
)
from qiskit_rest_primitives.local import LocalService
from tests.chaos.proxy import FaultProxy
from tests.jobs.long_jobs import long_pubs

TIMEOUT_SECONDS = 3.0
TIMEOUT_LIMIT_SECONDS = 3.5
OUTAGE_LIMIT_SECONDS = 10.0

MISBEHAVIOUR = {
    "silent": {"silence": True},
    "dripping": {"drip": 0.2},
    "redirecting without end": {"status": 307, "location": "/v1/jobs/again"},
    "failing": {"status": 502},
}
STAGES = ("polling", "downloading", "reading the request")
"""A job that ends during the outage; its result; the request of another process's job."""
SHORT_OUTAGE_SECONDS = 2.0
OUTAGES = ("nothing listens", "silence", "5xx before")


def client_of(url: str, local: LocalService, folder: Path) -> QiskitRuntimeService:
    """A client with a user's settings."""
    settings = Settings(state_folder=folder)
    return QiskitRuntimeService(
        url=url, token=local.token, instance=local.instance, settings=settings
    )


def long_job(service: QiskitRuntimeService, pubs: int) -> RestJob:
    """A job that runs for half a second per PUB."""
    return SamplerV2(service.backend("statevector")).run(long_pubs(pubs))


def seconds_of_a_timeout(local: LocalService, path: str, how: str, folder: Path) -> float:
    """The duration of ``result(timeout=3)`` while one kind of call misbehaves."""
    assert local.faults is not None
    service = client_of(local.url, local, folder)
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    job = SamplerV2(service.backend("statevector")).run([circuit], shots=1)
    if path.endswith("results"):
        job.wait_for_final_state()
    local.faults.add("GET", path.replace("*", job.job_id()), **MISBEHAVIOUR[how])
    began = time.monotonic()
    with contextlib.suppress(JobTimeoutError):
        job.result(timeout=TIMEOUT_SECONDS)
        raise AssertionError(f"{how}: there was a result")
    return time.monotonic() - began


@contextmanager
def broken(proxy: FaultProxy, how: str) -> Iterator[None]:
    """An outage of the whole service."""
    if how == "nothing listens":
        port = proxy.server_address[1]
        proxy.close()
        yield
        # Connections work again from here; the process's exit closes the proxy.
        FaultProxy(proxy.service_port, 0.0, 1, listen_on=port)
    else:
        proxy.kinds, proxy.rate = (how,), 1.0
        yield
        proxy.rate = 0.0


def cost_of_an_outage(
    local: LocalService, how: str, during: str, seconds: float, folder: Path, *, pubs: int = 4
) -> float:
    """Seconds from the end of an outage to the result.

    Args:
        local: the service.
        how: one of `OUTAGES`.
        during: one of `STAGES`.
        seconds: duration of the outage.
        folder: the journal's folder.
        pubs: number of PUBs, which sets the duration of the job.
    """
    proxy = FaultProxy(int(local.base_url.rpartition(":")[2]), 0.0, 1)
    service = client_of(f"{proxy.base_url}/v1", local, folder)
    job = long_job(service, pubs)
    arrived: list[float] = []

    def fetch() -> None:
        job.result()
        arrived.append(time.monotonic())

    waiting = threading.Thread(target=fetch)
    if during == "polling":
        waiting.start()
        time.sleep(0.3)  # it is being polled
    else:
        job.wait_for_final_state()
    if during == "reading the request":
        job = RestJob(service.client, job.job_id())
        job.wait_for_final_state()
        job._download._download()
    with broken(proxy, how):
        if during != "polling":
            waiting.start()
        time.sleep(seconds)
        assert not arrived, "the outage began too late"
    over = time.monotonic()
    waiting.join(seconds + 120)
    assert arrived, "no result"
    return arrived[0] - over


def report(what: str, measured: float, limit: float) -> bool:
    """Prints a figure; returns whether it is within its limit."""
    good = measured <= limit
    print(f"{what}: {measured:.2f} s (limit {limit:g} s) {'ok' if good else 'MISSED'}", flush=True)
    return good


def main() -> int:
    """Prints all figures; 1 if one is missing or, unless in the short form, beyond its limit."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.waiting", description=__doc__)
    parser.add_argument("--outage", type=float, default=120.0, help="seconds")
    parser.add_argument("--short", action="store_true", help="short outages, no limits")
    given = parser.parse_args()
    outage = min(given.outage, SHORT_OUTAGE_SECONDS) if given.short else given.outage
    pubs = 2 if given.short else 4
    logging.basicConfig(level=logging.CRITICAL)
    good: list[bool] = []
    with LocalService(faults=True) as local, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in ("/jobs/*", "/jobs/*/results"):
            for how in MISBEHAVIOUR:
                took = seconds_of_a_timeout(local, path, how, folder)
                what = f"result(timeout={TIMEOUT_SECONDS:g}), {how}, GET {path}"
                good.append(report(what, took, TIMEOUT_LIMIT_SECONDS))
        assert local.faults is not None
        local.faults.clear()
        costs: dict[tuple[str, str], float] = {}

        def measure(how: str, during: str) -> None:
            costs[how, during] = cost_of_an_outage(local, how, during, outage, folder, pubs=pubs)

        outages = [
            threading.Thread(target=measure, args=(how, during))
            for how in OUTAGES
            for during in STAGES
        ]
        for one in outages:
            one.start()
        for one in outages:
            one.join()
        for (how, during), cost in sorted(costs.items()):
            what = f"outage of {outage:g} s while {during}, {how}: delay after it"
            good.append(report(what, cost, OUTAGE_LIMIT_SECONDS))
    complete = len(costs) == len(outages)
    return int(not complete or not (given.short or all(good)))


if __name__ == "__main__":
    sys.exit(main())
