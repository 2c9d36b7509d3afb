"""Mutated result bodies give a correct result or a ProtocolError, in bounded time and memory.

Run ``python -m tests.wire.fuzz_results 100000 [seed]``; the suite runs a few hundred.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import random
import sys
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timezone

import numpy as np
from qiskit.primitives import (
    BitArray,
    DataBin,
    PrimitiveResult,
    PubResult,
    SamplerPubResult,
)

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.result.results import decode_result, encode_result
from qiskit_rest_primitives.wire.values.execution_spans import (
    DataSlice,
    ExecutionSpan,
    ExecutionSpans,
)
from tests.wire.fuzzing import fuzz

SHORT_COUNT = 500
MAX_SECONDS = 1.0
TOKENS = [
    b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"0", b"-1", b"1", b"7", b"65537",
    b"99999999999999999999", b"1.5", b'""', b'"0x"', b'"0xfff"', b'"0xg"', b'"nan"', b"[]", b"{}",
    b"[[]]", b'{"__type__":"ndarray","__value__":""}', b'{"__type__":"os.system","__value__":1}',
    b'{"__type__":"BitArray","__value__":{}}', b'"__type__"', b'"__value__"', b'"samples"',
    b"[" * 3000,
    b'{"a":' * 3000, b'"\\ud800"', b"\xff\xfe", b"\x00", b"\\", b'"', b",", b":", b"]", b"}", b" ",
]  # fmt: skip


def results() -> Iterator[tuple[str, PrimitiveResult, list[tuple[int, ...]], list[int] | None]]:
    """Yields results of every kind: program, result, shapes and shots of its PUBs."""
    rng = np.random.default_rng(7)

    def bits(shape: tuple[int, ...], shots: int, num_bits: int) -> BitArray:
        array = rng.integers(0, 256, (*shape, shots, -(-num_bits // 8)), dtype=np.uint8)
        array[..., 0] &= 255 >> (-num_bits % 8)
        return BitArray(array, num_bits)

    moment = datetime(2026, 8, 21, 10, 30, 0, 123456, tzinfo=timezone.utc)
    spans = ExecutionSpans(
        (
            ExecutionSpan(
                "DoubleSliceSpan", moment, moment, {0: DataSlice((20,), (0, 1), (0, 20))}
            ),
            ExecutionSpan(
                "TwirledSliceSpanV2",
                moment,
                moment,
                {0: DataSlice((2, 10), (0, 2), (0, 10), True, 20)},
            ),
        )
    )
    metadata = {"version": 2, "execution": {"execution_spans": spans}, "rate": 0.25}
    one = SamplerPubResult(DataBin(c=bits((), 20, 3)), {"circuit_metadata": {"a": [1, 2.5, None]}})
    two = SamplerPubResult(DataBin(shape=(2, 3), meas=bits((2, 3), 20, 65), x=bits((2, 3), 20, 8)))
    long = SamplerPubResult(DataBin(c=bits((), 1200, 127)))
    iq = SamplerPubResult(DataBin(c=rng.normal(size=(5, 2)) + 1j * rng.normal(size=(5, 2))))
    yield "sampler", PrimitiveResult([one, two], metadata), [(), (2, 3)], [20, 20]
    yield "sampler", PrimitiveResult([long], {}), [()], [1200]
    yield "sampler", PrimitiveResult([iq], {}), [()], [5]
    values = {
        "evs": rng.normal(size=(2, 2)),
        "stds": np.array([[0.1, np.nan], [np.inf, 0.5]]),
        "evs_extrapolated": rng.normal(size=(2, 2, 3, 4)),
        "ensemble_standard_error": None,
    }
    sweep = PubResult(DataBin(shape=(2, 2), **values), {"shots": 4096, "target_precision": 0.01})
    point = PubResult(DataBin(evs=np.array(0.5), stds=np.array(0.1)), {"resilience": {}})
    yield "estimator", PrimitiveResult([sweep, point], {"version": 2}), [(2, 2), ()], None


def corpus() -> list[tuple[bytes, Callable[[bytes], PrimitiveResult]]]:
    """Lists bodies in both forms, compact and spaced, each with the call that decodes it."""
    bodies = []
    for program_id, result, shapes, shots in results():
        for support_qiskit in (True, False):
            body = encode_result(result, program_id=program_id, support_qiskit=support_qiskit)
            for known in (False, True):

                def decode(
                    data: bytes,
                    program_id: str = program_id,
                    shapes: list[tuple[int, ...]] | None = shapes if known else None,
                    shots: list[int] | None = shots if known else None,
                ) -> PrimitiveResult:
                    return decode_result(
                        data, program_id=program_id, pub_shapes=shapes, pub_shots=shots
                    )

                bodies += [
                    (body, decode),
                    (json.dumps(json.loads(body), indent=1).encode(), decode),
                ]
    return bodies


def mutate(body: bytes, rng: random.Random) -> bytes:
    """Changes a body a few times: bytes, tokens, cuts, doublings, and the data inside envelopes."""
    data = bytearray(body)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.choice((1, 1, 2, 8, 60)))
        kind = rng.randrange(8)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[at:end]
        elif kind == 2:
            data[at:at] = rng.choice(TOKENS)
        elif kind == 3:
            data[at:end] = rng.choice(TOKENS)
        elif kind == 4:
            del data[at:]
        elif kind == 5:
            data[at:at] = data[at:end] * rng.choice((1, 3, 50))
        elif kind == 6:
            data = _replace_value(data, rng)
        else:
            data = _rewrite_array(data, rng)
        if not data:
            break
    return bytes(data)


def _replace_value(data: bytearray, rng: random.Random) -> bytearray:
    """Puts a token in place of the value after some colon or comma."""
    places = [i for i, byte in enumerate(data) if byte in b":,["]
    if not places:
        return data
    start = rng.choice(places) + 1
    end = start
    while end < len(data) and data[end] not in b",]}":
        end += 1
    return data[:start] + rng.choice(TOKENS) + data[end:]


def _rewrite_array(data: bytearray, rng: random.Random) -> bytearray:
    """Unpacks some array's text, changes a byte of the npy file, and packs it again."""
    starts = [
        i for i in range(len(data)) if data.startswith(b'"eJ', i) or data.startswith(b'"eA', i)
    ]
    if not starts:
        return data
    start = rng.choice(starts) + 1
    end = data.find(b'"', start)
    try:
        npy = bytearray(zlib.decompress(base64.b64decode(bytes(data[start:end]))))
    except Exception:
        return data
    if not npy:
        return data
    choice = rng.randrange(5)
    if choice == 0:
        npy[rng.randrange(len(npy))] ^= 1 << rng.randrange(8)
    elif choice == 1:
        npy[rng.randrange(min(128, len(npy)))] = rng.choice(b"0123456789(),'fO|<>")
    elif choice == 2:
        npy += b"\0" * rng.choice((1, 100, 1 << 22))
    elif choice == 3:
        del npy[rng.randrange(len(npy)) :]
    else:
        stream = io.BytesIO()
        array = rng.choice(
            (np.zeros(3), np.array([1, "a", None], object), np.zeros((2, 0)), np.ones(2, "V4"))
        )
        np.save(stream, array, allow_pickle=True)
        npy = bytearray(stream.getvalue())
    return data[:start] + base64.b64encode(zlib.compress(bytes(npy), 1)) + data[end:]


def run(count: int, seed: int = 0) -> dict[str, float]:
    """Decodes mutated bodies; see `fuzz`."""
    bodies = corpus()

    def make(rng: random.Random) -> tuple[bytes, Callable[[bytes], None]]:
        body, decode = rng.choice(bodies)
        return mutate(body, rng), lambda data: check_sound(decode(data))

    return fuzz(count, seed, make, (ProtocolError,))


def check_sound(result: PrimitiveResult) -> None:
    """Checks that a decoded result is consistent: types, shapes and bits agree."""
    for pub in result:
        shape = pub.data.shape
        for value in pub.data.values():
            assert value is None or value.shape[: len(shape)] == shape
            if isinstance(value, BitArray):
                assert value.array.dtype == np.uint8
                stray = value.num_bits % 8
                assert not stray or not (value.array[..., 0] >> stray).any()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.wire.fuzz_results", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=1000, help="of bodies")
    parser.add_argument("seed", type=int, nargs="?", default=0)
    parser.add_argument("--short", action="store_true", help=f"at most {SHORT_COUNT} bodies")
    given = parser.parse_args()
    count = min(given.count, SHORT_COUNT) if given.short else given.count
    found = run(count, given.seed)
    ok = found["seconds"] < MAX_SECONDS and found["memory"] < 1
    print(
        f"{count} mutated bodies: {found['accepted']:.0f} decoded, {found['refused']:.0f} refused, "
        f"longest {found['seconds']:.3f} s, peak {found['memory']:.2f} of allowed, "
        f"{'ok' if ok else 'MISSED'}"
    )
    sys.exit(not ok)
