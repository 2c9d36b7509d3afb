"""A large sampler result, from the service's socket to BitArrays: peak memory per array.

1,000 points x 4,096 shots x 127 bits: 65.5 MB of bits, 87 MB of JSON. The service is a process of
its own, the client another, so that the peak is the client's alone. Run with
``python -m tests.benchmarks.bench_download``.
"""

from __future__ import annotations

import http.server
import importlib.util
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, SamplerPubResult

from qiskit_rest_primitives import QiskitRuntimeService, RestJob
from qiskit_rest_primitives.wire.result.results import decode_result, encode_result
from tests.benchmarks.figures import report, size
from tests.tokens import secret

SHAPE, SHOTS, BITS = (size(1000, 10),), 4096, 127
ARRAY_MB = SHAPE[0] * SHOTS * 16 / 1e6
DETAILS = {"id": "big", "status": "Completed", "state": {"status": "Completed"}}
DETAILS |= {"program": {"id": "sampler"}, "params": {"pubs": None}}


class Service(http.server.BaseHTTPRequestHandler):
    """Two endpoints of one job."""

    protocol_version = "HTTP/1.1"
    body: bytes

    def do_GET(self) -> None:
        """The details, or the result."""
        big = self.path.endswith("/results")
        body = self.body if big else json.dumps(DETAILS).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Logs nothing."""


def big_body() -> bytes:
    """The result, as the service sends it."""
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 256, (*SHAPE, SHOTS, 16), dtype=np.uint8)
    bits[..., 0] &= 0x7F
    data = DataBin(c=BitArray(bits, BITS), shape=SHAPE)
    result = PrimitiveResult([SamplerPubResult(data, metadata={"shots": SHOTS})], {"version": 2})
    return encode_result(result, program_id="sampler", support_qiskit=True)


def peak_mb() -> float:
    """Highest resident memory of this process so far.

    Not from getrusage: on Linux a child's figure there starts with its parent's.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1e3


def fetch(port: str) -> None:
    """One result over HTTP; prints its cost."""
    service = QiskitRuntimeService(url=f"http://127.0.0.1:{port}/v1", token=secret("ready"))
    job = RestJob(service.client, "big", details={"program": {"id": "sampler"}})
    service.client.job("big")
    before = peak_mb()
    began = time.perf_counter()
    result = job.result()
    took = time.perf_counter() - began
    assert result[0].data.c.array.shape == (*SHAPE, SHOTS, 16)
    print(json.dumps({"peak": peak_mb() - before, "seconds": took}))


def decode(path: str, official: bool) -> None:
    """One result from bytes in memory; prints its cost."""
    body = Path(path).read_bytes()
    if official:
        from qiskit_ibm_runtime import RuntimeDecoder

        text = body.decode()
        del body
    before = peak_mb()
    began = time.perf_counter()
    if official:
        result = json.loads(text, cls=RuntimeDecoder)
    else:
        result = decode_result(body, program_id="sampler")
    took = time.perf_counter() - began
    assert result[0].data.c.num_bits == BITS
    print(json.dumps({"peak": peak_mb() - before, "seconds": took}))


def child(*arguments: str) -> dict[str, float]:
    """Runs this file again for one measurement."""
    line = [sys.executable, "-m", "tests.benchmarks.bench_download", *arguments]
    done = subprocess.run(line, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main() -> None:
    """All figures, one line each."""
    body = big_body()
    Service.body = body
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cost = child("fetch", str(server.server_address[1]))
    report("peak of job.result() / array", cost["peak"] / ARRAY_MB, 2.5)
    server.shutdown()
    if importlib.util.find_spec("qiskit_ibm_runtime"):
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            ours = min(child("decode", file.name)["seconds"] for _ in range(size(3, 1)))
            theirs = min(child("official", file.name)["seconds"] for _ in range(size(3, 1)))
        report("decoding / RuntimeDecoder", ours / theirs, 0.55)


if __name__ == "__main__":
    if sys.argv[1:2] == ["fetch"]:
        fetch(sys.argv[2])
    elif sys.argv[1:]:
        decode(sys.argv[2], sys.argv[1] == "official")
    else:
        main()
