"""Encoded PUBs and options -> body of POST /jobs -> handle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

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


def submit_pubs(
    mode: Mode, program_id: str, pubs: Sequence[EncodedPub], options: PrimitiveOptions
) -> Job:
    """Posts a run: as one job, or as several if it is too large and ``options.split`` is set.

    Args:
        mode: where to run.
        program_id: ``sampler`` or ``estimator``.
        pubs: the PUBs.
        options: what was set is sent.

    Raises:
        EncodeError: the run is larger than the service takes for a device, and may not be split.
    """
    if not pubs:
        # The service takes no job without PUBs; the reference primitives give an empty result.
        return SplitJob([], [], [], backend_of(mode))
    if options.split:
        jobs = pack(pubs)
        if len(jobs) > 1:
            return _submit_parts(mode, program_id, pubs, jobs, options)
    executions = sum(pub.cost(math.prod(pub.shape))[0] for pub in pubs)
    # The limit is about a device's time; algorithms use simulators for more.
    if executions > MAX_EXECUTIONS and not backend_of(mode).simulator:
        raise EncodeError(
            f"the job asks for {executions:,} executions (circuits x parameter sets x shots), the "
            f"service takes {MAX_EXECUTIONS:,}: use fewer shots or PUBs a job, or set "
            "options.split = True"
        )
    sources = [pub.source for pub in pubs if pub.source is not None]
    return _submit(mode, program_id, [pub.whole() for pub in pubs], options, sources or None)


def _submit_parts(
    mode: Mode,
    program_id: str,
    pubs: Sequence[EncodedPub],
    jobs: Sequence[Sequence[Piece]],
    options: PrimitiveOptions,
) -> SplitJob:
    parts: list[RestJob] = []
    for pieces in jobs:
        try:
            encoded = [pubs[piece.pub].part(piece) for piece in pieces]
            parts.append(_submit(mode, program_id, encoded, options))
        except RestPrimitivesError as error:
            ids = ", ".join(part.job_id() for part in parts) or "none"
            submitted = f" Parts submitted so far, of {len(jobs)}: {ids}"
            raise with_more(error, submitted) from error
    return SplitJob(parts, jobs, [pub.shape for pub in pubs], backend_of(mode))


def _submit(
    mode: Mode,
    program_id: str,
    pubs: Sequence[tuple[list[Any], SubmittedPub]],
    options: PrimitiveOptions,
    sources: Sequence[SamplerPub | EstimatorPub] | None = None,
) -> RestJob:
    backend = backend_of(mode)
    backend.check_takes_jobs()
    wire = encode_options(options)
    tag = new_tag()
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
        membership_of(mode).require_open()
        request["session_id"] = mode.session_id
    body = msgspec.json.encode(request)
    if len(body) > MAX_BODY_BYTES:
        raise EncodeError(
            f"the request has {len(body) / 1e6:.1f} MB, the service takes "
            f"{MAX_BODY_BYTES / 1e6:.0f} MB: send fewer PUBs or parameter values a job, "
            "or set options.split = True"
        )
    created = submit(backend.client, body, tag=tag, program_id=program_id, backend=backend.name)
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
