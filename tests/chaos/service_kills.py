"""``python -m tests.chaos.service_kills --jobs 500 --kills 10``: kill -9 while jobs run.

The service is killed so many times, and so often one of its worker processes, at random moments;
with ``--dask``, so often the scheduler of its cluster, too. Each job should exist once, end once,
and have its own result.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import re
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from qiskit import QuantumCircuit

from qiskit_rest_primitives import QiskitRuntimeService, RestJob, SamplerV2, Settings
from tests.chaos.numbered import BITS, numbered
from tests.chaos.processes import worker_pids
from tests.chaos.runs import USER
from tests.chaos.soak import CRN, ServedElsewhere
from tests.local.engine.dask_processes import DaskProcesses

WORKERS = 2
THREADS = 8
"""Jobs at a time."""
LAYERS = 20
"""Of gates that cancel each other: a job keeps a worker busy for about a tenth of a second."""
LONGEST_PAUSE = 0.5
"""Seconds from a result to the kill that follows it."""
RESULT_SECONDS = 600
SHORT_JOBS, SHORT_KILLS = 20, 2


@dataclass
class Report:
    """What became of the jobs.

    Attributes:
        jobs: that were submitted.
        service_kills: how often the service was killed.
        worker_kills: how often a worker process was killed.
        scheduler_kills: how often the scheduler of the Dask cluster was killed, with its workers.
        results: right results that the client got.
        wrong: other results.
        on_the_service: jobs there.
        duplicated: numbers with more than one job there.
        ended: jobs whose end is in the service's log; one may be missing for each of its kills.
        ended_twice: jobs whose end is there more than once.
        run_again: jobs with a task that ran again since its worker was killed; Dask's are not
            counted.
        seconds: duration.
    """

    jobs: int
    service_kills: int = 0
    worker_kills: int = 0
    scheduler_kills: int = 0
    results: int = 0
    wrong: int = 0
    on_the_service: int = 0
    duplicated: int = 0
    ended: int = 0
    ended_twice: int = 0
    run_again: int = 0
    seconds: float = 0.0

    def text(self) -> str:
        """One line a figure."""
        return "\n".join(f"{name:>14}: {value}" for name, value in vars(self).items())

    @property
    def is_good(self) -> bool:
        """Whether each job exists once, ended once and has its result."""
        return (
            self.results == self.on_the_service == self.jobs
            and self.wrong == self.duplicated == self.ended_twice == 0
            and self.ended >= self.jobs - self.service_kills * THREADS
        )


def slow_numbered(number: int) -> QuantumCircuit:
    """A circuit whose only outcome is its number, found after many gates."""
    circuit = QuantumCircuit(BITS)
    for _ in range(LAYERS):
        for _ in range(2):
            circuit.x(range(BITS))
    return circuit.compose(numbered(number))


class Client:
    """Submits numbered jobs from several threads and counts their results."""

    def __init__(self, served: ServedElsewhere, folder: Path, report: Report):
        self.service = QiskitRuntimeService(
            url=f"http://127.0.0.1:{served.port}/v1",
            token=USER.token,
            instance=CRN,
            settings=Settings(state_folder=folder / "state", first_pause_seconds=0.05),
        )
        self._sampler = SamplerV2(self.service.backend("statevector"))
        self._report = report
        self._numbers: Iterator[int] = iter(range(report.jobs))
        self._lock = threading.Lock()
        self._arrived = threading.Condition()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(THREADS)]
        self.jobs: list[RestJob] = []

    def start(self) -> None:
        """Begins with the jobs."""
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Returns when all jobs have ended."""
        for thread in self._threads:
            thread.join()

    def wait_for(self, results: int) -> None:
        """Waits until so many results have arrived."""
        with self._arrived:
            self._arrived.wait_for(lambda: len(self.jobs) >= results, RESULT_SECONDS)

    def _run(self) -> None:
        while (number := self._next()) is not None:
            job = self._sampler.run([slow_numbered(number)], shots=1)
            (outcome,) = job.result(timeout=RESULT_SECONDS)[0].data.meas.get_int_counts()
            with self._arrived:
                self.jobs.append(job)
                self._report.results += outcome == number
                self._report.wrong += outcome != number
                self._arrived.notify_all()

    def _next(self) -> int | None:
        with self._lock:
            return next(self._numbers, None)


class Killer:
    """Kills parts of a service at random moments.

    Args:
        served: the service.
        dask: its cluster, if it has one.
        chance: chooses which and when.
        report: counts.
    """

    def __init__(
        self,
        served: ServedElsewhere,
        dask: DaskProcesses | None,
        chance: random.Random,
        report: Report,
    ):
        self._served = served
        self._dask = dask
        self._chance = chance
        self._report = report
        self.parts = [self._kill_service, self._kill_worker]
        if dask is not None:
            self.parts.append(self._kill_scheduler)

    def pause(self) -> None:
        """Waits for a random time."""
        time.sleep(self._chance.uniform(0, LONGEST_PAUSE))

    def _kill_service(self) -> None:
        """Starts it again after a while."""
        self._served.kill()
        self.pause()
        self._served.start_again()
        self._report.service_kills += 1

    def _kill_worker(self) -> None:
        if self._dask is not None:
            self._dask.replace_worker(self._chance.randrange(WORKERS))
            self._report.worker_kills += 1
            return
        deadline = time.monotonic() + RESULT_SECONDS
        while time.monotonic() < deadline:
            if pids := worker_pids(self._served.pid):
                with suppress(ProcessLookupError):  # it has just ended
                    os.kill(self._chance.choice(pids), signal.SIGKILL)
                    self._report.worker_kills += 1
                    return
            time.sleep(0.01)

    def _kill_scheduler(self) -> None:
        """Starts it again after a while; its workers, which end without it, as well."""
        assert self._dask is not None
        self._dask.scheduler.kill()
        self._dask.scheduler.wait()
        self.pause()
        for worker in self._dask.workers:
            worker.kill()
            worker.wait()
        self._dask.start()
        self._report.scheduler_kills += 1


def run_and_kill(*, jobs: int, kills: int, seed: int, dask: bool = False) -> Report:
    """Runs the jobs, kills in the meantime, and counts."""
    report = Report(jobs)
    chance = random.Random(seed)
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cluster = stack.enter_context(DaskProcesses(WORKERS)) if dask else None
        engine = ("--workers", str(WORKERS)) if cluster is None else ("--dask", cluster.address)
        served = ServedElsewhere(folder, *engine, "--log-level", "info")
        stack.callback(served.stop)
        os.environ["IAM_URL"] = f"http://127.0.0.1:{served.port}"
        client = Client(served, folder, report)
        killer = Killer(served, cluster, chance, report)
        moments = [chance.randrange(jobs - 1) for _ in killer.parts * kills]
        client.start()
        # Each part is killed in its turn, so a part that was started again has some time.
        for moment, kill in zip(sorted(moments), killer.parts * kills, strict=True):
            client.wait_for(moment)
            killer.pause()
            kill()
        client.join()
        count(client, served.log, report)
    report.seconds = round(time.monotonic() - began, 1)
    return report


def count(client: Client, log: str, report: Report) -> None:
    """Counts the service's jobs, their ends and the tasks that ran again."""
    on_the_service: Sequence[RestJob] = client.service.jobs(limit=None)
    report.on_the_service = len(on_the_service)
    report.duplicated = len(on_the_service) - len({job.job_id() for job in client.jobs})
    ends = Counter(re.findall(r"(\S+) sampler statevector Completed", log))
    report.ended = len(ends)
    report.ended_twice = sum(number > 1 for number in ends.values())
    report.run_again = sum("running its task again" in job.logs() for job in on_the_service)


def main() -> int:
    """Prints the report; 1 if a job is missing, exists or ended twice, or has a wrong result."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos.service_kills", description=__doc__
    )
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--kills", type=int, default=10, help="of each part")
    parser.add_argument("--dask", action="store_true", help="on a cluster, whose scheduler dies")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="few jobs and kills")
    given = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    report = run_and_kill(
        jobs=SHORT_JOBS if given.short else given.jobs,
        kills=SHORT_KILLS if given.short else given.kills,
        seed=given.seed,
        dask=given.dask,
    )
    print(report.text(), flush=True)
    return int(not report.is_good)


if __name__ == "__main__":
    sys.exit(main())
