"""The endpoints below /sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from qiskit_rest_primitives.local.api.endpoint_steps import read_json
from qiskit_rest_primitives.local.api.replies import json_reply, no_content
from qiskit_rest_primitives.local.api.user_caps import check_session_caps
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.local.sessions import SessionRequest, SessionUpdate

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.job_states import Core


async def create_session(core: Core, principal: Principal, request: Request) -> Response:
    """POST /sessions."""
    check_session_caps(core, principal)
    body = await read_json(core, request, SessionRequest)
    backend = body.backend or body.backend_name
    if not backend:
        raise ProblemError(400, "A session needs a backend.")
    if not await core.in_thread(core.has_backend, backend):
        raise core.unknown_backend(backend, status=400)
    return json_reply(core.sessions.create(principal, body, backend))


async def get_session(core: Core, principal: Principal, request: Request) -> Response:
    """GET /sessions/{id}."""
    return json_reply(core.sessions.details(principal, request.path_params["session_id"]))


async def update_session(core: Core, principal: Principal, request: Request) -> Response:
    """PATCH /sessions/{id}: false drains it; true changes nothing, what was drained stays so."""
    session_id: str = request.path_params["session_id"]
    body = await read_json(core, request, SessionUpdate)
    core.sessions.details(principal, session_id)
    if not body.accepting_jobs:
        core.sessions.drain(principal, session_id)
    return no_content()


async def close_session(core: Core, principal: Principal, request: Request) -> Response:
    """DELETE /sessions/{id}/close."""
    core.sessions.close(principal, request.path_params["session_id"])
    return no_content()
