"""The reply to POST /jobs that tells the end of the job: written and read."""

from __future__ import annotations

import pytest

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.result.prompt_reply import (
    MAX_PROMPT_BYTES,
    PromptOutcome,
    decode_prompt,
    encode_prompt,
)

CREATED = {"id": "one", "backend": "sim", "session_id": "s"}
DETAILS = {"id": "one", "status": "Completed", "tags": ["ä"]}


@pytest.mark.parametrize("result", [b'{"results": [1e-07, "0x1"]}', b"[]", None])
def test_what_is_written_is_read(result: bytes | None) -> None:
    """The result to the byte, as GET /jobs/{id}/results gives it."""
    outcome = PromptOutcome(DETAILS, result)
    assert decode_prompt(encode_prompt(CREATED, outcome)) == (CREATED, outcome)


def test_a_large_result_is_left_out() -> None:
    """A service that sends one all the same wasted its time: it is downloaded."""
    outcome = PromptOutcome(DETAILS, b'"' + b"x" * MAX_PROMPT_BYTES + b'"')
    assert decode_prompt(encode_prompt(CREATED, outcome))[1] == PromptOutcome(DETAILS, None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"id": "one"}',
        b'{"id": "one", "details": 7}',
        b'{"id": "one", "details": {"id": "two"}}',
        b'{"id": "one", "details": {"id": "one"}',
        b'{"id": "\xff"}',
        b'{"id": "one", "details": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["empty", "array", "none", "number", "other", "cut", "not UTF-8", "deep"],
)
def test_anything_else_is_an_error(body: bytes) -> None:
    """The job is then looked up by its tag."""
    with pytest.raises(ProtocolError, match="POST /jobs was answered with"):
        decode_prompt(body)


def test_the_result_is_not_shown() -> None:
    """In a traceback's variables, say."""
    assert "0x1" not in repr(PromptOutcome(DETAILS, b'{"results": ["0x1"]}'))
