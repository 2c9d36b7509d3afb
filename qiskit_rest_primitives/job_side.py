"""The jobs' side of a service: those there are, many to submit, and what a crash has left."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Final

from qiskit.primitives import BaseEstimatorV2, BaseSamplerV2

from qiskit_rest_primitives.account_side import AccountSide
from qiskit_rest_primitives.http.posting import delete
from qiskit_rest_primitives.job import RestJob
from qiskit_rest_primitives.recovery import find_lost

logger = logging.getLogger(__name__)

PAGE: Final = 200


class JobSide(AccountSide):
    """What `QiskitRuntimeService` says and does about jobs."""

    def job(self, job_id: str) -> RestJob:
        """The job of that id, with its params; its result has the user's names again.

        Raises:
            NotFoundError: there is none in this instance.
        """
        return self._handle(self._client.job(job_id, exclude_params=False))

    def jobs(
        self,
        limit: int | None = 10,
        skip: int = 0,
        backend_name: str | None = None,
        pending: bool | None = None,
        program_id: str | None = None,
        instance: str | None = None,
        job_tags: Sequence[str] | None = None,
        session_id: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        descending: bool = True,
    ) -> list[RestJob]:
        """Jobs that meet all conditions, newest first; pages of the list are joined.

        Args:
            limit: at most so many; None for all.
            skip: leave out so many at the start.
            backend_name: on this backend.
            pending: True for queued and running ones, False for final ones.
            program_id: ``sampler`` or ``estimator``.
            instance: only the account's own.
            job_tags: that bear all of these tags.
            session_id: of this session or batch.
            created_after: a time; one without zone is local.
            created_before: a time; one without zone is local.
            descending: False for oldest first.
        """
        self._check_instance(instance)
        filters: dict[str, Any] = {
            "backend": backend_name,
            "pending": pending,
            "program": program_id,
            "tags": None if job_tags is None else list(job_tags),
            "session_id": session_id,
            "created_after": _utc(created_after),
            "created_before": _utc(created_before),
            "sort": "DESC" if descending else "ASC",
        }
        found: list[RestJob] = []
        while limit is None or len(found) < limit:
            size = PAGE if limit is None else min(PAGE, limit - len(found))
            page = self._client.jobs(limit=size, offset=skip + len(found), **filters)["jobs"]
            found += [self._handle(details) for details in page]
            if len(page) < size:
                break
        return found

    def _handle(self, details: Mapping[str, Any]) -> RestJob:
        return RestJob(self._client, str(details["id"]), details=details)

    def delete_job(self, job_id: str) -> None:
        """Deletes a final job and its result, for good, with the copy of a private one here."""
        delete(self._client, job_id)
        kept = self._client.settings.private_result(job_id)
        for copy in kept.parent.glob(f"{kept.stem}.*"):
            copy.unlink()

    def run_all(
        self,
        primitive: BaseSamplerV2 | BaseEstimatorV2,
        runs: Iterable[Iterable[Any]],
        **settings: Any,
    ) -> Iterator[Any]:
        """Submits any number of runs in order, below the service's rate, and yields their handles.

        The runs may come from a generator: each is made when its turn has come.

        Args:
            primitive: SamplerV2 or EstimatorV2.
            runs: the PUBs of each job.
            settings: ``shots`` or ``precision``, as `run` takes them.
        """
        for pubs in runs:
            yield primitive.run(list(pubs), **settings)

    def recover(self) -> list[RestJob]:
        """Finds jobs whose submission was cut short, by a crash or an outage.

        A submission that is noted in the journal without a job id is looked for by its tag. One
        that is not there after ten minutes never reached the service and is struck off.

        Returns:
            Handles of the jobs that were found, oldest first.
        """
        return [self._handle(details) for details in find_lost(self._client)]

    def check_pending_jobs(self) -> None:
        """Kept for code written for the official client; nothing is limited here."""
        logger.debug("pending jobs are not limited by this client")


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(timezone.utc).isoformat()
