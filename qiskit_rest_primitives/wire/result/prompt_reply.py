"""The reply to POST /jobs with ``Prefer: wait`` (RFC 7240), if the job ended meanwhile.

Beside its usual members it has ``details``, as GET /jobs/{id} gives them, and ``result``, as GET
/jobs/{id}/results does; and ``Preference-Applied: wait`` among its headers. A service that does not
know the preference ignores it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from qiskit_rest_primitives.errors import ProtocolError

PREFERENCE: Final = "wait=1"
"""Of a client that would wait for the job's end anyway, in seconds."""
APPLIED: Final = "wait"
MAX_PROMPT_BYTES: Final = 1_000_000
"""The largest result in such a reply; larger ones are downloaded."""


@dataclass(frozen=True)
class PromptOutcome:
    """How a job ended, as the reply to its submission says.

    Attributes:
        details: of a job in a final state.
        result: its bytes; None if the job has no result, or a large one.
    """

    details: dict[str, Any]
    result: bytes | None = field(repr=False)


def preferred_seconds(header: str) -> float:
    """How long a request with this ``Prefer`` waits for the end of its job; 0 for not at all."""
    found = re.search(r'(?:^|,)\s*wait\s*=\s*"?([0-9]{1,6})\b', header, re.IGNORECASE)
    return float(found[1]) if found else 0.0


def encode_prompt(created: Mapping[str, Any], outcome: PromptOutcome) -> bytes:
    """The reply's body.

    Args:
        created: the usual members.
        outcome: how the job ended; its result is JSON.
    """
    body: dict[str, Any] = {**created, "details": outcome.details}
    if outcome.result is not None:
        body["result"] = msgspec.Raw(outcome.result)
    return msgspec.json.encode(body)


def decode_prompt(body: bytes) -> tuple[dict[str, Any], PromptOutcome]:
    """The usual members, and how the job ended; a result that is too large is left out.

    Raises:
        ProtocolError: they are not there.
    """
    try:
        members = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        result = members.pop("result", None)
        created: dict[str, Any] = {
            name: msgspec.json.decode(member) for name, member in members.items()
        }
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(
            f"POST /jobs was answered with something that is not a JSON object: {error}"
        ) from None
    details = created.pop("details", None)
    if not isinstance(details, dict) or details.get("id") != created.get("id"):
        raise ProtocolError("POST /jobs was answered with the details of another job, or without")
    received = None if result is None else bytes(result)
    if received is not None and len(received) > MAX_PROMPT_BYTES:
        received = None  # downloads are kept on disk
    return created, PromptOutcome(details, received)
