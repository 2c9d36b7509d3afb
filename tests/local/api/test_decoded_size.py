"""The memory of a decoded body: never underestimated, and limited before decoding."""

from __future__ import annotations

import tracemalloc

import msgspec
import pytest

from qiskit_rest_primitives.local import Limits
from qiskit_rest_primitives.local.api.create_job import decode_large
from qiskit_rest_primitives.local.api.decoded_size import decoded_bytes
from qiskit_rest_primitives.local.limits import most_decoded_bytes
from qiskit_rest_primitives.local.problems import ProblemError
from tests.local.conftest import BELL, Api

LIMIT = most_decoded_bytes(Limits())
TEXT = BELL.replace(" ", "\n").replace(";", "; // [[[[{{{{,,,, \\\\")


def body_of(values: bytes, num_bytes: int) -> bytes:
    """A job whose parameter values repeat a piece of JSON."""
    inner = (values * (num_bytes // len(values)))[:-1]
    return (
        b'{"program_id":"sampler","backend":"statevector","params":{"pubs":[["OPENQASM 3;",['
        + inner
        + b"]]]}}"
    )


PIECES = {
    "arrays": b"[],",
    "objects": b"{},",
    "rows": b"[0.5],",
    "pairs": b"[0.5,0.25],",
    "nested": b"[[[[0]]]],",
    "names": b'{"Z":1},',
    "numbers": b"0.5,",
    "integers": b"999,",
    "texts": b'"ab",',
    "nulls": b"null,",
}


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_the_estimate_is_at_least_the_decoded_size(piece: bytes) -> None:
    """The estimate is within a tenth, for any content."""
    body = body_of(piece, 600_000)
    tracemalloc.start()
    try:
        kept = msgspec.json.decode(body)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept
    assert taken <= 1.1 * decoded_bytes(body, 1 << 40) + len(body)


@pytest.mark.parametrize("piece", [b"[],", b"{},", b'{"Z":1},', b"[0.5],", b'"","",'])
def test_a_body_of_tiny_pieces_is_refused_undecoded(piece: bytes) -> None:
    """The refusal is fast and needs little memory."""
    body = body_of(piece, 49_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(ProblemError, match="MiB of memory") as caught:
            decode_large(body, LIMIT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.status == 413
    assert peak < 2.5 * len(body)


@pytest.mark.parametrize(
    "piece",
    [b"0.1234567890123456,", b"[0.1234567890123456],", b"[0.12345678,1.23456789],", b"0.5,"],
)
def test_ordinary_values_are_accepted(piece: bytes) -> None:
    """Up to the largest body."""
    assert decoded_bytes(body_of(piece, 49_900_000), LIMIT) <= LIMIT


def test_brackets_within_a_text_do_not_count() -> None:
    """Circuits contain many brackets; an escaped quote does not end a string."""
    texts = [TEXT + '\\"' * number + "[" * 2000 for number in range(2000)]
    body = msgspec.json.encode({"program_id": "sampler", "params": texts})
    assert body.count(b"[") > 2_000_000
    assert decoded_bytes(body, 10_000_000) < 1_000_000
    assert decoded_bytes(body + b"[" * 200_000, 10_000_000) > 10_000_000


@pytest.mark.slow
def test_the_service_refuses_such_a_body(api: Api) -> None:
    """It is a 413 in the container; smaller bodies are accepted, and the next job runs."""
    reply = api.call("POST", "/jobs", data=body_of(b"[],", 30_000_000))
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (413, 9413)
    assert "ndarray" in reply.json()["errors"][0]["solution"]
    reply = api.call("POST", "/jobs", data=body_of(b"[0.1234567890123456],", 10_000_000))
    assert reply.status_code == 200, reply.text
    job = api.wait(reply.json()["id"])
    assert job["state"]["status"] == "Failed"
    assert api.wait(api.submit())["state"]["status"] == "Completed"
