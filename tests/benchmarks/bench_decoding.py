"""Decoding of large results, relative to the official client's decoder and json.loads.

``python -m tests.benchmarks.bench_decoding`` prints one line per figure. Times are CPU times, the
best of several rounds taken in turns; each peak is measured in a separate process,
relative to the memory before it reads the body, so the body counts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult

from qiskit_rest_primitives.wire.result.results import decode_result, iter_encoded_result
from tests.benchmarks.figures import report, size
from tests.wire.fuzzing import forget_peak, peak_bytes

ROUNDS = size(5, 1)
POINTS, SHOTS = size(1000, 20), 4096
MANY = size(1_000_000, 10_000)


def sampler_result(points: int | None, shots: int) -> PrimitiveResult:
    """Makes random samples of a 127-bit register."""
    shape = () if points is None else (points,)
    array = np.random.default_rng(0).integers(0, 256, (*shape, shots, 16), dtype=np.uint8)
    array[..., 0] &= 127
    data = DataBin(shape=shape, meas=BitArray(array, 127))
    return PrimitiveResult([SamplerPubResult(data)], {"version": 2})


def write_bodies(folder: Path) -> None:
    """Writes the bodies that the rounds read."""
    values = DataBin(shape=(MANY,), evs=np.random.default_rng(0).normal(size=MANY))
    for name, result, program_id, support_qiskit in [
        ("encoded", sampler_result(POINTS, SHOTS), "sampler", True),
        ("plain", sampler_result(None, MANY), "sampler", False),
        ("values", PrimitiveResult([PubResult(values)]), "estimator", False),
    ]:
        pieces = iter_encoded_result(result, program_id=program_id, support_qiskit=support_qiskit)
        with (folder / name).open("wb") as file:
            file.writelines(pieces)


def decode(name: str, body: bytes) -> PrimitiveResult:
    """Decodes a body as a client that submitted the job would."""
    if name == "values":
        return decode_result(body, program_id="estimator", pub_shapes=[(MANY,)])
    shape, shots = ((POINTS,), SHOTS) if name == "encoded" else ((), MANY)
    return decode_result(body, program_id="sampler", pub_shapes=[shape], pub_shots=[shots])


def official(body: bytes) -> object:
    """Decodes a body as the official client does."""
    from qiskit_ibm_runtime import RuntimeDecoder

    return json.loads(body.decode(), cls=RuntimeDecoder)


def seconds(call: Callable[[bytes], object], body: bytes) -> float:
    """Times one call, in seconds of CPU."""
    begin = time.process_time()
    call(body)
    return time.process_time() - begin


def ratio(name: str, folder: Path, other: Callable[[bytes], object]) -> float:
    """Compares our time with another decoder's, in turns, best against best."""
    body = (folder / name).read_bytes()
    rounds = [
        (seconds(lambda data: decode(name, data), body), seconds(other, body))
        for _ in range(ROUNDS)
    ]
    ours, theirs = map(min, zip(*rounds, strict=True))
    return ours / theirs


def peak(name: str, folder: Path) -> int:
    """Measures the peak of reading and decoding a body in a new process, in bytes."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_decoding", name, str(folder)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure_here(name: str, path: Path) -> int:
    """Measures the peak in this process, above what it holds now."""
    decode_result(b'{"results": []}', program_id="sampler")
    forget_peak()
    before = peak_bytes()
    result = decode(name, path.read_bytes())
    used = peak_bytes() - before
    del result
    return used


def main() -> None:
    """Takes all measurements."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_bodies(folder)
        array = POINTS * SHOTS * 16
        text = (folder / "plain").stat().st_size
        try:
            import qiskit_ibm_runtime  # noqa: F401 - tests whether it is installed
        except ImportError:
            print("decode 65 MB, Qiskit-encoded / RuntimeDecoder: qiskit-ibm-runtime is missing")
        else:
            figure = "decode 65 MB, Qiskit-encoded / RuntimeDecoder"
            report(figure, ratio("encoded", folder, official), 0.55)
        report("peak of body and result / 65 MB array", peak("encoded", folder) / array, 2.5)
        report("1 million hex samples / json.loads", ratio("plain", folder, json.loads), 1.3)
        report("peak of text and result / text", peak("plain", folder) / text, 2.0)
        report("1 million values / json.loads", ratio("values", folder, json.loads), 1.5)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(measure_here(sys.argv[1], Path(sys.argv[2]) / sys.argv[1]))
    else:
        main()
