"""A Dask scheduler and its workers as processes that can be killed and started again."""

from __future__ import annotations

import os
import socket
import subprocess
import sys


class DaskProcesses:
    """A scheduler at one address of this machine, and workers of one thread each.

    Args:
        workers: how many.
    """

    def __init__(self, workers: int = 1):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self._count = workers
        self.scheduler = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Starts all of them, again at the same address."""
        host, port = self.address.removeprefix("tcp://").split(":")
        listening = ("--host", host, "--port", port, "--dashboard-address", "127.0.0.1:0")
        self.scheduler = _started("dask_scheduler", *listening)
        self.workers = [self._started_worker() for _ in range(self._count)]
        return self.scheduler

    def replace_worker(self, index: int) -> None:
        """Kills a worker without a warning, and starts another one."""
        self.workers[index].kill()
        self.workers[index].wait()
        self.workers[index] = self._started_worker()

    def _started_worker(self) -> subprocess.Popen[bytes]:
        return _started("dask_worker", self.address, "--nthreads", "1", "--no-nanny")

    def kill(self) -> None:
        """Kills all of them without a warning."""
        for process in (self.scheduler, *self.workers):
            process.kill()
            process.wait()

    def scheduler_seconds(self) -> float:
        """Processor time that the scheduler has taken, on Linux."""
        with open(f"/proc/{self.scheduler.pid}/stat", "rb") as stat:
            user, system = stat.read().rpartition(b")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> DaskProcesses:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def _started(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--no-dashboard"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
