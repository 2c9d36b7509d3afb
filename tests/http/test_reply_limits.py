"""Replies that are larger than they can be, or expand to it: refused, with the limit and a cure."""

from __future__ import annotations

import gzip
import io
import json
import threading
from pathlib import Path

import numpy as np
import pytest
from qiskit.primitives import BitArray

from qiskit_rest_primitives import InvalidRequestError, ProtocolError, ReplyTooLargeError
from qiskit_rest_primitives.wire.executor.result import decode_program_result
from qiskit_rest_primitives.wire.executor.tensors import encode_tensor
from qiskit_rest_primitives.wire.result.results import decode_result
from qiskit_rest_primitives.wire.values.arrays import encode_array
from tests.http.clients import raw_client
from tests.http.raw_server import RawServer, Received

CHUNK = b"10000\r\n" + b" " * 65_536 + b"\r\n"


def endless(status: int, hung_up: threading.Event):
    """Answers with a body that never ends."""

    def answer(request: Received) -> None:
        head = f"HTTP/1.1 {status} X\r\nTransfer-Encoding: chunked\r\n\r\n"
        request.connection.sendall(head.encode())
        try:
            while True:
                request.connection.sendall(CHUNK)
        except OSError:
            hung_up.set()
            raise

    return answer


def test_a_reply_that_expands_too_far(tmp_path: Path):
    """A list of jobs of 64 kB that expands to 64 MB is read up to its limit."""
    bomb = gzip.compress(b" " * 64_000_000)
    server = RawServer(lambda request: request.say(bomb, Content_Encoding="gzip"))
    with pytest.raises(
        ReplyTooLargeError, match=r"jobs: .* larger than 16 MB, .* is the url"
    ) as one:
        raw_client(server.port, tmp_path).jobs()
    assert len(server.lines) == 1
    assert "GET" in str(one.value)


def test_a_page_longer_than_asked_for(tmp_path: Path):
    """What was asked for is taken."""
    jobs = [{"id": f"job-{number}"} for number in range(100)]
    server = RawServer(lambda request: request.say(json.dumps({"jobs": jobs}).encode()))
    found = raw_client(server.port, tmp_path).jobs(limit=3)
    assert [job.job_id() for job in found] == ["job-0", "job-1", "job-2"]


def test_an_endless_reply_is_cut_off(tmp_path: Path):
    """The connection is closed."""
    hung_up = threading.Event()
    server = RawServer(endless(200, hung_up))
    with pytest.raises(ReplyTooLargeError):
        raw_client(server.port, tmp_path).backends()
    assert hung_up.wait(30)


def test_an_endless_error_is_cut_off(tmp_path: Path):
    """Its beginning is enough for the error."""
    hung_up = threading.Event()
    server = RawServer(endless(400, hung_up))
    with pytest.raises(InvalidRequestError):
        raw_client(server.port, tmp_path).jobs()
    assert hung_up.wait(30)


def test_a_declared_length_beyond_the_limit_is_refused(tmp_path: Path):
    """It is refused before its body arrives, which here it never does."""

    def answer(request: Received) -> None:
        request.connection.sendall(b"HTTP/1.1 200 X\r\nContent-Length: 16000001\r\n\r\n")
        threading.Event().wait(1)

    server = RawServer(answer)
    with pytest.raises(ReplyTooLargeError):
        raw_client(server.port, tmp_path).jobs()


def test_a_result_larger_than_the_setting(tmp_path: Path):
    """The error names the setting; nothing is retried."""
    server = RawServer(lambda request: request.say(b" " * 2000))
    client = raw_client(server.port, tmp_path, max_reply_bytes=1000).client
    with pytest.raises(ReplyTooLargeError, match=r"results.*0\.001 MB; raise Settings\(max_reply"):
        client.job_results("x", io.BytesIO())
    assert len(server.lines) == 1


def estimated(values: dict[str, object]) -> bytes:
    """An estimator's result with these expectation values."""
    fields = {"evs": values}
    data = {"__type__": "DataBin", "__value__": {"field_names": ["evs"], "fields": fields}}
    pub = {"__type__": "PubResult", "__value__": {"data": data, "metadata": {}}}
    result = {"__type__": "PrimitiveResult", "__value__": {"pub_results": [pub], "metadata": {}}}
    return json.dumps(result).encode()


def test_an_array_in_place_of_one_value_is_not_expanded():
    """A single expectation value does not take a megabyte: its data are not expanded."""
    body = estimated(encode_array(np.zeros(1 << 17)))
    with pytest.raises(ProtocolError, match="claims 1048576 bytes; at most 65536 are possible"):
        decode_result(body, program_id="estimator", pub_shapes=[()])


def test_the_arrays_of_a_result_have_a_limit_together():
    """The second of two arrays is one too many."""
    array = {"__type__": "ndarray", "__value__": encode_array(np.zeros(1000))["__value__"]}
    body = estimated({"__type__": "ndarray", "__value__": [1.0]})
    whole = json.loads(body)
    whole["__value__"]["metadata"] = {"one": array, "two": array}
    body = json.dumps(whole).encode()
    decode_result(body, program_id="estimator", max_bytes=16_000)
    with pytest.raises(ReplyTooLargeError, match=r"two.*claims 8000 bytes; at most 7999 are read"):
        decode_result(body, program_id="estimator", max_bytes=15_999)


def program(*shapes: tuple[int, ...]) -> bytes:
    """A quantum program's result whose items have arrays of these shapes."""
    items = []
    for shape in shapes:
        tensor = encode_tensor(BitArray(np.zeros((1, 1), np.uint8), 8))
        fields = {"data": tensor.data, "shape": shape, "dtype": "u8"}
        items.append({"results": {"c": fields}, "metadata": {}})
    content = {"schema_version": "v2.0", "data": items, "metadata": {"chunk_timing": []}}
    return json.dumps(content).encode()


def test_tensors_claim_no_more_than_the_limit_together():
    """Checked before any of them is read."""
    with pytest.raises(ReplyTooLargeError, match="claim 2000000000 bytes; at most 1999999999 are"):
        decode_program_result(program((10**9,), (10**9,)), max_bytes=1_999_999_999)


def test_tensors_have_the_shapes_of_their_items():
    """Checked before any of them is read."""
    with pytest.raises(
        ProtocolError, match=r"item 0, 'c': shape \(5, 7\), but the item has \(4,\)"
    ):
        decode_program_result(program((5, 7)), [(4,)])
