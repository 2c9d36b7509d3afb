"""Fifty clients of one service with two worker processes, beside its bare engine.

The clients share the machine with the service, so that their CPU time counts as well. Run with
``python -m tests.benchmarks.bench_crowd``.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from qiskit import QuantumCircuit

from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2, Settings
from qiskit_rest_primitives.circuits import encode_circuit
from qiskit_rest_primitives.local import User
from qiskit_rest_primitives.local.engine.engine import Engine, Outcome
from qiskit_rest_primitives.local.engine.executors.workers import worker_processes
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.wire.request.job_request import decode_params
from tests.benchmarks.bench_quick import running_process
from tests.benchmarks.figures import report, size
from tests.tokens import secret

CLIENTS, EACH = size((50, 40), (4, 3))
USER = User("alice", secret("crowd"))
ACCEPT = """
import sys, time
from qiskit_rest_primitives.local import LocalService
from tests.benchmarks.bench_crowd import Answers
with LocalService(executor=Answers()) as local:
    print(local.url, local.token, local.instance, flush=True)
    for _ in sys.stdin:
        print(time.process_time(), flush=True)
"""
CLIENT = """
import sys
from tests.benchmarks.bench_crowd import client_process
client_process(*sys.argv[1:])
"""


def coin() -> QuantumCircuit:
    """Two qubits, measured."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def bare_engine() -> float:
    """Jobs a second of the engine alone, which has all of them from the start."""
    number = CLIENTS * EACH
    body = {"pubs": [[encode_circuit(coin()).qasm, None, 100]], "support_qiskit": True}
    encoded = json.dumps(body).encode()
    left = threading.Semaphore(0)
    outcomes: list[Outcome] = []

    def on_final(_: str, outcome: Outcome) -> None:
        outcomes.append(outcome)
        left.release()

    with worker_processes(2) as workers:
        engine = Engine(LocalBackends(), workers)
        for each in (10, number):
            began = time.perf_counter()
            for job in range(each):
                engine.submit(
                    f"{each}-{job}",
                    "statevector",
                    lambda *_: decode_params("sampler", encoded),
                    program_id="sampler",
                    on_running=lambda _: None,
                    on_final=on_final,
                )
            for _ in range(each):
                left.acquire()
            seconds = time.perf_counter() - began
        engine.close()
    assert all(outcome.status == "Completed" for outcome in outcomes)
    return number / seconds


class Answers(Executor):
    """Workers that take no time: the first task's result is that of all."""

    _max_workers = 2

    def __init__(self) -> None:
        self._result: Any = None

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Takes a task."""
        self._result = self._result or fn(*args, **kwargs)
        future: Future[Any] = Future()
        future.set_result(self._result)
        return future


def accepting() -> None:
    """Prints what a job without its simulation takes of the process that accepts it."""
    pub = [encode_circuit(coin()).qasm, None, 100]
    body = {"program_id": "sampler", "backend": "statevector"}
    text = json.dumps(body | {"params": {"pubs": [pub], "version": 2, "support_qiskit": True}})
    with running_process(ACCEPT) as (process, (url, token, instance)):
        assert process.stdin is not None
        assert process.stdout is not None
        headers = {"Authorization": f"Bearer {token}", "Service-CRN": instance}

        def client(jobs: int, prefer: dict[str, str]) -> None:
            with requests.Session() as session:
                session.trust_env = False
                session.headers.update(headers | prefer)
                for _ in range(jobs):
                    reply = session.post(f"{url}/jobs", data=text).json()
                    if "result" not in reply:
                        job = f"{url}/jobs/{reply['id']}"
                        ask = f"{job}?exclude_params=true"
                        while session.get(ask).json()["status"] != "Completed":
                            time.sleep(0.02)
                        session.get(f"{job}/results").raise_for_status()

        threads, jobs = 8, size(150, 2)
        with ThreadPoolExecutor(threads) as pool:
            for name, prefer in (("the reply", {"Prefer": "wait=1"}), ("later requests", {})):
                used: list[float] = []
                for each in (5, jobs):
                    list(pool.map(client, [each] * threads, [prefer] * threads))
                    process.stdin.write("\n")
                    process.stdin.flush()
                    used.append(float(process.stdout.readline()))
                cost = (used[1] - used[0]) / (threads * jobs)
                print(
                    f"accepting process: {1e3 * cost:.1f} ms of CPU a job, {1 / cost:.0f} jobs/s,"
                    f" result in {name}"
                )


@contextmanager
def served() -> Generator[str]:
    """The URL of `qiskit-rest serve --workers 2`, with one user."""
    with tempfile.TemporaryDirectory() as folder:
        tokens = Path(folder) / "tokens"
        tokens.write_text(f"{USER.name} {USER.token}\n")
        tokens.chmod(0o600)
        command = [sys.executable, "-m", "qiskit_rest_primitives", "serve", "--port", "0"]
        process = subprocess.Popen(
            [*command, "--workers", "2", "--token-file", str(tokens), "--log-level", "error"],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[1]
        finally:
            process.terminate()
            process.communicate(timeout=60)


def crowd() -> tuple[float, list[float], list[str]]:
    """Jobs a second of all clients, milliseconds of a stranger's GETs, and errors."""
    latencies: list[float] = []
    token, instance = USER.token, USER.instances[0]
    with served() as url, requests.Session() as session:
        session.trust_env = False
        session.headers.update({"Authorization": f"Bearer {token}", "Service-CRN": instance})
        over = threading.Event()

        def look(job_id: str) -> None:
            while not over.wait(0.05):  # rarely: its requests take their share
                began = time.perf_counter()
                session.get(f"{url}/jobs/{job_id}?exclude_params=true").raise_for_status()
                latencies.append(1e3 * (time.perf_counter() - began))

        service = QiskitRuntimeService(url=url, token=token, instance=instance)
        job = SamplerV2(service.backend("statevector")).run([coin()], shots=100)
        job.result()
        threads = size(25, 2)
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", CLIENT, url, token, instance, str(threads)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(CLIENTS // threads)
        ]
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()  # is ready
        looking = threading.Thread(target=look, args=[job.job_id()])
        looking.start()
        began = time.perf_counter()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [line for process in processes for line in iter(process.stdout.readline, "over\n")]
        seconds = time.perf_counter() - began
        over.set()
        looking.join()
        for process in processes:
            process.communicate(timeout=60)
    return CLIENTS * EACH / seconds, latencies, [line.rstrip() for line in said]


def client_process(url: str, token: str, instance: str, threads: str) -> None:
    """Some of the clients, which have connected and run two jobs before; prints the errors."""
    warm = threading.Barrier(int(threads) + 1)

    def work(service: QiskitRuntimeService) -> None:
        sampler, circuit = SamplerV2(service.backend("statevector")), coin()
        try:
            for number in range(2 + EACH):
                if number == 2:
                    warm.wait()
                    warm.wait()
                bits = sampler.run([circuit], shots=100).result()[0].data.meas
                assert bits.num_shots == 100
        except Exception as error:
            print(repr(error), flush=True)

    quiet = Settings(journal=False)
    services = [
        QiskitRuntimeService(url=url, token=token, instance=instance, settings=quiet)
        for _ in range(int(threads))
    ]
    with ThreadPoolExecutor(len(services)) as pool:
        working = [pool.submit(work, service) for service in services]
        warm.wait()
        print("ready", flush=True)
        sys.stdin.readline()
        warm.wait()
        for each in working:
            each.result()
        print("over", flush=True)


def main() -> None:
    """All figures."""
    accepting()
    engine = bare_engine()
    jobs, latencies, errors = crowd()
    print(f"engine {engine:.0f} jobs/s, {CLIENTS} clients {jobs:.0f} jobs/s", *errors, sep="\n")
    report("jobs a second / bare engine", jobs / engine, 0.5, at_least=True)
    cuts = statistics.quantiles(latencies, n=100) if len(latencies) > 1 else [1.0] * 99
    report("GET meanwhile, p99 / median", cuts[98] / cuts[49], 10)
    report("errors", len(errors), 0)


if __name__ == "__main__":
    main()
