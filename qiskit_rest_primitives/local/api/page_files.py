"""The page for people at ``/``, and its files: static, and allowed to load nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER: Final = Path(__file__).parents[1] / "page"
FILES: Final = {
    "/": ("index.html", "text/html"),
    "/page/page.css": ("page.css", "text/css"),
    "/page/page.js": ("page.js", "text/javascript"),
    "/page/job.js": ("job.js", "text/javascript"),
    "/page/parts.js": ("parts.js", "text/javascript"),
}
"""Path -> file and its media type."""

POLICY: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; img-src 'self' data:; form-action 'none'; frame-ancestors 'none';"
    " base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
"""Headers of every reply that a browser might show: no scripts, styles or forms but our own."""


def page_routes() -> list[Route]:
    """The routes of the page and its files; they need no token, as they show nothing."""
    return [Route(path, _file(*of), methods=["GET"]) for path, of in FILES.items()]


def _file(name: str, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    content = (FOLDER / name).read_bytes()

    async def reply(_request: Request) -> Response:
        return Response(content, headers=POLICY, media_type=media_type)

    return reply
