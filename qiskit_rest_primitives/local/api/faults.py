"""Faults on demand: chosen calls fail in a chosen way. Off by default.

::

    with LocalService(faults=True) as local:
        local.faults.add("POST", "/jobs", status=502, after_work=True, count=2)
        local.faults.add("GET", "/jobs/*", drop=True, probability=0.3, seed=7)
        local.faults.queue(polls=3)
        local.faults.offline("fake_*")

From another process: ``POST /faults`` with the same members as JSON, GET, DELETE /faults.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections import deque
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qiskit_rest_primitives.local.api.authenticate import check_admin
from qiskit_rest_primitives.local.api.endpoint_steps import endpoint, read_json
from qiskit_rest_primitives.local.api.middleware import ClientGoneError
from qiskit_rest_primitives.local.api.replies import json_reply, no_content, problem_reply
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.held_jobs import HeldJobs
from qiskit_rest_primitives.local.problems import ProblemError

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.job_states import Core

FAULTS = "Faults on demand"
# Most hits that are kept.
HITS = 10_000
Seconds = Annotated[float, Meta(ge=0, le=86_400)]


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What goes wrong, where, and how often. Exactly one thing goes wrong; a delay may precede it.

    Attributes:
        method: HTTP method, or ``*``.
        path: pattern as in a shell for the path without ``/v1``, such as ``/jobs/*/results``.
        status: answer with this status and an error container.
        retry_after: seconds in ``Retry-After`` of that answer.
        location: ``Location`` of that answer, for a redirect.
        drop: close the connection without an answer.
        truncate: promise the whole body, send half of it, close the connection.
        corrupt: send a body of the right length with some bytes changed.
        silence: accept the request and never answer.
        drip: seconds between single bytes of the body.
        delay: seconds to wait before anything else.
        after_work: ``status`` or ``drop`` only after the service did what was asked.
        count: how many calls it hits at most; None for any number.
        probability: chance that it hits a call that matches.
        seed: seed of that chance.

    >>> local.faults.set(Fault(method="GET", path="/backends", status=503, count=1))
    >>> service.client.backends()
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.ServerError: GET /backends was answered with 503: ...
    """

    method: str = "*"
    path: str = "*"
    status: Annotated[int, Meta(ge=300, le=599)] | None = None
    retry_after: Seconds | None = None
    location: Annotated[str, Meta(pattern=r"^[!-~]{1,2000}$")] | None = None
    drop: bool = False
    truncate: bool = False
    corrupt: bool = False
    silence: bool = False
    drip: Seconds | None = None
    delay: Seconds = 0.0
    after_work: bool = False
    count: Annotated[int, Meta(ge=1)] | None = None
    probability: Annotated[float, Meta(ge=0, le=1)] = 1.0
    seed: int | None = None


class FaultState:
    """The faults that are set, and what they hit. Safe to use from any thread.

    Attributes:
        held: the jobs that wait for `Faults.queue` and `Faults.offline`.
        stopping: True while the service stops; ends the silence.
        hits: ``METHOD path: fault`` of the last calls that were hit, oldest first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: list[tuple[Fault, random.Random]] = []
        self._left: list[int | None] = []
        self.held = HeldJobs()
        self.stopping = False
        self.hits: deque[str] = deque(maxlen=HITS)

    def set(self, fault: Fault) -> None:
        """Sets a fault, which is tried after earlier ones."""
        with self._lock:
            self._set.append((fault, random.Random(fault.seed)))
            self._left.append(fault.count)

    def clear(self) -> None:
        """Ends all faults and forgets what they hit; jobs that waited for them start."""
        self.held.release()
        with self._lock:
            self._set.clear()
            self._left.clear()
            self.hits.clear()

    def active(self) -> list[Fault]:
        """The faults that can still hit a call."""
        with self._lock:
            return [
                fault for (fault, _), left in zip(self._set, self._left, strict=True) if left != 0
            ]

    def meets_readers(self) -> bool:
        """Whether a job's readers meet a fault, or jobs wait: then no reply tells a job's end."""
        read = ("/jobs/id", "/jobs/id/results")
        return self.held.polls != 0 or any(
            fault.method in ("*", "GET") and any(fnmatchcase(path, fault.path) for path in read)
            for fault in self.active()
        )

    def next_for(self, method: str, path: str) -> Fault | None:
        """The fault that hits this call, or None; counts the hit."""
        with self._lock:
            for index, (fault, chance) in enumerate(self._set):
                if self._left[index] == 0 or fault.method not in ("*", method):
                    continue
                if not fnmatchcase(path, fault.path) or chance.random() >= fault.probability:
                    continue
                left = self._left[index]
                self._left[index] = None if left is None else left - 1
                self.hits.append(f"{method} {path}: {msgspec.json.encode(fault).decode()}")
                return fault
        return None


class Faults:
    """The faults that are set, and what they hit. Safe to use from any thread.

    >>> fault = local.faults.add("GET", "/jobs/*/results", truncate=True, count=1)
    >>> SamplerV2(backend).run([bell], shots=9).result()[0].data.meas.num_shots  # retried
    9
    >>> local.faults.clear()
    """

    def __init__(self) -> None:
        self._state = FaultState()

    @property
    def hits(self) -> deque[str]:
        """``METHOD path: fault`` of the last calls that were hit, oldest first."""
        return self._state.hits

    def add(self, method: str = "*", path: str = "*", **members: Any) -> Fault:
        """Sets a fault; earlier ones are tried first.

        Args:
            method: HTTP method, or ``*``.
            path: pattern for the path without ``/v1``, such as ``/jobs/*``.
            members: the other members of :class:`Fault`.

        Raises:
            ValueError: an unknown or ill-typed member, or not exactly one thing that goes wrong.
        """
        fault = msgspec.convert({"method": method.upper(), "path": path, **members}, Fault)
        self.set(fault)
        return fault

    def set(self, fault: Fault) -> None:
        """Sets a fault.

        Raises:
            ValueError: not exactly one thing goes wrong.
        """
        wrong = [
            name
            for name in ("status", "drop", "truncate", "corrupt", "silence", "drip")
            if getattr(fault, name) not in (None, False)
        ]
        if len(wrong) > 1 or not (wrong or fault.delay):
            raise ValueError(f"a fault is exactly one thing or a delay, not {wrong or 'nothing'}")
        self._state.set(fault)

    def queue(self, polls: int | None = None) -> None:
        """Lets jobs that are submitted from now on wait in the queue.

        Args:
            polls: how often the state of each is read before it starts; None for never, until
                `clear`.

        >>> local.faults.queue(polls=2)
        >>> job = SamplerV2(backend).run([bell])
        >>> job.status(), job.status(), job.result()[0].data.meas.num_shots
        ('QUEUED', 'QUEUED', 4096)
        >>> local.faults.clear()
        """
        if polls is not None and polls < 0:
            raise ValueError(f"a job is polled at least 0 times, not {polls}")
        self._state.held.polls = polls

    def offline(self, *names: str) -> None:
        """Takes backends offline, until `clear`; jobs that are sent to them stay in the queue.

        Args:
            names: of backends, or patterns as in a shell; all backends if left out.

        >>> local.faults.offline("fake_*")
        >>> service.backend("fake_5q").status().operational
        False
        >>> local.faults.clear()
        """
        self._state.held.offline = names or ("*",)

    def clear(self) -> None:
        """Ends all faults and forgets what they hit; jobs that waited for them start."""
        self._state.clear()

    def active(self) -> list[Fault]:
        """The faults that can still hit a call."""
        return self._state.active()


def state_of(faults: Faults) -> FaultState:
    """What stands behind the faults. Not a method: editors would offer it to users."""
    return vars(faults)["_state"]


class FaultMiddleware:
    """ASGI middleware that makes calls fail."""

    def __init__(self, app: ASGIApp, faults: Faults, prefixes: Sequence[str]):
        self._app = app
        self._faults = state_of(faults)
        self._prefixes = prefixes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the call through, or lets it fail."""
        fault: Fault | None = None
        if scope["type"] == "http" and not scope["path"].startswith("/faults"):
            if scope["method"] == "POST" and self._faults.meets_readers():
                scope["headers"] = [each for each in scope["headers"] if each[0] != b"prefer"]
            fault = self._faults.next_for(scope["method"], self._below(scope["path"]))
        if fault is None:
            await self._app(scope, receive, send)
            return
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.silence:
            await self._wait_for_the_end(receive)
            raise ClientGoneError
        fails = fault.status is not None or fault.drop
        if fails and not fault.after_work:
            await _fail(fault, scope, receive, send)
        elif fails or fault.truncate or fault.corrupt or fault.drip is not None:
            start, body = await self._reply(scope, receive)
            if fails:
                await _fail(fault, scope, receive, send)
            else:
                await _spoil(fault, start, body, scope, send)
        else:
            await self._app(scope, receive, send)

    async def _wait_for_the_end(self, receive: Receive) -> None:
        while not self._faults.stopping:
            with contextlib.suppress(asyncio.TimeoutError):
                message = await asyncio.wait_for(receive(), 0.1)
                if message["type"] == "http.disconnect":
                    return

    def _below(self, path: str) -> str:
        for prefix in self._prefixes:
            if path.startswith(f"{prefix}/"):
                return path[len(prefix) :]
        return path

    async def _reply(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """Calls the application and collects its reply."""
        start: Message = {}
        pieces: list[bytes] = []

        async def keep(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            else:
                pieces.append(message.get("body", b""))

        await self._app(scope, receive, keep)
        return start, b"".join(pieces)


async def _fail(fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
    if fault.status is None:
        _hang_up(scope)
        raise ClientGoneError
    headers: dict[str, str] = {}
    if fault.retry_after is not None:
        headers["Retry-After"] = f"{fault.retry_after:g}"
    if fault.location is not None:
        headers["Location"] = fault.location
    problem = ProblemError(fault.status, "A fault on demand.", headers=headers)
    await problem_reply(problem, scope["state"]["trace"])(scope, receive, send)


async def _spoil(fault: Fault, start: Message, body: bytes, scope: Scope, send: Send) -> None:
    await send(start)
    if fault.truncate:
        await send(
            {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
        )
        _hang_up(scope)
        raise ClientGoneError
    if fault.corrupt:
        spoilt = bytearray(body)
        for position in range(len(spoilt) // 3, len(spoilt), max(1, len(spoilt) // 3)):
            spoilt[position] ^= 0x15
        await send({"type": "http.response.body", "body": bytes(spoilt), "more_body": False})
        return
    for position in range(len(body)):
        piece = body[position : position + 1]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(fault.drip or 0.0)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _hang_up(scope: Scope) -> None:
    """Closes the connection; what was sent still arrives."""
    scope["state"]["hang_up"]()


def fault_routes(core: Core, faults: Faults) -> list[Route]:
    """The endpoints that set faults from another process, for administrators: faults hit all."""

    async def add(core: Core, principal: Principal, request: Request) -> Response:
        check_admin(principal, FAULTS)
        fault = await read_json(core, request, Fault)
        try:
            faults.set(fault)
        except ValueError as error:
            raise ProblemError(400, f"{error}.") from None
        return no_content()

    async def show(core: Core, principal: Principal, request: Request) -> Response:
        check_admin(principal, FAULTS)
        return json_reply({"faults": faults.active(), "hits": list(faults.hits)})

    async def clear(core: Core, principal: Principal, request: Request) -> Response:
        check_admin(principal, FAULTS)
        faults.clear()
        return no_content()

    return [
        Route("/faults", endpoint(core, add), methods=["POST"]),
        Route("/faults", endpoint(core, show), methods=["GET"]),
        Route("/faults", endpoint(core, clear), methods=["DELETE"]),
    ]
