"""Many jobs through the fault proxy, counted on both sides."""

from __future__ import annotations

import itertools
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2, Settings
from qiskit_rest_primitives.local import LocalService, User
from tests.chaos.numbered import BITS, numbered
from tests.chaos.proxy import FaultProxy
from tests.tokens import secret

IDENTITY_DOWN_SECONDS = 1.5
USER = User("chaos", secret("chaos"))


@dataclass
class Report:
    """The outcome of the jobs.

    Attributes:
        asked: runs that were started.
        submitted: runs that returned a job.
        refused: runs that raised an error.
        recovered: of these, jobs that `recover` found.
        fetched: results that arrived.
        failed: jobs whose result did not arrive.
        found: jobs on the service that were not cancelled.
        lost: jobs on the service that neither `run` nor `recover` returned.
        duplicated: runs of which the service has more than one job.
        wrong: results that are another run's, or no run's.
        seconds: duration of all runs.
        spoilt: calls with injected faults, by kind.
        errors: errors of runs and results.
    """

    asked: int = 0
    submitted: int = 0
    refused: int = 0
    recovered: int = 0
    fetched: int = 0
    failed: int = 0
    found: int = 0
    lost: int = 0
    duplicated: int = 0
    wrong: int = 0
    seconds: float = 0.0
    spoilt: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)

    def text(self) -> str:
        """One line a figure."""
        lines = [f"{name:>10}: {value}" for name, value in vars(self).items() if value != []]
        return "\n".join(lines)


@contextmanager
def chaos(
    seed: int, restart_every: float, expire_every: float
) -> Iterator[tuple[LocalService, FaultProxy, threading.Event]]:
    """A service that restarts and expires its tokens, behind a proxy that makes calls fail.

    At times the identity service is down, too, when all clients need a new token. Calls fail as
    often as the proxy's rate says, 0 at first; the rest begins when the event is set.
    """
    with LocalService(users=[USER], token_lifetime_seconds=60) as local:
        proxy = FaultProxy(int(local.base_url.rpartition(":")[2]), 0.0, seed)
        begin, over = threading.Event(), threading.Event()

        def trouble(period: float, make: Callable[[], object]) -> None:
            begin.wait()
            while not over.wait(period):
                make()

        def no_identity() -> None:
            proxy.identity_down = True
            local.expire_tokens()
            over.wait(min(IDENTITY_DOWN_SECONDS, expire_every / 3))
            proxy.identity_down = False

        threads = [
            threading.Thread(target=trouble, args=(restart_every, lambda: local.restart(0.3))),
            threading.Thread(target=trouble, args=(expire_every, local.expire_tokens)),
            threading.Thread(target=trouble, args=(2 * expire_every, no_identity)),
        ]
        for thread in threads:
            thread.start()
        try:
            yield local, proxy, begin
        finally:
            over.set()
            begin.set()
            for thread in threads:
                thread.join()
            proxy.close()


def our_service(proxy: FaultProxy, local: LocalService, folder: Path) -> QiskitRuntimeService:
    """Our client, with the identity service behind the proxy as well."""
    os.environ["IAM_URL"] = proxy.base_url
    settings = Settings(state_folder=folder, first_pause_seconds=0.05)
    return QiskitRuntimeService(
        url=f"{proxy.base_url}/v1", token=USER.token, instance=local.instance, settings=settings
    )


def official_service(proxy: FaultProxy, local: LocalService) -> Any:
    """The official client through the same proxy."""
    os.environ |= {
        "IAM_URL": proxy.base_url,
        "QISKIT_IBM_URL": f"{proxy.base_url}/experimental",
        "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
        "QISKIT_IBM_TOKEN": USER.token,
        "QISKIT_IBM_INSTANCE": local.instance,
        "QISKIT_FUNCTIONS_EXPERIMENTAL": "1",
        "HOME": tempfile.mkdtemp(),
    }
    import qiskit_ibm_runtime

    return qiskit_ibm_runtime.QiskitRuntimeService()


def run_jobs(
    *,
    jobs: int,
    threads: int,
    faults: float,
    seed: int,
    client: str = "ours",
    restart_every: float = 15.0,
    expire_every: float = 10.0,
) -> Report:
    """Runs numbered jobs from several threads and counts their outcomes."""
    report = Report(asked=jobs)
    lock = threading.Lock()
    known: set[str] = set()
    began = time.monotonic()
    with (
        chaos(seed, restart_every, expire_every) as (local, proxy, begin),
        tempfile.TemporaryDirectory() as folder,
    ):
        if client == "ours":
            service: Any = our_service(proxy, local, Path(folder))
            sampler_class: Any = SamplerV2
        else:
            import qiskit_ibm_runtime

            service, sampler_class = official_service(proxy, local), qiskit_ibm_runtime.SamplerV2
        backend = service.backend("statevector")
        # Both clients start without faults; the official one needs that.
        proxy.rate = faults
        begin.set()
        numbers = itertools.count()

        def work() -> None:
            while (number := next(numbers)) < jobs:
                options = {"environment": {"job_tags": [f"chaos-{number}"]}}
                try:
                    job = sampler_class(backend, options=options).run(
                        [numbered(number % (1 << BITS))], shots=1
                    )
                except Exception as error:
                    with lock:
                        report.refused += 1
                        report.errors.append(f"run {number}: {error!r}")
                    continue
                with lock:
                    report.submitted += 1
                    known.add(job.job_id())
                try:
                    counts = job.result()[0].data.meas.get_int_counts()
                except Exception as error:
                    with lock:
                        report.failed += 1
                        report.errors.append(f"job {job.job_id()}: {error!r}")
                    continue
                with lock:
                    known.add(job.job_id())  # found by its tag if the id was damaged
                    report.fetched += 1
                    report.wrong += counts != {number % (1 << BITS): 1}

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        proxy.rate = 0.0
        if client == "ours":
            recovered = service.recover()
            report.recovered = len(recovered)
            known |= {job.job_id() for job in recovered}
        report.spoilt = proxy.spoilt
        count_on_the_service(proxy, local, known, report, Path(folder))
    report.seconds = round(time.monotonic() - began, 1)
    return report


def count_on_the_service(
    proxy: FaultProxy, local: LocalService, known: set[str], report: Report, folder: Path
) -> None:
    """Counts the service's jobs, without faults."""
    listed = our_service(proxy, local, folder).jobs(limit=None)
    by_run: Counter[str] = Counter()
    for job in listed:
        if job.cancelled():
            continue
        report.found += 1
        by_run.update(tag for tag in job.tags if tag.startswith("chaos-"))
        report.lost += job.job_id() not in known
    report.duplicated = sum(number > 1 for number in by_run.values())
