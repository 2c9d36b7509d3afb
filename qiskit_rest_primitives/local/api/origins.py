"""Which web pages may call the service (CORS). In: origins. Out: middleware that says so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

_ORIGIN = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[^\s/:@?#*\[\]]+)(:[0-9]{1,5})?")

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HEADERS = ("Authorization", "Service-CRN", "IBM-API-Version", "Content-Type", "Parent-Job-Id")


def check_origins(origins: Sequence[str]) -> None:
    """Checks what a user allows.

    Raises:
        ValueError: one is not an origin.
    """
    for origin in origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"{origin!r} is not an origin: write scheme, host and port alone, such as "
                "https://lab.example or http://localhost:3000, or * for all pages"
            )


def allow_origins(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Lets the pages of these origins call an application.

    A page needs a token like any other client: cookies are not used, and none are allowed.

    Args:
        app: the application.
        origins: such as ``https://lab.example``; ``*`` for all; none leaves the application as it
            is, and browsers refuse pages the replies.
    """
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=METHODS,
        allow_headers=HEADERS,
        expose_headers=("Retry-After",),
    )
