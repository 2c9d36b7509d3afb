"""``python -m tests.chaos.experiment --jobs 100 --kills 50 --seed 1``.

A program that runs numbered jobs in an `Experiment` is killed at random moments and started again,
while calls to the service, a separate process, fail. Each job should exist once, with its result.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from qiskit_rest_primitives import QiskitRuntimeService, Settings, load_result
from tests.chaos.proxy import FaultProxy
from tests.chaos.runs import USER
from tests.chaos.soak import CRN, ServedElsewhere

SHORT_JOBS, SHORT_KILLS = 12, 5
LONGEST_PAUSE = 0.3
"""Seconds from the result after which the program is killed to the kill."""


@dataclass
class Report:
    """What became of the jobs.

    Attributes:
        jobs: numbered jobs of the program.
        kills: how often it was killed.
        cut_short: submissions that were on their way when it was killed.
        on_the_service: jobs there that were not cancelled.
        cancelled: duplicates that the client cancelled.
        duplicated: numbers with more than one job.
        results: right results that the program printed in its last run.
        wrong: other results that it printed in any run.
        files: right results in the experiment's folder.
        reused: jobs of the last run that were submitted before.
        spoilt: calls with injected faults, by kind.
        seconds: duration.
    """

    jobs: int
    kills: int = 0
    cut_short: int = 0
    on_the_service: int = 0
    cancelled: int = 0
    duplicated: int = 0
    results: int = 0
    wrong: int = 0
    files: int = 0
    reused: int = 0
    spoilt: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def text(self) -> str:
        """One line a figure."""
        return "\n".join(f"{name:>14}: {value}" for name, value in vars(self).items())

    @property
    def is_good(self) -> bool:
        """Whether each job exists once and has its result."""
        counts = {self.on_the_service, self.results, self.files}
        return counts == {self.jobs} and self.duplicated == self.wrong == 0


@contextmanager
def program(proxy: FaultProxy, folder: Path, jobs: int) -> Iterator[subprocess.Popen[str]]:
    """The program, as a process of its own; killed at the end of the block if it still runs."""
    line = [sys.executable, "-m", "tests.chaos.killed"]
    line += [f"{proxy.base_url}/v1", CRN, str(folder), str(jobs)]
    environment = {**os.environ, "IAM_URL": proxy.base_url, "QISKIT_IBM_TOKEN": USER.token}
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def is_right(line: str) -> bool:
    """Whether a printed result is that of its job."""
    _, number, outcome, _ = line.split()
    return number == outcome


def kill_once(
    proxy: FaultProxy, folder: Path, report: Report, chance: random.Random, done: int, step: float
) -> int:
    """Starts the program and kills it some results further on.

    Args:
        proxy: makes calls fail.
        folder: of the program.
        report: takes wrong results.
        chance: chooses the moment.
        done: results that the program printed before.
        step: how many more it should get to on average.

    Returns:
        The most results that it has printed in one run.
    """
    last = min(report.jobs - 1, done + int(chance.uniform(0, 2 * step)))
    printed = 0
    with program(proxy, folder, report.jobs) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("result"):
                printed += 1
                report.wrong += not is_right(line)
            if printed >= last:
                break
        time.sleep(chance.uniform(0, LONGEST_PAUSE))
    report.kills += 1
    report.cut_short += sum(
        b'"tag"' in path.read_bytes() and b'"job_id"' not in path.read_bytes()
        for path in (folder / "experiment" / "runs").glob("*")
    )
    return max(done, printed)


def run_and_kill(*, jobs: int, kills: int, faults: float, seed: int) -> Report:
    """Kills the program so many times, lets it end, and counts."""
    report = Report(jobs)
    chance = random.Random(seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        served = ServedElsewhere(folder)
        proxy = FaultProxy(served.port, faults, seed)
        try:
            done = 0
            while report.kills < kills:
                step = (jobs - done) / (kills - report.kills)
                done = kill_once(proxy, folder, report, chance, done, step)
            with program(proxy, folder, jobs) as process:
                output, _ = process.communicate(timeout=600)
            lines = [line for line in output.splitlines() if line.startswith("result")]
            report.results = sum(map(is_right, lines))
            report.wrong += len(lines) - report.results
            report.reused = int(output.split("'killed', ")[1].split()[0])
            report.spoilt = proxy.spoilt
            count(served, proxy, folder, report, {line.split()[3]: line for line in lines})
        finally:
            proxy.close()
            served.stop()
    report.seconds = round(time.monotonic() - began, 1)
    return report


def count(
    served: ServedElsewhere, proxy: FaultProxy, folder: Path, report: Report, lines: dict[str, str]
) -> None:
    """Counts the service's jobs and the experiment's files, without faults."""
    proxy.rate = 0.0
    os.environ["IAM_URL"] = f"http://127.0.0.1:{served.port}"
    service = QiskitRuntimeService(
        url=f"http://127.0.0.1:{served.port}/v1",
        token=USER.token,
        instance=CRN,
        settings=Settings(state_folder=folder / "state"),
    )
    numbers: Counter[str] = Counter()
    for job in service.jobs(limit=None):
        if job.cancelled():
            report.cancelled += 1
            continue
        report.on_the_service += 1
        numbers.update(job.tags)
    report.duplicated = sum(number > 1 for number in numbers.values())
    for job_id, line in lines.items():
        kept = load_result(folder / "experiment" / "results" / f"{job_id}.zip")
        report.files += list(kept[0].data.meas.get_int_counts()) == [int(line.split()[1])]


def main() -> int:
    """Prints the report; 1 if a job is missing or exists twice, or a result is missing or wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.experiment", description=__doc__)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--faults", type=float, default=0.2, help="part of the calls, 0 to 1")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="few jobs and kills")
    given = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    report = run_and_kill(
        jobs=SHORT_JOBS if given.short else given.jobs,
        kills=SHORT_KILLS if given.short else given.kills,
        faults=given.faults,
        seed=given.seed,
    )
    print(report.text(), flush=True)
    return int(not report.is_good)


if __name__ == "__main__":
    sys.exit(main())
