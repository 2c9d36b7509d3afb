"""The tree of errors: what each class says, and copies with a longer message."""

from __future__ import annotations

import pytest

from qiskit_rest_primitives import (
    ConnectError,
    NotFoundError,
    ReadTimeoutError,
    RedirectError,
    TransportError,
)
from qiskit_rest_primitives.errors import with_more


@pytest.mark.parametrize(
    ("error", "acted"),
    [
        (ConnectError("x"), False),
        (ReadTimeoutError("x"), True),
        (TransportError("x"), True),
        (TransportError("x", may_have_acted=False), False),
        (RedirectError("x", may_have_acted=False), False),
    ],
)
def test_the_class_says_whether_the_service_may_have_acted(
    error: TransportError, acted: bool
) -> None:
    """Without a connection nothing was sent."""
    assert error.may_have_acted is acted


def test_an_error_with_more_text_is_a_copy() -> None:
    """It has the same type and attributes; the original error is unchanged."""
    error = NotFoundError("no job", status_code=404, code=1291, retry_after_seconds=2.0)
    more = with_more(error, "; look elsewhere")
    assert type(more) is NotFoundError
    assert str(more) == "no job; look elsewhere"
    assert (more.status_code, more.code, more.retry_after_seconds) == (404, 1291, 2.0)
    assert str(error) == "no job"
