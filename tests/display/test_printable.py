"""Control characters of a service's text are shown: in exceptions, logs, warnings and cards."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest

from qiskit_rest_primitives import InvalidRequestError, RestPrimitivesError
from qiskit_rest_primitives.display.html import html_of
from qiskit_rest_primitives.display.printable import printable, printable_json
from qiskit_rest_primitives.errors import with_more
from qiskit_rest_primitives.jobs.details import JobDetails
from qiskit_rest_primitives.jobs.user_warnings import OptionsNotice
from tests.http.clients import raw_client
from tests.http.raw_server import RawServer

EVIL = "a\x1b]0;title\x07\x1a\rb\x9b\u202e\x00c"
SHOWN = r"a\x1b]0;title\x07\x1a\rb\x9b\u202e\x00c"


def test_text_is_otherwise_unchanged():
    """Letters of any alphabet, tabs and lines, also those of Windows."""
    text = "Grüße ψ|0⟩ 量子\t1\n2"
    assert printable(text) == text
    assert printable("1\r\n2") == "1\n2"
    assert printable(EVIL) == SHOWN


def test_json_is_otherwise_unchanged():
    """It is decoded to the same text."""
    text = json.dumps({"ψ": EVIL}, ensure_ascii=False)
    assert "\x9b" in text
    assert "\x9b" not in printable_json(text)
    assert json.loads(printable_json(text)) == {"ψ": EVIL}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"errors": [{"message": EVIL, "solution": EVIL}], "trace": EVIL}).encode(),
        EVIL.encode(),
        f"<html><title>{EVIL}</title>".encode(),
        json.dumps(EVIL).encode(),
    ],
    ids=["container", "text", "page", "string"],
)
def test_errors_of_a_service(tmp_path: Path, caplog: pytest.LogCaptureFixture, body: bytes):
    """In the message, in its parts, and in a log."""
    server = RawServer(lambda request: request.say(body, status=400))
    with pytest.raises(InvalidRequestError) as caught:
        raw_client(server.port, tmp_path).jobs()
    error = caught.value
    assert SHOWN in str(error)
    assert error.detail == SHOWN
    logging.getLogger("a user's").error("%s", error)
    for text in (str(error), *map(str, error.args), error.solution, error.trace, caplog.text):
        assert printable(text) == text


def test_text_added_to_an_error_is_printable():
    """As a failed job's log is."""
    assert str(with_more(RestPrimitivesError("x"), EVIL)) == f"x{SHOWN}"


def test_the_reason_of_a_failed_job():
    """In the message and its parts."""
    state = {"status": "Failed", "reason": EVIL, "reason_solution": EVIL}
    details = JobDetails(None, "id", {"id": "id", "status": "Failed", "state": state})
    error = details.failure_error(EVIL)
    assert str(error).count(SHOWN) == 3
    assert (error.reason, error.reason_solution) == (SHOWN, SHOWN)


def test_warnings_are_printable():
    """About options that the service names."""
    with pytest.warns(UserWarning, match=re.escape(SHOWN)):
        OptionsNotice().give("id", {"options_not_applied": [EVIL]})


def test_cards_are_printable():
    """A viewer of notebooks may be a terminal."""
    assert html_of(EVIL) == SHOWN
