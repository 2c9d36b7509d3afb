"""Encoded PUBs and options -> body of POST /jobs -> handle."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_rest_primitives.backend import RestBackend, check_takes_jobs
from qiskit_rest_primitives.errors import (
    EncodeError,
    RestPrimitivesError,
    with_more,
)
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.experiments.recording import recorder_for
from qiskit_rest_primitives.jobs.job import RestJob
from qiskit_rest_primitives.jobs.results.pieces import Piece
from qiskit_rest_primitives.jobs.results.submitted_pubs import SubmittedPub
from qiskit_rest_primitives.jobs.spending import Approval
from qiskit_rest_primitives.jobs.split_job import SplitJob
from qiskit_rest_primitives.jobs.submission.submit import Submitted, submit
from qiskit_rest_primitives.jobs.tags import new_tag
from qiskit_rest_primitives.options.job_options import PrimitiveOptions
from qiskit_rest_primitives.options.request import encode_options
from qiskit_rest_primitives.primitives.encoded_pubs import EncodedPub, pack, whole_pieces
from qiskit_rest_primitives.primitives.mode import Mode, backend_of
from qiskit_rest_primitives.primitives.sampler_program import sampler_program_params
from qiskit_rest_primitives.service.running import lasting_identity
from qiskit_rest_primitives.service.session import Session, membership_of
from qiskit_rest_primitives.wire.limits import MAX_BODY_BYTES, MAX_EXECUTIONS
from qiskit_rest_primitives.wire.result.prompt_reply import PromptOutcome

if TYPE_CHECKING:
    from qiskit_rest_primitives.primitives.estimate import RunEstimate


def submit_pubs(
    mode: Mode,
    program_id: str,
    pubs: Sequence[EncodedPub],
    options: PrimitiveOptions,
    *,
    approval: Approval | None = None,
) -> Job:
    """Posts a run: as one job, or as several if it is too large and ``options.split`` is set.

    Args:
        mode: where to run.
        program_id: ``sampler`` or ``estimator``; or ``executor``, whose jobs have one number of
            shots each, for PUBs of a sampler.
        pubs: the PUBs.
        options: what was set is sent.
        approval: of a larger run that this is a part of.

    Raises:
        EncodeError: the run is larger than the service takes for a device, and may not be split.
        SpendingError: the settings do not allow it.
    """
    backend = backend_of(mode)
    if not pubs:
        # The service takes no job without PUBs; the reference primitives give an empty result.
        return SplitJob([], [], [], backend, program_id, [])
    jobs = _jobs_of(mode, program_id, pubs, options)
    own = Approval(backend, lambda: estimate_pubs(mode, program_id, pubs, options))
    with approval or own as granted:
        if jobs:
            return _submit_parts(mode, program_id, pubs, jobs, options, granted)
        whole = [pub.whole() for pub in pubs]
        return submit_job(
            JobSubmission.of(mode, program_id, whole, options, sources_of(pubs), granted)
        )


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
        jobs = _jobs_of(mode, program_id, pubs, options)
        for pieces in jobs or [None]:
            items = [pub.whole() for pub in pubs] if pieces is None else _parts(pubs, pieces)
            sizes.append(len(JobSubmission.of(mode, program_id, items, options).encoded(new_tag())))
    return estimate_run(backend_of(mode), pubs, options, num_jobs=len(sizes), num_bytes=sum(sizes))


def _jobs_of(
    mode: Mode, program_id: str, pubs: Sequence[EncodedPub], options: PrimitiveOptions
) -> list[list[Piece]]:
    """The pieces of each job of a run; empty if the run is one job as it is.

    Raises:
        EncodeError: the run is larger than the service takes for a device, and may not be split.
    """
    jobs = pack(pubs) if options.split else [whole_pieces(pubs)]
    if program_id == "executor":
        jobs = [same for pieces in jobs for same in _by_shots(pieces)]
    if len(jobs) > 1:
        return jobs
    executions = sum(pub.cost(math.prod(pub.shape))[0] for pub in pubs)
    # The limit is about a device's time; algorithms use simulators for more.
    if executions > MAX_EXECUTIONS and not backend_of(mode).simulator:
        raise EncodeError(
            f"the job has {executions:,} executions (circuits x parameter sets x shots), but the "
            f"service accepts at most {MAX_EXECUTIONS:,}: use fewer shots or PUBs per job, or set "
            "options.split = True"
        )
    return []


def _by_shots(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The pieces in groups of one number of shots, as a quantum program has one for all items."""
    groups: dict[int, list[Piece]] = {}
    for piece in pieces:
        groups.setdefault(piece.shots, []).append(piece)
    return list(groups.values())


def _parts(
    pubs: Sequence[EncodedPub], pieces: Sequence[Piece]
) -> list[tuple[list[Any], SubmittedPub]]:
    return [pubs[piece.pub].part(piece) for piece in pieces]


def sources_of(pubs: Sequence[EncodedPub]) -> list[SamplerPub | EstimatorPub] | None:
    """The user's PUBs, where they are known."""
    return [pub.source for pub in pubs if pub.source is not None] or None


def _submit_parts(
    mode: Mode,
    program_id: str,
    pubs: Sequence[EncodedPub],
    jobs: Sequence[Sequence[Piece]],
    options: PrimitiveOptions,
    approval: Approval,
) -> SplitJob:
    parts: list[RestJob] = []
    for pieces in jobs:
        try:
            items = _parts(pubs, pieces)
            parts.append(
                submit_job(JobSubmission.of(mode, program_id, items, options, approval=approval))
            )
        except RestPrimitivesError as error:
            ids = ", ".join(part.job_id() for part in parts) or "none"
            submitted = f" Of its {len(jobs)} jobs, these were submitted before: {ids}"
            raise with_more(error, submitted) from error
    shapes = [pub.shape for pub in pubs]
    return SplitJob(parts, jobs, shapes, backend_of(mode), program_id, sources_of(pubs))


def submit_job(submission: JobSubmission) -> RestJob:
    """Posts one job, unless an open experiment has the job that ran the same before."""
    recorder = recorder_for(submission.backend)
    if recorder is not None:
        return recorder.run(submission)
    tag = new_tag()
    submitted = submission.post(submission.prepare(tag), tag)
    return submission.handle(submitted.job_id, tag, outcome=submitted.outcome)


@dataclass(frozen=True)
class JobSubmission:
    """One job: what is sent, but for the submission's own tag.

    Attributes:
        mode: where it runs.
        body: of POST /jobs.
        pubs: what its handle remembers of each PUB.
        sources: the user's PUBs, or None.
        approval: of the run, asked for before a job is sent that was not sent before; or None.
    """

    mode: Mode
    body: dict[str, Any]
    pubs: Sequence[SubmittedPub]
    sources: Sequence[SamplerPub | EstimatorPub] | None = None
    approval: Approval | None = None

    @classmethod
    def of(
        cls,
        mode: Mode,
        program_id: str,
        pubs: Sequence[tuple[list[Any], SubmittedPub]],
        options: PrimitiveOptions,
        sources: Sequence[SamplerPub | EstimatorPub] | None = None,
        approval: Approval | None = None,
    ) -> JobSubmission:
        """Builds the body of a primitive's job."""
        wire = encode_options(options)
        items = [item for item, _ in pubs]
        if program_id == "executor":
            params = sampler_program_params(items, wire.params.get("options", {}))
        else:
            params: dict[str, Any] = {
                "pubs": items,
                "options": {},
                **wire.params,
                "version": 2,
                "support_qiskit": True,
            }
        submitted = [pub for _, pub in pubs]
        return cls.with_params(mode, program_id, params, wire.job, submitted, sources, approval)

    @classmethod
    def with_params(
        cls,
        mode: Mode,
        program_id: str,
        params: Mapping[str, Any],
        job: Mapping[str, Any],
        pubs: Sequence[SubmittedPub],
        sources: Sequence[SamplerPub | EstimatorPub] | None = None,
        approval: Approval | None = None,
    ) -> JobSubmission:
        """Builds the body around ``params``; ``job`` are its other members."""
        backend = backend_of(mode)
        body = {"program_id": program_id, "backend": backend.name, "params": params, **job}
        if backend.calibration_id is not None:
            body["calibration_id"] = backend.calibration_id
        if isinstance(mode, Session):
            body["session_id"] = mode.session_id
        return cls(mode, body, pubs, sources, approval)

    def approved(self, approval: Approval) -> JobSubmission:
        """The same job, which asks for that approval before it is sent."""
        return replace(self, approval=approval)

    @property
    def backend(self) -> RestBackend:
        """The backend it runs on."""
        return backend_of(self.mode)

    @property
    def service(self) -> tuple[str, str]:
        """Service and instance, as the next process names them, too."""
        client = self.backend.client
        return lasting_identity(client.url, client.account.instance)

    def encoded(self, tag: str) -> bytes:
        """The body as it is sent.

        Raises:
            EncodeError: it is longer than the service takes.
        """
        body = msgspec.json.encode({**self.body, "tags": self._tags(tag)})
        if len(body) > MAX_BODY_BYTES:
            raise EncodeError(
                f"the request has {len(body) / 1e6:.1f} MB, but the service accepts at most "
                f"{MAX_BODY_BYTES / 1e6:.0f} MB: send fewer PUBs or parameter values per job, "
                "or set options.split = True"
            )
        return body

    def prepare(self, tag: str, *, interrupted: bool = False) -> bytes:
        """Checks whether the job may be sent.

        Args:
            tag: of the submission.
            interrupted: whether it may have been sent before, and so was checked then.

        Returns:
            The body as it is sent.

        Raises:
            BackendError: the backend is not accepting jobs.
            SessionError: the session is closed.
            EncodeError: the request is too large.
            SpendingError: the settings do not allow the run.
        """
        check_takes_jobs(self.backend)
        if isinstance(self.mode, Session):
            membership_of(self.mode).require_open()
        body = self.encoded(tag)
        if self.approval is not None and not interrupted:
            self.approval.ask()
        return body

    def post(
        self,
        body: bytes,
        tag: str,
        *,
        interrupted: bool = False,
        refused: Callable[[], None] | None = None,
    ) -> Submitted:
        """Submits the job. Arguments and errors are those of `submit`."""
        submitted = submit(
            self.backend.client,
            body,
            tag=tag,
            program_id=self.body["program_id"],
            backend=self.backend.name,
            interrupted=interrupted,
            private=bool(self.body.get("private")),
            refused=refused,
        )
        if self.approval is not None:
            self.approval.is_used()
        if isinstance(self.mode, Session):
            membership_of(self.mode).job_ids.append(submitted.job_id)
        return submitted

    def handle(
        self,
        job_id: str,
        tag: str,
        *,
        results: Path | None = None,
        known: Mapping[str, Any] | None = None,
        outcome: PromptOutcome | None = None,
    ) -> RestJob:
        """The handle of the job.

        Args:
            job_id: the job.
            tag: of its submission.
            results: a folder that keeps its result, or None.
            known: details of the job that differ from those of this submission.
            outcome: how it ended, if that came with the reply to its submission.
        """
        params = self.body["params"]
        details = {
            "program": {"id": self.body["program_id"]},
            "backend": self.body["backend"],
            "tags": self._tags(tag),
            "session_id": self.body.get("session_id"),
            "private": self.body.get("private"),
            "id": job_id,
            "params": {**params, "pubs": None} if "pubs" in params else params,
            **(known or {}),
        }
        return RestJob(
            self.backend.client,
            job_id,
            details=details,
            pubs=self.pubs,
            backend=self.backend,
            user_pubs=self.sources,
            results_folder=results,
            outcome=outcome,
        )

    def _tags(self, tag: str) -> list[str]:
        return [*self.body.get("tags", ()), tag]
