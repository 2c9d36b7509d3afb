"""The endpoints below /backends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from qiskit_rest_primitives.local.api.endpoint_steps import api_version, since
from qiskit_rest_primitives.local.api.filters import when
from qiskit_rest_primitives.local.api.replies import json_reply
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.local.times import read_time

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.job_states import Core


async def list_backends(core: Core, principal: Principal, request: Request) -> Response:
    """GET /backends; before 2025-01-01 only their names."""
    names = core.backends.names()
    if not since(api_version(request), "2025-01-01"):
        return json_reply({"devices": names})
    wanted = request.query_params.getlist("fields")
    if any(field != "wait_time_seconds" for field in wanted):
        raise ProblemError(400, "fields can only be wait_time_seconds.")
    return json_reply({"devices": await core.in_thread(_listed, core)})


def _listed(core: Core) -> list[dict[str, Any]]:
    queues = core.store.queue_lengths()
    found = [*core.backends.listed(), *core.backends.mocks()]
    entries = [each.list_entry(queues.get(each.name, 0)) for each in found]
    for entry in entries:
        if core.held.is_offline(entry["name"]):
            entry["status"] = {"name": "offline", "reason": "maintenance"}
    return entries


async def configuration(core: Core, principal: Principal, request: Request) -> Response:
    """GET /backends/{id}/configuration."""
    calibration_id = request.query_params.get("calibration_id")
    device = await core.in_thread(core.backend, request.path_params["name"], calibration_id)
    return json_reply(await core.in_thread(device.configuration))


async def properties(core: Core, principal: Principal, request: Request) -> Response:
    """GET /backends/{id}/properties; with ``updated_before`` the last ones up to that time."""
    before = when(request, "updated_before")
    calibration_id = request.query_params.get("calibration_id")
    device = await core.in_thread(core.backend, request.path_params["name"], calibration_id)
    if before is not None and calibration_id is None:
        device = core.backends.calibrated_before(device.name, before)
    found = await core.in_thread(device.properties)
    date: str = found["last_update_date"]
    if before is not None and before < read_time(date):
        raise ProblemError(
            404,
            f"Backend {device.name} has no properties from before that time.",
            solution=f"Its calibration is of {date}: ask for a later time, or leave "
            "updated_before out.",
        )
    return json_reply(found)


async def status(core: Core, principal: Principal, request: Request) -> Response:
    """GET /backends/{id}/status."""
    device = await core.in_thread(core.backend, request.path_params["name"])
    length = core.store.queue_lengths().get(request.path_params["name"], 0)
    reply = device.status(length)
    if core.held.is_offline(device.name):
        reply |= {"state": False, "status": "maintenance", "message": "offline"}
    return json_reply(reply)


async def defaults(core: Core, principal: Principal, request: Request) -> Response:
    """GET /backends/{id}/defaults: there are no pulses, so the body is ``null``."""
    await core.in_thread(core.backend, request.path_params["name"])
    return json_reply(None)
