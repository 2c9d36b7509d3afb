"""The client's overhead: import, constructor, a quick job, polling, many jobs at once.

Run with ``python -m tests.benchmarks.bench_client``.
"""

from __future__ import annotations

import http.server
import importlib.util
import json
import statistics
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from qiskit import QuantumCircuit
from qiskit.primitives import StatevectorSampler

from qiskit_rest_primitives import QiskitRuntimeService, RestJob, SamplerV2, Settings
from qiskit_rest_primitives.http.transport import Call, Transport
from qiskit_rest_primitives.jobs.details import details_of
from qiskit_rest_primitives.jobs.polling import wait_for_jobs
from qiskit_rest_primitives.local import LocalService
from tests.benchmarks.bench_quick import SERVE, running
from tests.benchmarks.figures import report, size
from tests.tokens import secret

QUIET = Settings(journal=False)


class HeldExecutor(Executor):
    """Runs each call after its delay, or holds it until released."""

    def __init__(self, delay_seconds: float | None = None):
        self._delay = delay_seconds
        self.finished: list[float] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
        """Runs the call in a thread after the delay, or never."""
        future: Future[Any] = Future()

        def run() -> None:
            time.sleep(self._delay or 0)
            future.set_running_or_notify_cancel()
            try:
                outcome = fn(*args)
            except BaseException as error:
                future.set_exception(error)
                return
            self.finished.append(time.monotonic())
            future.set_result(outcome)

        if self._delay is not None:
            threading.Thread(target=run, daemon=True).start()
        return future


class CountedCalls:
    """Counts the requests of all clients."""

    def __enter__(self) -> CountedCalls:
        self.paths: list[str] = []
        self._real = Transport.call

        def counted(transport: Transport, call: Call) -> Any:
            self.paths.append(f"{call.method} {call.url}")
            return self._real(transport, call)

        Transport.call = counted
        return self

    def __exit__(self, *_: object) -> None:
        Transport.call = self._real


def client_of(local: LocalService) -> QiskitRuntimeService:
    """A client without a journal."""
    return QiskitRuntimeService(
        url=local.url, token=local.token, instance=local.instance, settings=QUIET
    )


def coin() -> QuantumCircuit:
    """Two qubits, measured."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def import_seconds(statements: Sequence[str]) -> list[float]:
    """Least time of fresh interpreters, which take turns, less that of a bare one."""
    seconds: dict[str, list[float]] = {statement: [] for statement in ["pass", *statements]}
    for _ in range(size(12, 2)):
        for statement, taken in seconds.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True, env={"PATH": ""})
            taken.append(time.perf_counter() - start)
    return [min(seconds[statement]) - min(seconds["pass"]) for statement in statements]


def importing() -> None:
    """Compares the import time with that of the dependencies and of the official client."""
    statements = ["import qiskit_rest_primitives", "import qiskit.primitives, requests"]
    if importlib.util.find_spec("qiskit_ibm_runtime"):
        statements.append("import qiskit_ibm_runtime")
    ours, base, *official = import_seconds(statements)
    report("import / (qiskit.primitives + requests)", ours / base, 1.15)
    for seconds in official:
        report("import / qiskit_ibm_runtime", ours / seconds, 0.45)


def quick_jobs() -> None:
    """One small job after the other."""
    with LocalService() as local:
        began = time.perf_counter()
        service = client_of(local)
        report("constructor", 1e3 * (time.perf_counter() - began), 5, unit=" ms")
        sampler = SamplerV2(service.backend("statevector"))
        reference = StatevectorSampler()
        circuit = coin()
        rest: list[float] = []
        direct: list[float] = []
        for _ in range(size(60, 12)):
            began = time.perf_counter()
            sampler.run([circuit], shots=1).result()
            rest.append(time.perf_counter() - began)
            began = time.perf_counter()
            reference.run([circuit], shots=1).result()
            direct.append(time.perf_counter() - began)
        more = 1e3 * (statistics.median(rest[10:]) - statistics.median(direct[10:]))
        report("small job, added to the reference primitive", more, 10, unit=" ms")
        counts: list[int] = []
        for _ in range(size(40, 4)):
            with CountedCalls() as counted:
                sampler.run([circuit], shots=1).result()
            counts.append(len(counted.paths))
        report("requests of a quick job", statistics.median(counts), 1)


def polling() -> None:
    """The time that polling adds to a job of known duration."""
    for length in size((0.3, 1.0, 4.0), (0.3,)):
        executor = HeldExecutor(delay_seconds=length / 2)  # preparation and execution wait each
        with LocalService(executor=executor) as local:
            sampler = SamplerV2(client_of(local).backend("statevector"))
            began = time.monotonic()
            sampler.run([coin()], shots=1).result()
            took = time.monotonic() - began
            ran = executor.finished[-1] - began
        report(f"added to a job of {ran:.1f} s", (took - ran - 0.1) / ran, 0.2)


def many_jobs(number: int, seconds: float) -> None:
    """Jobs in flight, polled together."""
    with LocalService(executor=HeldExecutor()) as local:
        sampler = SamplerV2(client_of(local).backend("statevector"))
        circuit = coin()
        tracemalloc.start()
        with ThreadPoolExecutor(4) as pool:
            jobs = list(pool.map(lambda _: sampler.run([circuit], shots=1), range(number)))
        with wait_for_jobs.polling([details_of(job) for job in jobs]):
            time.sleep(seconds)
        tracemalloc.stop()
        before = tracemalloc_size(lambda: jobs)
        report(f"memory of {number:,} jobs", before, 50 * number / 1000, unit=" MB")


def tracemalloc_size(get: Callable[[], Any]) -> float:
    """Megabytes of a pickled copy of the jobs: the data that they alone hold."""
    import pickle

    tracemalloc.start()
    copies = [pickle.loads(pickle.dumps(job)) for job in get()]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del copies
    return size / 1e6


class Queue(http.server.BaseHTTPRequestHandler):
    """A service on which any number of jobs are queued, and nothing ever changes."""

    protocol_version = "HTTP/1.1"
    number = 0

    def do_GET(self) -> None:
        """One page of the job list, or one job."""
        query = parse_qs(urlsplit(self.path).query)
        if "limit" in query:
            first, size = int(query.get("offset", ["0"])[0]), int(query["limit"][0])
            total = self.number if query["pending"] == ["true"] else 0
            jobs = [_queued(f"job-{n}") for n in range(first, min(first + size, total))]
            content: Any = {"jobs": jobs, "count": total, "offset": first, "limit": size}
        else:
            content = _queued(urlsplit(self.path).path.rpartition("/")[2])
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


def _queued(job_id: str) -> dict[str, Any]:
    return {"id": job_id, "status": "Queued", "state": {"status": "Queued"}}


def crowds(number: int, seconds: float) -> None:
    """Many polled jobs whose status never changes."""
    Queue.number = number
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Queue)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    service = QiskitRuntimeService(url=url, token=secret("ready"), settings=QUIET)
    jobs = [RestJob(service.client, f"job-{n}") for n in range(number)]
    with wait_for_jobs.polling([details_of(job) for job in jobs]), CountedCalls() as counted:
        time.sleep(seconds)
    report(f"requests a minute, {number:,} watched", 60 * len(counted.paths) / seconds, 60)
    server.shutdown()


def submitting() -> None:
    """16 threads, 50 jobs each, compared with plain requests that post the same bodies."""
    threads, each = size((16, 50), (2, 3))
    with running(SERVE) as (url, token, instance):
        service = QiskitRuntimeService(url=url, token=token, instance=instance, settings=QUIET)
        sampler = SamplerV2(service.backend("statevector"))
        circuit = coin()
        bodies: list[bytes] = []
        real = service.client.create_job

        def kept(body: bytes, *, fresh: bool = False) -> dict[str, Any]:
            bodies.append(body)
            return real(body, fresh=fresh)

        service.client.create_job = kept
        sampler.run([circuit], shots=1).result()
        service.client.create_job = real

        def ours(_: int) -> None:
            for job in [sampler.run([circuit], shots=1) for _ in range(each)]:
                job.result()

        def plain(_: int) -> None:
            session = requests.Session()
            session.headers["Authorization"] = f"Bearer {token}"
            session.headers["Service-CRN"] = instance
            ids = [session.post(f"{url}/jobs", data=bodies[0]).json()["id"] for _ in range(each)]
            for job_id in ids:
                while session.get(f"{url}/jobs/{job_id}").json()["status"] != "Completed":
                    time.sleep(0.005)
                session.get(f"{url}/jobs/{job_id}/results").json()

        seconds: dict[str, list[float]] = {"ours": [], "plain": []}
        for _ in range(size(3, 1)):
            for name, work in (("plain", plain), ("ours", ours)):
                began = time.perf_counter()
                with ThreadPoolExecutor(threads) as pool:
                    list(pool.map(work, range(threads)))
                seconds[name].append(time.perf_counter() - began)
        ratio = min(seconds["ours"]) / min(seconds["plain"])
        report(f"{threads} threads x {each} jobs / plain requests", ratio, 1.2)


def main() -> None:
    """All figures."""
    importing()
    quick_jobs()
    polling()
    many_jobs(size(1_000, 20), 2)
    crowds(size(10_000, 100), size(60, 3))
    submitting()


if __name__ == "__main__":
    main()
