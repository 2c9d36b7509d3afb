"""GET /health: whether the service can accept and run jobs, in words without a token."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from qiskit_rest_primitives.local.api.replies import json_reply
from qiskit_rest_primitives.local.times import iso_time

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.job_states import Core

LONGEST_SECONDS: Final = 2.0
"""A part that takes longer to answer does not work."""
GOOD: Final = ("ok", "none")


class Health:
    """Checks the parts of a service, one check at a time however many ask.

    Args:
        core: the service.
    """

    def __init__(self, core: Core):
        self._core = core
        self._checks: dict[str, asyncio.Future[dict[str, str]]] = {}

    async def reply(self, _request: Request) -> Response:
        """GET /health; status 503 if a part does not work."""
        workers = await self._check(self._workers, {"workers": "lost", "scheduler": "lost"})
        found = {**workers, **await self._check(self._store, {"store": "lost"})}
        well = found["workers"] == "ok" and found["store"] == "ok" and found["scheduler"] in GOOD
        content = {"status": "ok" if well else "degraded", "time": iso_time(self._core.clock())}
        return json_reply(content | found, 200 if well else 503)

    async def _check(
        self, part: Callable[[], dict[str, str]], otherwise: dict[str, str]
    ) -> dict[str, str]:
        """What a check finds; ``otherwise`` if it fails or takes too long."""
        check = self._checks.get(part.__name__)
        if check is None or check.done():
            check = asyncio.ensure_future(self._core.in_thread(part))
            self._checks[part.__name__] = check
        done, _ = await asyncio.wait({check}, timeout=LONGEST_SECONDS)
        if not done or check.exception() is not None:
            return otherwise
        return check.result()

    def _workers(self) -> dict[str, str]:
        state = self._core.engine.worker_state()
        some = state.workers or state.on_demand
        return {"workers": "ok" if some else "none", "scheduler": state.scheduler}

    def _store(self) -> dict[str, str]:
        try:
            self._core.store.row("SELECT 1 FROM jobs LIMIT 1")
        except sqlite3.Error:
            return {"store": "lost"}
        return {"store": "full" if self._core.store.is_full() else "ok"}
