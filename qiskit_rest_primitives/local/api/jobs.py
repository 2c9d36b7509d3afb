"""The endpoints below /jobs, all but the submission. In: requests. Out: replies."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from qiskit_rest_primitives.local.api.endpoint_steps import (
    api_version,
    flag,
    number,
    read_json,
    since,
)
from qiskit_rest_primitives.local.api.file_reply import FileReply
from qiskit_rest_primitives.local.api.filters import job_filters, newest_first
from qiskit_rest_primitives.local.api.replies import json_reply, no_content
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.problems import (
    JOB_NOT_FOUND,
    TAG_TOO_LONG,
    TOO_MANY_TAGS,
    ProblemError,
)
from qiskit_rest_primitives.local.store import FINAL, JOB_COLUMNS
from qiskit_rest_primitives.local.store.lists import find, owner_of, rows_of
from qiskit_rest_primitives.local.store.members import count, numbers_of
from qiskit_rest_primitives.local.times import iso_time
from qiskit_rest_primitives.wire.limits import MAX_PAGE, MAX_TAG_LENGTH, MAX_TAGS, RAN_TOO_LONG

if TYPE_CHECKING:
    import sqlite3

    from qiskit_rest_primitives.local.job_states import Core

LISTED_PARAMS_BYTES = 64_000_000
# Above this, reading and writing takes longer than handing the work to a thread.
LARGE_PARAMS = 65_536


class TagsBody(msgspec.Struct):
    """Body of PUT /jobs/{id}/tags."""

    tags: Annotated[list[str], Meta(max_length=1000)]


def own_job(core: Core, principal: Principal, request: Request) -> sqlite3.Row:
    """The job that a path names.

    Raises:
        ProblemError: 404, the caller has no such job.
    """
    job_id: str = request.path_params["job_id"]
    job = core.store.job(job_id)
    if job is None or (job["user"], job["instance"]) != (principal.user, principal.instance):
        raise ProblemError(
            404,
            f"Job not found. Job ID: {job_id[:100]}",
            code=JOB_NOT_FOUND,
            solution="Check the job's ID, and that the job belongs to this instance and account.",
        )
    return job


def usage(job: sqlite3.Row, version: str) -> dict[str, Any]:
    """A job's usage: seconds, as in `Outcome.usage_seconds`, and whether they are final.

    The fields that older versions have hold whole seconds, rounded up.
    """
    final = job["status"] in FINAL
    seconds = round(job["usage_seconds"], 6)
    content: dict[str, Any] = {
        "qpu_charge_time_seconds": seconds,
        "status": "complete" if final else "pending",
    }
    if not since(version, "2026-03-15"):
        whole = math.ceil(seconds)
        content |= {"quantum_seconds": whole, "seconds": whole}
    if not since(version, "2026-04-15"):
        content["circuits_execution_time_ns"] = int(seconds * 1e9)
    return content


def describe_job(job: sqlite3.Row, version: str) -> dict[str, Any]:
    """The JSON of a job without its params."""
    state: dict[str, Any] = {"status": job["status"]}
    status = job["status"]
    if job["reason"]:
        state["reason"] = job["reason"]
    if job["reason_code"] is not None:
        state["reason_code"] = job["reason_code"]
        if status == "Cancelled" and job["reason_code"] == RAN_TOO_LONG:
            status = "Cancelled - Ran too long"
    if job["reason_solution"]:
        state["reason_solution"] = job["reason_solution"]
    content: dict[str, Any] = {
        "id": job["id"],
        "created": iso_time(job["created"]),
        "program": {"id": job["program"]},
        "backend": job["backend"],
        "state": state,
        "status": status,
        "cost": job["cost"],
        "user_id": job["user"],
        "tags": msgspec.json.decode(job["tags"]),
        "usage": usage(job, version),
    }
    if job["estimated_seconds"] is not None:
        content["estimated_running_time_seconds"] = round(job["estimated_seconds"], 6)
    for name in ("session_id", "calibration_id", "runtime"):
        if job[name] is not None:
            content[name] = job[name]
    if job["private"]:
        content["private"] = True
    return content


def _place_in_queue(core: Core, job: sqlite3.Row) -> dict[str, int]:
    """``position_in_queue`` of a job that waits for its turn."""
    place = core.engine.place_in_queue(job["id"]) if job["status"] == "Queued" else None
    return {} if place is None else {"position_in_queue": place}


def _with_params(core: Core, job: sqlite3.Row, content: dict[str, Any]) -> dict[str, Any]:
    hidden = job["private"] or not job["params_size"]
    params = None if hidden else core.params_of(job["id"])
    content["params"] = {} if params is None else params
    return content


async def get_job(core: Core, principal: Principal, request: Request) -> Response:
    """GET /jobs/{id}."""
    job = own_job(core, principal, request)
    content = describe_job(job, api_version(request)) | _place_in_queue(core, job)
    if not flag(request, "exclude_params", False):
        if job["params_size"] > LARGE_PARAMS:
            request.state.share.add(job["params_size"])
            content = await core.in_thread(_with_params, core, job, content)
        else:
            content = _with_params(core, job, content)
    core.held.polled([job["id"]])
    return json_reply(content)


async def list_jobs(core: Core, principal: Principal, request: Request) -> Response:
    """GET /jobs, in the order of submission."""
    query, descending = job_filters(request), newest_first(request)
    limit = number(request, "limit", MAX_PAGE, least=1, most=MAX_PAGE)
    offset = number(request, "offset", 0, least=0, most=1 << 60)
    version = api_version(request)
    with_params = not flag(request, "exclude_params", True)

    def page() -> tuple[int, list[sqlite3.Row]]:
        with core.store.reading() as database:
            owner = owner_of(database, principal.user, principal.instance)
            found = find(database, owner, query)
            numbers = numbers_of(found, offset, limit, descending=descending)
            rows = rows_of(database, f"SELECT {JOB_COLUMNS} FROM jobs", owner, numbers)
        return count(found), [rows[number] for number in numbers]

    def reply_of(total: int, jobs: list[sqlite3.Row]) -> Response:
        listed = [describe_job(job, version) for job in jobs]
        if with_params:
            pairs = zip(jobs, listed, strict=True)
            listed = [_with_params(core, job, content) for job, content in pairs]
        content = {"jobs": listed, "count": total, "offset": offset, "limit": limit}
        return json_reply(content)

    def read() -> tuple[list[sqlite3.Row], Response]:
        total, jobs = page()
        return jobs, reply_of(total, jobs)

    if with_params:
        total, jobs = await core.in_thread(page)
        request.state.share.add(_params_bytes(jobs))
        reply = await core.in_thread(reply_of, total, jobs)
    else:
        jobs, reply = await core.in_thread(read)
    core.held.polled(job["id"] for job in jobs)
    return reply


def _params_bytes(jobs: list[sqlite3.Row]) -> int:
    """The size of the params of these jobs.

    Raises:
        ProblemError: 400, they are too large to be listed together.
    """
    size = sum(job["params_size"] for job in jobs)
    if size > LISTED_PARAMS_BYTES:
        raise ProblemError(
            400,
            f"The params of these {len(jobs)} jobs are {size} bytes.",
            solution="Ask for fewer with limit, or for each job by its ID.",
        )
    return size


async def delete_job(core: Core, principal: Principal, request: Request) -> Response:
    """DELETE /jobs/{id}."""
    job = own_job(core, principal, request)
    if job["status"] not in FINAL:
        raise ProblemError(
            400,
            f"Job {job['id']} is {job['status']}; only jobs in a final state can be deleted.",
            solution="Cancel it first.",
        )
    core.store.delete_jobs([job["id"]])
    return no_content()


async def job_results(core: Core, principal: Principal, request: Request) -> Response:
    """GET /jobs/{id}/results; a private job's can be read once."""
    job = own_job(core, principal, request)
    body = core.store.body(job["id"], "result")
    if body is None:
        return no_content()
    if isinstance(body, Path):
        once = bool(job["private"]) and request.method != "HEAD"
        reply: Response = FileReply(core, body, delete=once)
    else:
        reply = Response(body, media_type="application/json")
    if job["private"] and request.method != "HEAD":
        # No await since the lookup, so no other request has read it.
        core.store.drop_body(job["id"], "result")
    return reply


async def transpiled_circuits(core: Core, principal: Principal, request: Request) -> Response:
    """GET /jobs/{id}/transpiled_circuits: none, as circuits run as they were sent."""
    own_job(core, principal, request)
    return json_reply({"url": ""})


async def interim_results(core: Core, principal: Principal, request: Request) -> Response:
    """GET /jobs/{id}/interim_results: none, as the programs send only their final result."""
    own_job(core, principal, request)
    return no_content()


async def job_logs(core: Core, principal: Principal, request: Request) -> Response:
    """GET /jobs/{id}/logs."""
    job = own_job(core, principal, request)
    logs = core.store.logs(job["id"])
    if not logs:
        raise ProblemError(404, f"Job {job['id']} has no logs.")
    return PlainTextResponse(logs)


async def job_metrics(core: Core, principal: Principal, request: Request) -> Response:
    """GET /jobs/{id}/metrics."""
    import qiskit

    job = own_job(core, principal, request)
    version = api_version(request)
    content: dict[str, Any] = {
        "caller": "qiskit-rest-primitives",
        "timestamps": {
            "created": iso_time(job["created"]),
            "running": iso_time(job["running"]),
            "finished": iso_time(job["finished"]),
        },
        "usage": usage(job, version),
        "qiskit_version": qiskit.__version__,
        **_place_in_queue(core, job),
    }
    nanoseconds = int(job["usage_seconds"] * 1e9)
    if since(version, "2026-04-15"):
        content["circuits_execution_time_ns"] = nanoseconds
    if not since(version, "2026-03-15"):
        content["bss"] = {"seconds": math.ceil(job["usage_seconds"])}
    return json_reply(content)


async def cancel_job(core: Core, principal: Principal, request: Request) -> Response:
    """POST /jobs/{id}/cancel."""
    core.cancel(own_job(core, principal, request))
    return no_content()


async def set_tags(core: Core, principal: Principal, request: Request) -> Response:
    """PUT /jobs/{id}/tags; an empty list clears them."""
    job = own_job(core, principal, request)
    tags = (await read_json(core, request, TagsBody)).tags
    for code, wrong in _wrong_tags(tags):
        raise ProblemError(400, wrong, code=code)
    core.store.set_tags(job["id"], tags)
    return no_content()


def _wrong_tags(tags: list[str]) -> Iterator[tuple[int, str]]:
    if len(tags) > MAX_TAGS:
        yield TOO_MANY_TAGS, f"A job has at most {MAX_TAGS} tags, not {len(tags)}."
    for index, tag in enumerate(tags):
        if len(tag) > MAX_TAG_LENGTH:
            yield TAG_TOO_LONG, f"tags[{index}] is longer than {MAX_TAG_LENGTH} characters."
