"""Calls of the API: those about one job, lists of jobs, and queries as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from qiskit_rest_primitives.http.transport import Call
from qiskit_rest_primitives.jobs.tags import is_own_tag

DETAILS: Final = re.compile(r"/jobs/([^/]+)")
RESULT: Final = re.compile(r"/jobs/([^/]+)/results")


def with_query(path: str, params: Mapping[str, Any] | None) -> str:
    """A path with its query in alphabetical order; None values are left out."""
    given = sorted((name, value) for name, value in (params or {}).items() if value is not None)
    query = urlencode(given, doseq=True)
    return f"{path}?{query}" if query else path


def is_own_list(path: str, call: Call) -> bool:
    """Whether a call lists jobs for the client itself: to poll many, or to find a submission.

    Its query has a time or a random tag, which no later run repeats.
    """
    params = call.params or {}
    own = any(map(is_own_tag, params.get("tags") or ()))
    return path == "/jobs" and call.method == "GET" and (own or "created_after" in params)
