"""POST /jobs with ``Prefer: wait``: the reply waits a little for the job's end, and tells it.

Saves the client of a quick job two requests or more. It asks for it when it waits for its jobs
anyway; the reply to anybody else is not changed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from qiskit_rest_primitives.local.api.dispatch import api_version
from qiskit_rest_primitives.local.api.jobs import describe_job
from qiskit_rest_primitives.local.api.replies import json_reply
from qiskit_rest_primitives.local.store import FINAL
from qiskit_rest_primitives.wire.result.prompt_reply import (
    APPLIED,
    MAX_PROMPT_BYTES,
    PromptOutcome,
    encode_prompt,
    preferred_seconds,
)

if TYPE_CHECKING:
    import sqlite3

    from qiskit_rest_primitives.local.job_states import Core

LONGEST_SECONDS: Final = 0.5
"""A job that takes longer is asked for like any other; a client then stops preferring to wait."""


async def created_reply(core: Core, request: Request, created: dict[str, Any]) -> Response:
    """The reply for a job that was submitted just now; with its outcome if the client prefers so.

    Args:
        core: the service.
        request: of the submission.
        created: the usual members of the reply.
    """
    seconds = preferred_seconds(request.headers.get("prefer", ""))
    # The result of a private job can be read once: it must not be in a reply that may be lost.
    if not seconds or created.get("private"):
        return json_reply(created)
    job = await _ended(core, created["id"], min(seconds, LONGEST_SECONDS))
    if job is None:
        return json_reply(created)
    result = (
        core.store.body(job["id"], "result") if job["result_size"] <= MAX_PROMPT_BYTES else None
    )
    if result is not None and not isinstance(result, bytes):
        result = await core.in_thread(result.read_bytes)
    details = describe_job(job, api_version(request))
    return Response(
        encode_prompt(created, PromptOutcome(details, result)),
        headers={"Preference-Applied": APPLIED},
        media_type="application/json",
    )


async def _ended(core: Core, job_id: str, seconds: float) -> sqlite3.Row | None:
    """The job, if it ends within so many seconds."""
    with core.endings.expected(job_id) as ended:
        # Only now: a job that ended before would wake nobody.
        job = core.store.job(job_id)
        if job is None or job["status"] not in FINAL:
            await asyncio.wait([ended], timeout=seconds)
            job = core.store.job(job_id)
    return job if job is not None and job["status"] in FINAL else None
