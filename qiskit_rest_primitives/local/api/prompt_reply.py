"""POST /jobs with ``Prefer: wait``: the reply waits a little for the job's end, and tells it.

Saves the client of a quick job two requests or more. It asks for it when it waits for its jobs
anyway; the reply to anybody else is not changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from qiskit_rest_primitives.local.api.endpoint_steps import api_version
from qiskit_rest_primitives.local.api.jobs import describe_job
from qiskit_rest_primitives.local.api.replies import json_reply
from qiskit_rest_primitives.local.job_states import new_job_id
from qiskit_rest_primitives.wire.result.prompt_reply import (
    APPLIED,
    MAX_PROMPT_BYTES,
    PromptOutcome,
    encode_prompt,
    preferred_seconds,
)

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.job_states import Core

LONGEST_SECONDS: Final = 1.0
"""A job that takes longer is asked for like any other; a client then stops preferring to wait."""


async def submitted_reply(
    core: Core,
    request: Request,
    submit: Callable[[str], Awaitable[dict[str, Any]]],
    *,
    private: bool,
) -> Response:
    """Submits a job and replies; with its outcome if the client prefers so.

    Args:
        core: the service.
        request: of the submission.
        submit: submits the job with this id; returns the usual members of the reply.
        private: whether its result can be read only once.
    """
    job_id = new_job_id()
    seconds = preferred_seconds(request.headers.get("prefer", ""))
    # A result that can be read once must not be in a reply that may be lost.
    if not seconds or private:
        return json_reply(await submit(job_id))
    with core.endings.expected(job_id) as ended:
        created = await submit(job_id)
        await asyncio.wait([ended], timeout=min(seconds, LONGEST_SECONDS))
    if not ended.done():
        return json_reply(created)
    ending = ended.result()
    details = describe_job(ending.job, api_version(request))
    result = ending.result
    if result is not None and len(result) > MAX_PROMPT_BYTES:
        result = None
    return Response(
        encode_prompt(created, PromptOutcome(details, result)),
        headers={"Preference-Applied": APPLIED},
        media_type="application/json",
    )
