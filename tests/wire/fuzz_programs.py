"""Mutated bodies of jobs with quantum programs are accepted or refused, in bounded time and memory.

Run ``python -m tests.wire.fuzz_programs 100000 [seed]``; the suite runs a few hundred. With
``--serve``, the bodies are posted to a service in a process of its own, which runs what it accepts.
"""

from __future__ import annotations

import argparse
import base64
import importlib.util
import json
import random
import re
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import requests
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.executor.program import (
    CircuitItem,
    ExecutorParams,
    decode_qpy,
)
from qiskit_rest_primitives.wire.executor.tensors import decode_tensor, tensor_of
from qiskit_rest_primitives.wire.request.job_request import (
    InvalidBody,
    decode_job_request,
    decode_params,
)
from tests.wire.executor.programs import circuit_item, program
from tests.wire.fuzz_results import mutate
from tests.wire.fuzzing import fuzz

MAX_SECONDS = 1.0
MAX_QPY_BYTES = 1 << 20
_TOKEN = "f" * 40
_ZLIB_TEXT = re.compile(rb'"(eJ[A-Za-z0-9+/=]+)"')


def corpus() -> list[bytes]:
    """Bodies of each kind: QPY of both schema versions, OpenQASM 3, samplexes, other data."""
    turned = QuantumCircuit(2, 2)
    turned.rx(Parameter("a", uuid=UUID(int=1)), 0)
    turned.cx(0, 1)
    turned.measure([0, 1], [0, 1])
    bodies: list[dict[str, Any]] = []
    for version in ("v2.0", "v1.1"):
        items = [circuit_item([[0.1], [0.2]], version=version, shape=[3, 2])] * 2
        data = {"a": [1, None, {"b": "c"}], "d": items[0]["circuit_arguments"]}
        bodies.append(
            program([turned, turned], items, version=version, passthrough_data=data, shots=3)
        )
    text = program([turned], [circuit_item([0.1])], shots=3, semantic_role="sampler-v2")
    text["quantum_program"]["circuits"] = {
        "data": ["OPENQASM 3.0; input float a; qubit q; bit c; U(a,0,0) q; c = measure q;"]
    }
    template, samplex = _samplex()
    arguments = {"parameter_values": circuit_item([[0.1]])["circuit_arguments"], "x": True}
    arguments["noise"] = {"sparse_terms": [["XZ", [0, 1], 0.1]], "num_qubits": 2}
    item = {
        "item_type": "samplex",
        "samplex": samplex,
        "samplex_arguments": arguments,
        "shape": [2, 1],
    }
    bodies += [text, program([template], [item], shots=3)]
    plain = dict(item, samplex_arguments={"parameter_values": arguments["parameter_values"]})
    bodies.append(program([template], [plain], shots=3))
    job = {"program_id": "executor", "backend": "statevector", "cost": 20, "tags": ["fuzz"]}
    return [json.dumps(job | {"params": body}).encode() for body in bodies]


def _samplex() -> tuple[QuantumCircuit, dict[str, Any]]:
    """A template and its samplex; a text that only looks like one without samplomatic."""
    boxed = QuantumCircuit(2, 2)
    if importlib.util.find_spec("samplomatic") is None:
        return boxed, {"ssv": 1, "samplex_json": '{"attrs": {"ssv": "1"}, "nodes": []}'}
    from samplomatic import Twirl, build
    from samplomatic.serialization import samplex_to_json
    from samplomatic.ssv import SSV

    with boxed.box([Twirl()]):
        boxed.rx(Parameter("a", uuid=UUID(int=2)), 0)
        boxed.cz(0, 1)
    with boxed.box([Twirl()]):
        boxed.measure([0, 1], [0, 1])
    template, samplex = build(boxed)
    return template, {"ssv": SSV, "samplex_json": samplex_to_json(samplex, None, SSV)}


def mutated(body: bytes, rng: random.Random) -> bytes:
    """A body changed anywhere, or within the bytes of a QPY file or tensor."""
    if rng.random() < 0.7:
        return mutate(body, rng)
    found = rng.choice([*_ZLIB_TEXT.finditer(body)] or [None])
    if found is None:
        return mutate(body, rng)
    data = bytearray(zlib.decompress(base64.b64decode(found[1])))
    for _ in range(rng.choice((1, 1, 3))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            data[at : at + 1] = rng.randbytes(1)
        elif kind == 1:
            del data[at : at + rng.choice((1, 8, 1000))]
        elif kind == 2:
            data[at : at + 8] = rng.choice((b"\xff" * 8, bytes(8), b"\x7f\xf8" + bytes(6)))
        else:
            data[at:at] = bytes(rng.choice((1, 8, 1 << 20)))
    text = base64.b64encode(zlib.compress(bytes(data), 1))
    return body[: found.start(1)] + text + body[found.end(1) :]


def decode(body: bytes) -> None:
    """Reads all of a body but its circuits and samplexes.

    Raises:
        InvalidBody: a member that is wrong.
        ProtocolError: bytes within it that are wrong.
        UnicodeDecodeError: an argument of a samplex, which is read last, is not UTF-8.
    """
    job = decode_job_request(body)
    params = decode_params(job.program_id, job.params)
    if not isinstance(params, ExecutorParams):
        return
    circuits, compressed = params.quantum_program.circuits, params.compressed
    if isinstance(circuits.b64_data, str):
        decode_qpy(circuits, compressed=compressed, max_bytes=MAX_QPY_BYTES)
    for number, item in enumerate(params.quantum_program.items):
        place = f"item {number}"
        if isinstance(item, CircuitItem):
            decode_tensor(item.circuit_arguments, place, compressed=compressed)
            continue
        for text in item.samplex_arguments.values():
            try:
                value = msgspec.json.decode(text)
            except msgspec.ValidationError as error:  # an integer that no float can hold
                raise ProtocolError(f"{place}: {error}") from error
            if isinstance(value, dict) and "sparse_terms" not in value:
                decode_tensor(tensor_of(value, place), place, compressed=compressed)


def run(count: int, seed: int = 0) -> dict[str, float]:
    """Reads mutated bodies; see `fuzz`."""
    bodies = corpus()

    def make(rng: random.Random) -> tuple[bytes, Callable[[bytes], None]]:
        return mutated(rng.choice(bodies), rng), decode

    return fuzz(count, seed, make, (InvalidBody, ProtocolError, UnicodeDecodeError))


@contextmanager
def served() -> Generator[tuple[str, int]]:
    """A service in a process of its own: its URL and process id."""
    with tempfile.TemporaryDirectory() as folder:
        tokens = Path(folder, "tokens")
        tokens.touch(0o600)
        tokens.write_text(f"fuzz {_TOKEN}\n")
        command = [sys.executable, "-u", "-m", "qiskit_rest_primitives", "serve", "--port", "0"]
        command += ["--token-file", str(tokens), "--data-dir", f"{folder}/data"]
        with subprocess.Popen(
            [*command, "--log-level", "error"], stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                lines = iter(process.stdout.readline, "")
                url = next(re.findall(r"http://\S+/v1", line)[0] for line in lines if "/v1" in line)
                yield url, process.pid
            finally:
                process.terminate()


def post(count: int, seed: int = 0) -> dict[str, float]:
    """Posts mutated bodies to a service; raises AssertionError at a reply that is no 200 or 4xx.

    Returns:
        How many were accepted and refused, how many jobs failed, the longest time of a reply in
        seconds, and the highest resident memory of the service in MiB.
    """
    bodies = corpus()
    figures = {"accepted": 0.0, "refused": 0.0, "failed": 0.0, "seconds": 0.0, "MiB": 0.0}
    pending: list[str] = []
    with served() as (url, pid), requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {_TOKEN}"

        def ended(job_id: str) -> bool:
            state = session.get(f"{url}/jobs/{job_id}", timeout=60).json()["state"]
            figures["failed"] += state["status"] == "Failed"
            assert state["status"] != "Failed" or state["reason"], job_id
            return state["status"] in ("Completed", "Failed", "Cancelled")

        for number in range(count):
            rng = random.Random(seed * 1_000_003 + number)
            data = mutated(rng.choice(bodies), rng)
            begin = time.perf_counter()
            reply = session.post(f"{url}/jobs", data=data, timeout=60)
            figures["seconds"] = max(figures["seconds"], time.perf_counter() - begin)
            assert reply.status_code == 200 or 400 <= reply.status_code < 500, (number, reply.text)
            figures["accepted" if reply.status_code == 200 else "refused"] += 1
            if reply.status_code == 200:
                pending.append(reply.json()["id"])
            while len(pending) > (20 if number + 1 < count else 0):
                if ended(pending[0]):
                    del pending[0]
                else:
                    time.sleep(0.01)
        status = Path(f"/proc/{pid}/status")
        if status.exists():
            peak = re.search(r"VmHWM:\s+(\d+)", status.read_text())
            assert peak is not None
            figures["MiB"] = int(peak[1]) / 1024
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.wire.fuzz_programs", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=1000, help="of bodies")
    parser.add_argument("seed", type=int, nargs="?", default=0)
    parser.add_argument("--serve", action="store_true", help="post them to a running service")
    given = parser.parse_args()
    found = (post if given.serve else run)(given.count, given.seed)
    # A reply's time depends on the machine, too.
    ok = found["seconds"] < (60 if given.serve else MAX_SECONDS) and found.get("memory", 0) < 1
    shown = ", ".join(f"{name} {value:.4g}" for name, value in found.items())
    print(f"{given.count} mutated bodies: {shown}, {'ok' if ok else 'MISSED'}")
    sys.exit(not ok)
