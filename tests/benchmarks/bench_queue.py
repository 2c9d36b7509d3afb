"""Ten thousand queued jobs, a small job behind large ones, and the shares of thirty users.

Run with ``python -m tests.benchmarks.bench_queue``.
"""

from __future__ import annotations

import contextlib
import gc
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import requests
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import ParameterVector

from qiskit_rest_primitives.local import Caps, Limits, LocalService
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.engine.engine import Engine, Outcome
from qiskit_rest_primitives.local.engine.executors.workers import worker_processes
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.wire.request.job_request import decode_job_request, decode_params
from tests.benchmarks.figures import report, size

JOBS, SMALL_JOBS = size((10_000, 1_000), (40, 40))
TIMED = size(100, 5)
USERS = size(30, 3)


def main() -> None:
    """Prints every figure."""
    many_queued_jobs()
    with worker_processes(2) as executor:
        for nap in [executor.submit(time.sleep, 1) for _ in range(2)]:
            nap.result()  # both have started
        small_job_behind_large_ones(executor)
        shares(executor)


class Idle(Executor):
    """One worker that ends no task."""

    _max_workers = 1

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Takes a task."""
        return Future()


def many_queued_jobs() -> None:
    """Memory of a queued job, the time of the last submission against the first, and a start."""
    values = np.random.default_rng(1).uniform(-3, 3, (1750, 1)).round(15).tolist()
    body, small = submission(values), submission([[0.5]])
    limits = Limits(caps=Caps(submissions_per_minute=None, queued_jobs=None))
    with tempfile.TemporaryDirectory() as folder:
        service = LocalService(folder=folder, executor=Idle(), limits=limits)
        with service, requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {service.token}"

            def post() -> float:
                began = time.perf_counter()
                assert session.post(f"{service.url}/jobs", data=body).status_code == 200
                return time.perf_counter() - began

            for _ in range(TIMED):
                post()
            first = statistics.median(post() for _ in range(TIMED))
            core: Any = service._core
            principal = Principal("local", service.instance)
            before = memory()
            for _ in range(JOBS):
                core.submit(principal, decode_job_request(body))
            grown = None if before is None else memory() - before
            last = statistics.median(post() for _ in range(TIMED))
            print(
                f"{len(body) / 1e3:.0f} kB a job; first {first * 1e3:.1f}, last {last * 1e3:.1f} ms"
            )
            before_small, stored = memory(), disk(folder)
            for _ in range(SMALL_JOBS):
                core.submit(principal, decode_job_request(small))
            taken = disk(folder) - stored
            taken += 0 if before_small is None else memory() - before_small
            report(
                "memory and disk of a queued small job", taken / SMALL_JOBS / 1e3, 20, unit=" kB"
            )
            places = timed(lambda: core.engine.place_in_queue(core.store.rows(LAST)[0][0]))
        if grown is None:
            print("memory is measured on Linux only")
        else:
            report("memory of a queued job with 33 kB of values", grown / JOBS / 1e3, 2, unit=" kB")
        report("the last submission against the first, medians", last / first, 1.5)
        report("place in the queue", places * 1e3, 5, unit=" ms")
        with contextlib.ExitStack() as stack:
            stack.callback(service.stop)
            report("start with all of them", timed(service.start), 5, unit=" s")


LAST = "SELECT id FROM jobs WHERE status = 'Queued' ORDER BY seq DESC LIMIT 1"


def small_job_behind_large_ones(executor: Executor) -> None:
    """From the submission of one user's small job to its end, while another has hours of work."""
    points, qubits = size((40_000, 16), (40, 12))
    large = [[layers(qubits), np.zeros((points, qubits)).tolist(), 64]]
    engine = Engine(LocalBackends(), executor)
    heavy = [Submitted(engine, large, "heavy") for _ in range(4)]
    while not engine._turns._lanes[0]._at_workers:
        time.sleep(0.05)
    lengths: list[float] = []
    waits: list[float] = []
    for _ in range(size(10, 2)):
        time.sleep(0.3)
        small = Submitted(engine, [[layers(2), [[0.1, 0.2]], 10]], "light")
        assert small.started.wait(60)
        waits.append(time.perf_counter() - small.submitted)
        assert small.ended.wait(60)
        length = time.perf_counter() - small.submitted
        tasks = [task.tasks.task_seconds for task in engine._turns._lanes[0]._at_workers]
        lengths.append(length - max(tasks, default=0.0))
    running = sum(not job.ended.is_set() for job in heavy)
    engine.close()
    print(f"{running} large jobs of another user are unfinished")
    report("a small job behind large ones begins after, the longest", max(waits), 1, unit=" s")
    beyond = statistics.median(lengths)
    report("it has ended after, beyond the length of a large task, median", beyond, 1, unit=" s")


def shares(executor: Executor) -> None:
    """The largest share of thirty users with equal loads over the smallest."""
    # A minute of work or more, in tasks of a tenth of a second.
    pubs = [[layers(12), np.zeros((size(256, 64), 12)).tolist(), 64]] * size(60, 1)
    engine = Engine(LocalBackends(), executor)
    turns = engine._turns
    # All are planned before any begins.
    hand_out, turns._hand_out = turns._hand_out, lambda lane: None
    jobs = [Submitted(engine, pubs, f"user-{number}") for number in range(USERS)]
    while len(turns._lanes[0]._users) < USERS:
        time.sleep(0.05)
    turns._hand_out = hand_out
    hand_out(turns._lanes[0])
    time.sleep(size(120, 0.5))
    used = [engine._use.of(f"user-{number}") for number in range(USERS)]
    unfinished = sum(not job.ended.is_set() for job in jobs)
    engine.close()
    print(f"{unfinished} of {USERS} still at work; {min(used):.2f} to {max(used):.2f} s each")
    report("largest share over the smallest", max(used) / max(min(used), 1e-9), 1.1)


class Submitted:
    """A job of a user on `statevector`."""

    def __init__(self, engine: Engine, pubs: Sequence[Any], user: str):
        self.started, self.ended = threading.Event(), threading.Event()
        params = decode_params("sampler", msgspec.json.encode({"pubs": pubs, "version": 2}))
        self.submitted = time.perf_counter()
        engine.submit(
            os.urandom(8).hex(),
            "statevector",
            lambda *_: params,
            program_id="sampler",
            user=user,
            on_running=lambda _: self.started.set(),
            on_final=self._on_final,
        )

    def _on_final(self, job_id: str, outcome: Outcome) -> None:
        self.ended.set()


def layers(num_qubits: int) -> str:
    """Rotations and entangling gates, one parameter a qubit, as text."""
    circuit = QuantumCircuit(num_qubits)
    angles = ParameterVector("angles", num_qubits)
    for qubit, angle in enumerate(angles):
        circuit.ry(angle, qubit)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return qasm3.dumps(circuit)


def submission(values: Sequence[Sequence[float]]) -> bytes:
    """The body of POST /jobs for a circuit with one parameter."""
    pub = [layers(1), values, 10]
    params = {"pubs": [pub], "version": 2, "support_qiskit": True}
    return msgspec.json.encode(
        {"program_id": "sampler", "backend": "statevector", "params": params}
    )


def disk(folder: str) -> int:
    """Bytes of all files in a folder."""
    return sum(each.stat().st_size for each in Path(folder).rglob("*") if each.is_file())


def timed(call: Callable[[], Any]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def memory() -> Any:
    """Bytes that this process has now; None where that is not known."""
    gc.collect()
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
