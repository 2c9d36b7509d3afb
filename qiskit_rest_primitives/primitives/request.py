"""Encoded PUBs and options -> body of POST /jobs -> handle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import msgspec
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_rest_primitives.errors import (
    EncodeError,
    RestPrimitivesError,
    with_more,
)
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.job import RestJob
from qiskit_rest_primitives.jobs.pieces import Piece
from qiskit_rest_primitives.jobs.spending import Approved, approved
from qiskit_rest_primitives.jobs.split_job import SplitJob
from qiskit_rest_primitives.jobs.submit import submit
from qiskit_rest_primitives.jobs.submitted_pubs import SubmittedPub
from qiskit_rest_primitives.jobs.tags import new_tag
from qiskit_rest_primitives.options.job_options import PrimitiveOptions
from qiskit_rest_primitives.options.request import encode_options
from qiskit_rest_primitives.primitives.encoded_pubs import EncodedPub, pack
from qiskit_rest_primitives.primitives.mode import Mode, backend_of
from qiskit_rest_primitives.service.session import Session, membership_of
from qiskit_rest_primitives.wire.limits import MAX_BODY_BYTES, MAX_EXECUTIONS

if TYPE_CHECKING:
    from qiskit_rest_primitives.primitives.estimate import RunEstimate


def submit_pubs(
    mode: Mode,
    program_id: str,
    pubs: Sequence[EncodedPub],
    options: PrimitiveOptions,
    *,
    allowed: bool = False,
) -> Job:
    """Posts a run: as one job, or as several if it is too large and ``options.split`` is set.

    Args:
        mode: where to run.
        program_id: ``sampler`` or ``estimator``.
        pubs: the PUBs.
        options: what was set is sent.
        allowed: whether the settings' limits of spending were checked before.

    Raises:
        EncodeError: the run is larger than the service takes for a device, and may not be split.
        SpendingError: the settings do not allow it.
    """
    backend = backend_of(mode)
    if not pubs:
        # The service takes no job without PUBs; the reference primitives give an empty result.
        return SplitJob([], [], [], backend)
    jobs = _jobs_of(mode, pubs, options)
    limits = nullcontext(Approved())
    if not allowed:
        limits = approved(backend, lambda: estimate_pubs(mode, program_id, pubs, options))
    with limits as run:
        if jobs:
            return _submit_parts(mode, program_id, pubs, jobs, options, run)
        sources = [pub.source for pub in pubs if pub.source is not None]
        whole = [pub.whole() for pub in pubs]
        return _submit(mode, program_id, whole, options, run, sources or None)


def estimate_pubs(
    mode: Mode, program_id: str, pubs: Sequence[EncodedPub], options: PrimitiveOptions
) -> RunEstimate:
    """What `submit_pubs` would send, and what the device would run of it.

    Raises:
        EncodeError: as `submit_pubs`.
        OptionsError: options that can't be applied to a circuit, or need an extra.
    """
    from qiskit_rest_primitives.primitives.estimate import estimate_run

    sizes: list[int] = []
    if pubs:
        jobs = _jobs_of(mode, pubs, options)
        for pieces in jobs or [None]:
            items = [pub.whole() for pub in pubs] if pieces is None else _parts(pubs, pieces)
            request = _request(mode, program_id, items, options, new_tag())
            sizes.append(len(_encoded(request)))
    return estimate_run(backend_of(mode), pubs, options, num_jobs=len(sizes), num_bytes=sum(sizes))


def _jobs_of(
    mode: Mode, pubs: Sequence[EncodedPub], options: PrimitiveOptions
) -> list[list[Piece]]:
    """The pieces of each job of a run; empty if the run is one job as it is.

    Raises:
        EncodeError: the run is larger than the service takes for a device, and may not be split.
    """
    if options.split:
        jobs = pack(pubs)
        if len(jobs) > 1:
            return jobs
    executions = sum(pub.cost(math.prod(pub.shape))[0] for pub in pubs)
    # The limit is about a device's time; algorithms use simulators for more.
    if executions > MAX_EXECUTIONS and not backend_of(mode).simulator:
        raise EncodeError(
            f"the job asks for {executions:,} executions (circuits x parameter sets x shots), the "
            f"service takes {MAX_EXECUTIONS:,}: use fewer shots or PUBs a job, or set "
            "options.split = True"
        )
    return []


def _parts(
    pubs: Sequence[EncodedPub], pieces: Sequence[Piece]
) -> list[tuple[list[Any], SubmittedPub]]:
    return [pubs[piece.pub].part(piece) for piece in pieces]


def _submit_parts(
    mode: Mode,
    program_id: str,
    pubs: Sequence[EncodedPub],
    jobs: Sequence[Sequence[Piece]],
    options: PrimitiveOptions,
    run: Approved,
) -> SplitJob:
    parts: list[RestJob] = []
    for pieces in jobs:
        try:
            parts.append(_submit(mode, program_id, _parts(pubs, pieces), options, run))
        except RestPrimitivesError as error:
            ids = ", ".join(part.job_id() for part in parts) or "none"
            submitted = f" Parts submitted so far, of {len(jobs)}: {ids}"
            raise with_more(error, submitted) from error
    return SplitJob(parts, jobs, [pub.shape for pub in pubs], backend_of(mode))


def _request(
    mode: Mode,
    program_id: str,
    pubs: Sequence[tuple[list[Any], SubmittedPub]],
    options: PrimitiveOptions,
    tag: str,
) -> dict[str, Any]:
    """The body of POST /jobs."""
    backend = backend_of(mode)
    wire = encode_options(options)
    request: dict[str, Any] = {
        "program_id": program_id,
        "backend": backend.name,
        "params": {
            "pubs": [item for item, _ in pubs],
            "options": {},
            **wire.params,
            "version": 2,
            "support_qiskit": True,
        },
        **wire.job,
        "tags": [*wire.job.get("tags", ()), tag],
    }
    if backend.calibration_id is not None:
        request["calibration_id"] = backend.calibration_id
    if isinstance(mode, Session):
        request["session_id"] = mode.session_id
    return request


def _encoded(request: dict[str, Any]) -> bytes:
    """A body as it is sent.

    Raises:
        EncodeError: it is longer than the service takes.
    """
    body = msgspec.json.encode(request)
    if len(body) > MAX_BODY_BYTES:
        raise EncodeError(
            f"the request has {len(body) / 1e6:.1f} MB, the service takes "
            f"{MAX_BODY_BYTES / 1e6:.0f} MB: send fewer PUBs or parameter values a job, "
            "or set options.split = True"
        )
    return body


def _submit(
    mode: Mode,
    program_id: str,
    pubs: Sequence[tuple[list[Any], SubmittedPub]],
    options: PrimitiveOptions,
    run: Approved,
    sources: Sequence[SamplerPub | EstimatorPub] | None = None,
) -> RestJob:
    backend = backend_of(mode)
    backend.check_takes_jobs()
    if isinstance(mode, Session):
        membership_of(mode).require_open()
    tag = new_tag()
    request = _request(mode, program_id, pubs, options, tag)
    body = _encoded(request)
    created = submit(backend.client, body, tag=tag, program_id=program_id, backend=backend.name)
    run.sent = True
    details = {
        "program": {"id": program_id},
        "backend": backend.name,
        "tags": request["tags"],
        "session_id": request.get("session_id"),
        "private": request.get("private"),
        "id": created["id"],
        "params": {**request["params"], "pubs": None},
    }
    job = RestJob(
        backend.client,
        created["id"],
        details=details,
        pubs=[submitted for _, submitted in pubs],
        backend=backend,
        user_pubs=sources,
    )
    if isinstance(mode, Session):
        membership_of(mode).job_ids.append(job.job_id())
    return job
