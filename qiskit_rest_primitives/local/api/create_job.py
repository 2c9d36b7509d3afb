"""POST /jobs: checks the limits of the user, the body and its size in memory before decoding it."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from qiskit_rest_primitives.local.api.account import check_usage
from qiskit_rest_primitives.local.api.decoded_size import decoded_bytes
from qiskit_rest_primitives.local.api.endpoint_steps import read_body
from qiskit_rest_primitives.local.api.prompt_reply import submitted_reply
from qiskit_rest_primitives.local.api.user_caps import check_caps
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.limits import most_decoded_bytes
from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.problems import (
    TAG_TOO_LONG,
    TOO_MANY_TAGS,
    ProblemError,
)
from qiskit_rest_primitives.local.simulators.options_acted_on import read_mitigation
from qiskit_rest_primitives.wire.executor.program import ExecutorParams
from qiskit_rest_primitives.wire.limits import INVALID_JOB
from qiskit_rest_primitives.wire.request.job_request import (
    InvalidBody,
    decode_job_request,
    decode_params,
)
from qiskit_rest_primitives.wire.request.noise_learner import NoiseLearnerParams

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.job_states import Core
    from qiskit_rest_primitives.wire.request.job_request import JobRequest

DRAINED_SECONDS = 30
"""After how long a client may submit again what a draining service refused."""
# Above this, decoding takes longer than handing the work to a thread.
LARGE_REQUEST = 65_536


async def create_job(core: Core, principal: Principal, request: Request) -> Response:
    """POST /jobs."""
    if core.draining:
        raise ProblemError(
            503,
            "The service is shutting down: it finishes its jobs and accepts no new ones.",
            solution="Submit the job again once the service has been started again.",
            headers={"Retry-After": str(DRAINED_SECONDS)},
        )
    await check_caps(core, principal)
    body = await read_body(request, core.limits.body_bytes, request.state.share)
    try:
        if len(body) > LARGE_REQUEST:
            # One at a time: they take memory, and would not be faster in parallel.
            async with core.decoding:
                job = await core.in_thread(decode_large, body, most_decoded_bytes(core.limits))
        else:
            job = _decode(body)
    except InvalidBody as error:
        raise _refusal(error) from None
    await check_usage(core, principal)
    del body

    async def submit(job_id: str) -> dict[str, Any]:
        if len(job.params) > LARGE_REQUEST or job.backend not in core.used_backends:
            return await core.in_thread(core.submit, principal, job, job_id)
        return core.submit(principal, job, job_id)

    return await submitted_reply(core, request, submit, private=job.private is True)


def decode_large(body: bytes, limit: int) -> JobRequest:
    """Reads a body that may take much more memory than it has bytes.

    Args:
        body: JSON.
        limit: most bytes of memory.

    Raises:
        ProblemError: 413, it would take more.
        InvalidBody: a member that is wrong.
    """
    size = decoded_bytes(body, limit)
    if size > limit:
        raise ProblemError(
            413,
            f"The arrays and objects in the request body would take {size >> 20} MiB of memory; "
            f"at most {limit >> 20} MiB are given to a request.",
            solution="Send parameter values as an ndarray envelope, or fewer of them a job.",
        )
    with _no_collection():
        return _decode(body)


@contextmanager
def _no_collection() -> Generator[None]:
    """Stops garbage collection, which would run many times while millions of lists are made."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _decode(body: bytes) -> JobRequest:
    """Decodes a request, and its params to see that they are valid."""
    job = decode_job_request(body)
    params = decode_params(job.program_id, job.params)
    if isinstance(params, ExecutorParams):
        _check_program(job, params)
        return job
    if isinstance(params, NoiseLearnerParams):
        return job
    if not params.pubs:
        raise InvalidBody("a job has at least one PUB", "params.pubs")
    try:
        read_mitigation(params)
    except RefusedError as error:
        raise InvalidBody(error.reason, "params.options") from None
    return job


def _check_program(job: JobRequest, params: ExecutorParams) -> None:
    """Checks a quantum program where its own members do not tell."""
    program = params.quantum_program
    if not program.items:
        raise InvalidBody("a program has at least one item", "params.quantum_program.items")
    if program.has_chunk_sizes and job.session_id is UNSET:
        raise InvalidBody(
            "only a job of a session can say how many points run at once; leave chunk_size out",
            "params.quantum_program.items[0].chunk_size",
        )


def _refusal(error: InvalidBody) -> ProblemError:
    code = INVALID_JOB
    if error.path == "tags":
        code = TOO_MANY_TAGS
    elif error.path.startswith("tags["):
        code = TAG_TOO_LONG
    return ProblemError(
        400,
        str(error),
        code=code,
        solution=f"Correct {error.path}." if error.path else "Correct the body.",
    )
