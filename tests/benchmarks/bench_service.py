"""The cost of the embedded service: its start, a small job, a plain GET, a large result.

Run with ``python -m tests.benchmarks.bench_service``.
"""

from __future__ import annotations

import os
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import requests
from qiskit.circuit import QuantumCircuit
from qiskit.primitives import (
    BitArray,
    DataBin,
    PrimitiveResult,
    SamplerPubResult,
    StatevectorSampler,
)

from qiskit_rest_primitives.local import LocalService
from tests.benchmarks.figures import report, size

BELL = (
    'OPENQASM 3.0; include "stdgates.inc"; bit[2] meas; qubit[2] q; h q[0]; cx q[0], q[1];'
    " meas[0] = measure q[0]; meas[1] = measure q[1];"
)
BODY = {
    "program_id": "sampler",
    "backend": "statevector",
    "params": {"pubs": [[BELL, None, 1]], "version": 2, "support_qiskit": True},
}
POINTS, SHOTS, BITS = size(1000, 10), 4096, 127


def median_milliseconds(call: Callable[[], object], repeats: int) -> float:
    """Median time of a call, after a few to warm up."""
    times: list[float] = []
    for _ in range(repeats + 10):
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times[10:])


def authorised(service: LocalService) -> requests.Session:
    """A session with the headers of the first user."""
    session = requests.Session()
    session.trust_env = False
    session.headers.update(
        {"Authorization": f"Bearer {service.token}", "Service-CRN": service.instance}
    )
    return session


def start() -> None:
    """A start of the service, once it is imported."""
    times: list[float] = []
    for _ in range(size(20, 3)):
        began = time.perf_counter()
        with LocalService():
            times.append(time.perf_counter() - began)
    report("start of the service, median", statistics.median(times), 1, unit=" s")


def small_job_and_get() -> None:
    """A 2-qubit, 1-shot job through loopback versus the reference primitive; then plain GETs."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    reference = StatevectorSampler()
    direct = median_milliseconds(lambda: reference.run([circuit], shots=1).result(), size(200, 5))
    with LocalService() as service, authorised(service) as session:

        def through_the_service() -> None:
            job_id = session.post(f"{service.url}/jobs", json=BODY).json()["id"]
            url = f"{service.url}/jobs/{job_id}"
            while session.get(url, params={"exclude_params": "true"}).json()["status"] in (
                "Queued",
                "Running",
            ):
                time.sleep(0.0005)
            assert session.get(f"{url}/results").status_code == 200

        served = median_milliseconds(through_the_service, size(200, 5))
        job_id = session.get(f"{service.url}/jobs").json()["jobs"][0]["id"]
        url = f"{service.url}/jobs/{job_id}?exclude_params=true"
        get = median_milliseconds(lambda: session.get(url), size(500, 10))
    print(f"reference primitive {direct:.2f} ms, through the service {served:.2f} ms")
    report("small job above the reference primitive, median", served - direct, 10, unit=" ms")
    report("GET of a job, median", get, 2, unit=" ms")


def large_result() -> None:
    """Peak memory of the service while it serves a large result, over the size of the result."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.bench_service", "child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdin is not None
    url, token, array_bytes = child.stdout.readline().split()
    reset_peak(child.pid)
    before = memory(child.pid, "VmRSS")
    began = time.perf_counter()
    with requests.get(url, headers={"Authorization": f"Bearer {token}"}, stream=True) as reply:
        size = sum(len(piece) for piece in reply.iter_content(1 << 20))
    seconds = time.perf_counter() - began
    grown = memory(child.pid, "VmHWM") - before
    child.communicate("stop\n", timeout=60)
    print(
        f"{int(array_bytes) / 1e6:.1f} MB of samples, {size / 1e6:.1f} MB of JSON, {seconds:.2f} s"
    )
    report("memory while serving a 65 MB result / its size", grown / int(array_bytes), 2.5)


def serve_a_large_result() -> None:
    """In a separate process: serves such a result; prints its URL, a token, its size."""
    from qiskit_rest_primitives.wire.result.results import encode_result

    shape = (POINTS, SHOTS, (BITS + 7) // 8)
    array = np.frombuffer(secrets.token_bytes(int(np.prod(shape))), np.uint8).reshape(shape).copy()
    array[..., 0] &= 0x7F
    data = DataBin(meas=BitArray(array, BITS), shape=(POINTS,))
    result = PrimitiveResult([SamplerPubResult(data)])
    body = encode_result(result, program_id="sampler", support_qiskit=True)
    size = array.nbytes
    with LocalService() as service:
        store: Any = service._store
        fields = {"id": "big", "user": "local", "instance": service.instance, "created": 0.0}
        fields |= {"program": "sampler", "backend": "statevector", "status": "Completed", "cost": 1}
        store.insert("jobs", fields | store.body_fields("big", "result", body))
        del array, data, result, body
        print(f"{service.url}/jobs/big/results {service.token} {size}", flush=True)
        sys.stdin.readline()


def reset_peak(pid: int) -> None:
    """Resets VmHWM."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def memory(pid: int, name: str) -> int:
    """A figure of /proc/PID/status, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(name)


def main() -> None:
    """Prints every figure."""
    start()
    small_job_and_get()
    if os.path.exists("/proc/self/clear_refs"):
        large_result()
    else:
        print("memory is measured on Linux only")


if __name__ == "__main__":
    serve_a_large_result() if sys.argv[1:] == ["child"] else main()
