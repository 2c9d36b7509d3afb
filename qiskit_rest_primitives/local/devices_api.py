"""The endpoints below /backends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from .auth import Caller
from .core import unknown_backend
from .endpoints import api_version, since
from .listing import when
from .replies import ProblemError, json_reply

if TYPE_CHECKING:
    from .backends import LocalBackend
    from .core import Core


async def list_backends(core: Core, caller: Caller, request: Request) -> Response:
    """GET /backends; before 2025-01-01 only their names."""
    names = core.backends.names()
    if not since(api_version(request), "2025-01-01"):
        return json_reply({"devices": names})
    wanted = request.query_params.getlist("fields")
    if any(field != "wait_time_seconds" for field in wanted):
        raise ProblemError(400, "fields can only be wait_time_seconds.")
    queues = core.store.queue_lengths()
    devices = [core.backends.device(name).list_entry(queues.get(name, 0)) for name in names]
    return json_reply({"devices": devices})


def _device(core: Core, request: Request) -> LocalBackend:
    name: str = request.path_params["name"]
    try:
        return core.backends.device(name)
    except KeyError:
        raise unknown_backend(name, core.backends.names()) from None


async def configuration(core: Core, caller: Caller, request: Request) -> Response:
    """GET /backends/{id}/configuration."""
    return json_reply(_device(core, request).configuration())


async def properties(core: Core, caller: Caller, request: Request) -> Response:
    """GET /backends/{id}/properties; there is one calibration."""
    when(request, "updated_before")
    return json_reply(_device(core, request).properties())


async def status(core: Core, caller: Caller, request: Request) -> Response:
    """GET /backends/{id}/status."""
    device = _device(core, request)
    length = core.store.queue_lengths().get(request.path_params["name"], 0)
    return json_reply(device.status(length))


async def defaults(core: Core, caller: Caller, request: Request) -> Response:
    """GET /backends/{id}/defaults: there are no pulses, so the body is ``null``."""
    _device(core, request)
    return json_reply(None)
