"""The ASGI application: routes, background tasks, middleware. The table of routes: `endpoints`.

The API is served below /v1 and /api/v1, and below /experimental for the official client,
which uses a URL with that word unchanged and derives a public host name from any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Collection, Sequence
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router
from starlette.types import ASGIApp

from qiskit_rest_primitives.local.api import account, page_data
from qiskit_rest_primitives.local.api.endpoint_steps import Endpoint, Handler, endpoint, shielded
from qiskit_rest_primitives.local.api.endpoints import CLOUD_HANDLERS, HANDLERS
from qiskit_rest_primitives.local.api.faults import FaultMiddleware, Faults, fault_routes
from qiskit_rest_primitives.local.api.health import Health
from qiskit_rest_primitives.local.api.metrics import metrics
from qiskit_rest_primitives.local.api.middleware import Guard
from qiskit_rest_primitives.local.api.origins import allow_origins
from qiskit_rest_primitives.local.api.page_files import page_routes
from qiskit_rest_primitives.local.api.received import Received
from qiskit_rest_primitives.local.api.replies import problem_reply
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.local.store import StorageFullError
from qiskit_rest_primitives.local.store.prune import prune

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.job_states import Core

logger = logging.getLogger(__name__)

PREFIXES = ("/v1", "/api/v1", "/experimental")
TICK_SECONDS = 0.5
PRUNE_SECONDS = 60.0


def create_app(
    core: Core,
    *,
    hosts: Collection[str] | None = None,
    origins: Sequence[str] = (),
    faults: Faults | None = None,
    received: Received | None = None,
) -> ASGIApp:
    """Builds the application.

    Args:
        core: the service behind it.
        hosts: names accepted in the header ``Host``; None accepts any.
        origins: of the web pages that may call it.
        faults: faults on demand; None leaves their endpoints and their check out altogether.
        received: keeps all requests; None for not at all.
    """
    api_routes = [*_routes(core, HANDLERS), Route("/versions", account.versions)]
    api = Router(api_routes, redirect_slashes=False, default=_no_route)

    async def identity(request: Request) -> Response:
        return await account.issue_token(core, request)

    routes = [
        *(Mount(prefix, app=api) for prefix in PREFIXES),
        *_routes(core, CLOUD_HANDLERS),
        Route("/identity/token", shielded(identity), methods=["POST"]),
        Route("/health", Health(core).reply),
        *_routes(core, [("GET", "/metrics", metrics), *page_data.PAGE_HANDLERS]),
        *page_routes(),
    ]
    if faults is not None:
        routes += fault_routes(core, faults)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        tasks = [asyncio.create_task(_tick(core))]
        if core.limits.retention:
            tasks.append(asyncio.create_task(_prune(core)))
        yield
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    application = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={
            HTTPException: _http_problem,
        },
    )
    application.router.redirect_slashes = False
    behind: ASGIApp = application if received is None else received.behind_faults(application)
    if faults is not None:
        behind = FaultMiddleware(behind, faults, PREFIXES)
    if received is not None:
        behind = received.around_faults(behind)
    return Guard(allow_origins(behind, origins), core.limits, hosts)


def _routes(core: Core, handlers: list[tuple[str, str, Handler]]) -> list[Route]:
    """One route per path, so that a wrong method is a 405 that lists the allowed ones."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for method, path, handler in handlers:
        by_path.setdefault(path, {})[method] = endpoint(core, handler)
    return [Route(path, _by_method(ends), methods=list(ends)) for path, ends in by_path.items()]


def _by_method(endpoints: dict[str, Endpoint]) -> Endpoint:
    if "GET" in endpoints:
        endpoints["HEAD"] = endpoints["GET"]

    async def dispatch(request: Request) -> Response:
        return await endpoints[request.method](request)

    return dispatch


async def _tick(core: Core) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        await core.in_thread(core.sessions.tick)


async def _prune(core: Core) -> None:
    """Deletes the jobs that are not kept, at the start and every minute."""
    while True:
        try:
            deleted = await core.in_thread(
                prune,
                core.store,
                core.limits.retention,
                core.clock(),
                stopping=lambda: core.stopping,
            )
        except StorageFullError as error:
            logger.error("finished jobs can't be deleted: %s", error)
        else:
            if deleted:
                logger.info("deleted %d finished jobs that are no longer kept", deleted)
        await asyncio.sleep(PRUNE_SECONDS)


async def _http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    messages = {404: "No such path.", 405: f"{request.method} is not allowed here."}
    message = messages.get(error.status_code, error.detail)
    problem = ProblemError(error.status_code, message, headers=error.headers)
    return problem_reply(problem, request.state.trace)


async def _no_route(scope: object, receive: object, send: object) -> None:
    raise HTTPException(404)
