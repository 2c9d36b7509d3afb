"""Ids that come in replies and go into paths."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from qiskit_rest_primitives.errors import ProtocolError

MOST_ID_CHARACTERS: Final = 200


def has_id(entry: Any) -> bool:
    """Whether this may be a job: an object with a printable id."""
    job_id = entry.get("id") if isinstance(entry, dict) else None
    return (
        isinstance(job_id, str)
        and 0 < len(job_id) <= MOST_ID_CHARACTERS
        and job_id.isprintable()
        and job_id not in (".", "..")
    )


def segment(value: str) -> str:
    """One path segment: ``../backends`` as an id must not become another endpoint."""
    if not value or value in (".", ".."):
        raise ProtocolError(f"{value!r} can't be an id; pass the id or name as the service gave it")
    return quote(value, safe="")
