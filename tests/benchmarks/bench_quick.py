"""A quick job: time and CPU of our client beside bare requests, and one evaluation of a VQE.

The service runs in a process of its own, so that CPU time is the client's alone. Run with
``python -m tests.benchmarks.bench_quick``.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
import requests
from qiskit import QuantumCircuit
from qiskit.circuit.library import efficient_su2
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp

from qiskit_rest_primitives import EstimatorV2, QiskitRuntimeService, SamplerV2
from tests.benchmarks.figures import report, size

SERVE = """
import sys
from qiskit_rest_primitives.local import Caps, Limits, LocalService
with LocalService(limits=Limits(caps=Caps(submissions_per_minute=None))) as local:
    print(local.url, local.token, local.instance, flush=True)
    sys.stdin.read()
"""
EMPTY = """
import socket
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
async def empty(request):
    return JSONResponse({})
with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
    listening.bind(("127.0.0.1", 0))  # with its protocol, so that asyncio sets TCP_NODELAY
    listening.listen()
    print(listening.getsockname()[1], flush=True)
    app = Starlette(routes=[Route("/", empty, methods=["GET", "POST"])])
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run([listening])
"""


@contextmanager
def running(program: str) -> Generator[list[str]]:
    """What a program in a process of its own prints first; it ends with the block."""
    with running_process(program) as (_, said):
        yield said


@contextmanager
def running_process(program: str) -> Generator[tuple[subprocess.Popen[str], list[str]]]:
    """A process, and what its program prints first; it ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().split()
    finally:
        process.stdin.close()
        process.terminate()
        process.wait(20)


def medians(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, tuple[float, float]]:
    """Median milliseconds and CPU milliseconds of calls that take turns, without the first ten."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(rounds + 10):
        for name, call in calls.items():
            began, cpu = time.perf_counter(), time.process_time()
            call()
            taken[name].append((time.perf_counter() - began, time.process_time() - cpu))
    return {
        name: (
            1e3 * statistics.median(wall for wall, _ in times[10:]),
            1e3 * statistics.median(cpu for _, cpu in times[10:]),
        )
        for name, times in taken.items()
    }


def bare_job(session: requests.Session, url: str, body: bytes) -> Any:
    """One job by bare requests: submitted, asked for until it is completed, fetched."""
    job_id = session.post(f"{url}/jobs", data=body).json()["id"]
    while session.get(f"{url}/jobs/{job_id}?exclude_params=true").json()["status"] != "Completed":
        time.sleep(0.002)
    return session.get(f"{url}/jobs/{job_id}/results").json()


def quick_jobs() -> None:
    """A small sampler job, and a VQE's evaluation, one after the other."""
    coin = QuantumCircuit(2)
    coin.h(0)
    coin.cx(0, 1)
    coin.measure_all()
    ansatz = efficient_su2(4, reps=2)
    observable = SparsePauliOp(["ZZII", "IZZI", "IIZZ", "XIII", "IXII", "IIXI"])
    values = np.linspace(0.0, 1.0, ansatz.num_parameters)
    with running(SERVE) as (url, token, instance), running(EMPTY) as (port,):
        service = QiskitRuntimeService(url=url, token=token, instance=instance)
        backend = service.backend("statevector")
        sampler, estimator = SamplerV2(backend), EstimatorV2(backend)
        bodies: list[bytes] = []
        real = service.client.create_job

        def kept(body: bytes, **more: Any) -> dict[str, Any]:
            bodies.append(body)
            return real(body, **more)

        service.client.create_job = kept
        sampler.run([coin], shots=1).result()
        service.client.create_job = real
        session = requests.Session()
        session.trust_env = False  # which takes as long as the rest of a request
        session.headers.update({"Authorization": f"Bearer {token}", "Service-CRN": instance})
        reference = StatevectorEstimator()
        empty = f"http://127.0.0.1:{port}/"
        found = medians(
            {
                "ours": lambda: sampler.run([coin], shots=1).result(),
                "bare": lambda: bare_job(session, url, bodies[0]),
                "vqe": lambda: estimator.run([(ansatz, observable, values)], precision=0).result(),
                "reference": lambda: reference.run([(ansatz, observable, values)]).result(),
                "empty": lambda: [session.get(empty) for _ in range(3)],
            },
            size(150, 5),
        )
    if "-v" in sys.argv:
        for name, (wall, cpu) in found.items():
            print(f"   {name}: {wall:.2f} ms, CPU {cpu:.2f} ms")
    report("small job / three bare requests", found["ours"][0] / found["bare"][0], 0.8)
    report("client's CPU of a small job / bare requests", found["ours"][1] / found["bare"][1], 2)
    # Milliseconds on a machine where three requests to an empty handler take 2.7 ms.
    scale = 2.7 / found["empty"][0]
    more = scale * (found["vqe"][0] - found["reference"][0])
    report("VQE's evaluation, added to StatevectorEstimator", more, 8, unit=" ms")


if __name__ == "__main__":
    quick_jobs()
