"""What a handle of several jobs says about all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_rest_primitives.errors import JobStateError
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.details import JobDetails, details_of
from qiskit_rest_primitives.jobs.results.submitted_pubs import pub_as_tuple

UserPubs: TypeAlias = Sequence[SamplerPub | EstimatorPub]


def all_details(parts: Sequence[Job]) -> list[JobDetails]:
    """The cached details of all jobs, in order, those of divided runs included."""
    found: list[JobDetails] = []
    for part in parts:
        inner: Sequence[Job] | None = getattr(part, "parts", None)
        found += [details_of(part)] if inner is None else all_details(inner)
    return found


def inputs_of(parts: Sequence[Job], user_pubs: UserPubs | None) -> dict[str, Any]:
    """What the params of all parts have in common, with the PUBs of the run.

    Args:
        parts: the jobs.
        user_pubs: the PUBs of the run; None if the handle has lost them.
    """
    first, *others = [part.inputs for part in parts] or [{}]
    common = {
        name: value
        for name, value in first.items()
        if name != "pubs" and all(name in each and each[name] == value for each in others)
    }
    pubs = None if user_pubs is None else [pub_as_tuple(pub) for pub in user_pubs]
    return {**common, "pubs": pubs}


def creation_date_of(parts: Sequence[Job]) -> datetime | None:
    """When the first part was created; dates that are not known yet are fetched."""
    return min((date for part in parts if (date := part.creation_date)), default=None)


def usage_estimation_of(parts: Sequence[Job]) -> dict[str, Any]:
    """``{"quantum_seconds": ...}`` of all parts together; None unless it is known of each."""
    seconds = [part.usage_estimation["quantum_seconds"] for part in parts]
    return {"quantum_seconds": None if None in seconds else sum(seconds)}


def refresh_all(parts: Sequence[Job], params: bool) -> None:
    """Fetches the details of all parts, with the params on request."""
    for part in parts:
        part.refresh(params=params)


def metrics_of(parts: Sequence[Job]) -> dict[str, Any]:
    """``{"parts": [...]}``: the metrics of each part, in order."""
    return {"parts": [part.metrics() for part in parts]}


def usage_of(parts: Sequence[Job], partial: bool) -> float:
    """Charged seconds on the device for all parts."""
    return sum(part.usage(partial) for part in parts)


def logs_of(parts: Sequence[Job]) -> str:
    """The logs of all parts, each after a line with its id."""
    return "".join(f"job {part.job_id()}:\n{part.logs()}" for part in parts)


def error_message_of(parts: Sequence[Job]) -> str | None:
    """Why the first failed part failed; None if none did."""
    messages = (part.error_message() for part in parts)
    return next((message for message in messages if message is not None), None)


def update_tags_of(parts: Sequence[Job], new_tags: Iterable[str]) -> None:
    """Replaces the user's tags on all parts."""
    tags = list(new_tags)
    for part in parts:
        part.update_tags(tags)


def cancel_all(parts: Sequence[Job]) -> None:
    """Asks the service to cancel all parts.

    Raises:
        JobStateError: all parts are final already, or there are none.
    """
    refusals: list[JobStateError] = []
    for part in parts:
        try:
            part.cancel()
        except JobStateError as error:
            refusals.append(error)
    if len(refusals) == len(parts):
        raise refusals[0] if refusals else JobStateError("a run without PUBs is final already")
