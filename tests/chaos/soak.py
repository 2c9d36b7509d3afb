"""A client that runs for a long time: ``python -m tests.chaos.soak --minutes 30``.

Jobs, polls and token renewals without end, while the service restarts at times. The service
is a separate process; threads, open files and memory are the client's.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import logging
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2, Settings, as_completed
from tests.chaos.numbered import numbered
from tests.chaos.runs import USER
from tests.tokens import own_file

RESTART_EVERY = 45.0
"""Seconds."""
LEAST_SAMPLES = 8
"""Two a quarter, whose medians are compared."""
SHORT_MINUTES, SHORT_RESTART_EVERY = 0.25, 6.0

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef0123456789abcdef:77::"


@dataclass(frozen=True)
class Sample:
    """The client's resources at one moment, without a job in flight."""

    threads: int
    files: int
    sockets: int
    memory_mb: float


class ServedElsewhere:
    """``qiskit-rest serve`` in a separate process, which can be restarted or killed.

    Args:
        folder: of its users, its jobs, and its log, ``log``.
        options: more of the command.
    """

    def __init__(self, folder: Path, *options: str):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        users = folder / "users"
        own_file(users).write_text(f"{USER.name} {USER.token} {CRN}\n")
        users.chmod(0o600)
        self._line = [sys.executable, "-m", "qiskit_rest_primitives", "serve"]
        self._line += ["--port", str(self.port), "--token-file", str(users)]
        self._line += ["--data-dir", str(folder / "data"), "--token-lifetime", "30"]
        self._line += ["--log-level", "error", *options]
        self._log = folder / "log"
        self._process = self._start()
        self._wait_until_it_listens()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(self._line, stdout=subprocess.DEVNULL, stderr=log)

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has written to stderr since the first start."""
        return self._log.read_text()

    def restart(self) -> None:
        """Stops it and starts it again, with its jobs; returns when it listens."""
        self.stop()
        self.start_again()

    def kill(self) -> None:
        """Ends it at once, without any work of its own: kill -9."""
        self._process.kill()
        self._process.wait()

    def start_again(self) -> None:
        """Starts it after its end, with its jobs; returns when it listens."""
        self._process = self._start()
        self._wait_until_it_listens()

    def _wait_until_it_listens(self) -> None:
        # Even on a slow machine it is up for a while before the next restart.
        for _ in range(600):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.1)
        raise RuntimeError("the service did not start within a minute")

    def stop(self) -> None:
        """Stops it like Ctrl-C."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)


def sample() -> Sample:
    """Counts this process's resources."""
    gc.collect()
    fds: list[str] = []
    for fd in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # another thread closes files meanwhile
            fds.append(os.readlink(f"/proc/self/fd/{fd}"))
    status = Path("/proc/self/status").read_text()
    memory = int(status.split("VmRSS:")[1].split()[0]) / 1e3
    sockets = sum(name.startswith("socket:") for name in fds)
    return Sample(threading.active_count(), len(fds) - sockets, sockets, memory)


def soak(minutes: float, restart_every: float) -> tuple[list[Sample], int]:
    """Runs jobs for ``minutes``; returns the samples and the number of jobs."""
    samples: list[Sample] = []
    done = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        service_process = ServedElsewhere(folder)
        os.environ["IAM_URL"] = f"http://127.0.0.1:{service_process.port}"
        over = threading.Event()

        def restarts() -> None:
            while not over.wait(restart_every):
                service_process.restart()

        trouble = threading.Thread(target=restarts, daemon=True)
        service = QiskitRuntimeService(
            url=f"http://127.0.0.1:{service_process.port}/v1",
            token=USER.token,
            instance=CRN,
            settings=Settings(state_folder=folder / "state", first_pause_seconds=0.05),
        )
        try:
            trouble.start()
            sampler = SamplerV2(service.backend("statevector"))
            end = time.monotonic() + 60 * minutes
            while time.monotonic() < end or len(samples) < LEAST_SAMPLES:
                jobs = [sampler.run([numbered(done + n)], shots=1) for n in range(8)]
                for job in as_completed(jobs, timeout=300):
                    job.result(timeout=300)
                done += len(jobs)
                del jobs, job
                # Idle pollers stop; the remaining threads and files count.
                time.sleep(0.5)
                samples.append(sample())
        finally:
            over.set()
            if trouble.is_alive():
                trouble.join()
            service_process.stop()
    return samples, done


def growth(samples: list[Sample]) -> dict[str, float]:
    """The growth from the second to the last quarter: differences, and for memory the ratio."""
    quarter = len(samples) // 4

    def middle(which: str, part: list[Sample]) -> float:
        return statistics.median(getattr(one, which) for one in part)

    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    grown = {
        which: middle(which, late) - middle(which, early)
        for which in ("threads", "files", "sockets")
    }
    return {**grown, "memory": middle("memory_mb", late) / middle("memory_mb", early) - 1}


def main() -> int:
    """Prints the growth; 1 if there is any beyond 5 % of memory, unless in the short form."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--short", action="store_true", help="some seconds, no limits")
    given = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)  # the service is down on purpose
    minutes, restart_every = given.minutes, RESTART_EVERY
    if given.short:
        minutes, restart_every = min(minutes, SHORT_MINUTES), SHORT_RESTART_EVERY
    samples, done = soak(minutes, restart_every)
    grown = growth(samples)
    print(f"{done} jobs in {minutes:g} minutes, {len(samples)} samples")
    print(f"first {samples[0]}\nlast  {samples[-1]}")
    for name, value in grown.items():
        limit = 0.05 if name == "memory" else 1
        print(f"{name} grown by {value:.3g} (limit {limit}) {'ok' if value <= limit else 'MISSED'}")
    grew = any(value > (0.05 if name == "memory" else 1) for name, value in grown.items())
    return int(grew and not given.short)


if __name__ == "__main__":
    sys.exit(main())
