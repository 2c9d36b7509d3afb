"""What a handle of several jobs says about all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from qiskit_rest_primitives.errors import JobStateError
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.details import JobDetails, details_of


def all_details(parts: Sequence[Job]) -> list[JobDetails]:
    """The cached details of all jobs, in order, those of divided runs included."""
    found: list[JobDetails] = []
    for part in parts:
        inner: Sequence[Job] | None = getattr(part, "parts", None)
        found += [details_of(part)] if inner is None else all_details(inner)
    return found


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
