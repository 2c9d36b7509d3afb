"""`qiskit-rest jobs`, `status`, `result` and `cancel`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from qiskit_rest_primitives.cli.common import AccountChoice, account_options, json_option
from qiskit_rest_primitives.cli.documents import describe_job
from qiskit_rest_primitives.cli.output import (
    local_time,
    message,
    print_fields,
    print_json,
    print_table,
    read_time,
)
from qiskit_rest_primitives.cli.results import Axes
from qiskit_rest_primitives.cli.show_result import result_options, show_result
from qiskit_rest_primitives.cli.waiting import result_of
from qiskit_rest_primitives.jobs.details import details_of
from qiskit_rest_primitives.jobs.status import read_state


@click.command(
    epilog="\b\nExamples:\n  qiskit-rest jobs --pending\n  qiskit-rest jobs --tag ghz --json"
)
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="At most.")
@click.option("--tag", "tags", multiple=True, help="With this tag; repeatable, and all must match.")
@click.option("--backend", help="On this backend.")
@click.option("--session", "session_id", metavar="ID", help="Of this session or batch.")
@click.option(
    "--pending/--final", default=None, help="Only queued and running ones, or ended ones."
)
@account_options
@json_option
def jobs(
    account: AccountChoice,
    limit: int,
    tags: tuple[str, ...],
    backend: str | None,
    session_id: str | None,
    pending: bool | None,
    as_json: bool,
) -> None:
    """List jobs, newest first."""
    found = account.service().jobs(
        limit=limit,
        job_tags=tags or None,
        backend_name=backend,
        session_id=session_id,
        pending=pending,
    )
    described = [{**describe_job(job), "status": details_of(job).status} for job in found]
    if as_json:
        print_json(described)
    elif not described:
        message("no job matches")
    else:
        print_table(
            ("id", "status", "program", "backend", "created", "tags"),
            [
                (
                    each["id"],
                    each["status"],
                    each["program"],
                    each["backend"],
                    local_time(each["created"]),
                    ", ".join(each["tags"]),
                )
                for each in described
            ],
        )


@click.command(epilog="\b\nExample:\n  qiskit-rest status d4c1kq8i51bc73e0p2vg")
@click.argument("job_id", metavar="ID")
@account_options
@json_option
def status(account: AccountChoice, job_id: str, as_json: bool) -> None:
    """Show a job's status, times and use of the device."""
    job = account.service().job(job_id)
    metrics = job.metrics()
    times = metrics.get("timestamps") or {}
    found: dict[str, Any] = {
        **describe_job(job),
        "status": details_of(job).status,
        "reason": read_state(details_of(job).reported).get("reason"),
        "position_in_queue": metrics.get("position_in_queue"),
        "running": read_time(times.get("running")),
        "finished": read_time(times.get("finished")),
        "estimated_seconds": job.usage_estimation["quantum_seconds"],
        "usage_seconds": job.usage(),
        "private": job.private,
    }
    if as_json:
        print_json(found)
        return
    print_fields(
        {
            "id": found["id"],
            "status": found["status"],
            "reason": found["reason"],
            "queue": found["position_in_queue"],
            "program": found["program"],
            "backend": found["backend"],
            "session": found["session_id"],
            "tags": ", ".join(found["tags"]),
            "created": local_time(found["created"], seconds=True),
            "running": local_time(found["running"], seconds=True),
            "finished": local_time(found["finished"], seconds=True),
            "estimated (s)": found["estimated_seconds"],
            "used (s)": found["usage_seconds"],
            "private": "yes" if found["private"] else None,
        }
    )


RESULT_EPILOG = """\b
Examples:
  qiskit-rest result d4c1kq8i51bc73e0p2vg --plot
  qiskit-rest result d4c1kq8i51bc73e0p2vg --save bell.zip --figure bell.png
"""


@click.command(epilog=RESULT_EPILOG)
@click.argument("job_id", metavar="ID")
@result_options
@account_options
@json_option
def result(
    account: AccountChoice,
    job_id: str,
    timeout: float | None,
    save: Path | None,
    plot: bool,
    figure: Path | None,
    as_json: bool,
) -> None:
    """Wait for a job's result and print it.

    A file written by --save is read by qiskit_rest_primitives.load_result.
    """
    job = account.service().job(job_id)
    found = result_of(job, timeout, None if account.is_embedded else account)
    show_result(job, found, Axes(), save=save, plot=plot, figure=figure, as_json=as_json)


@click.command(epilog="\b\nExample:\n  qiskit-rest cancel d4c1kq8i51bc73e0p2vg")
@click.argument("job_id", metavar="ID")
@account_options
@json_option
def cancel(account: AccountChoice, job_id: str, as_json: bool) -> None:
    """Cancel a job that is queued or running."""
    account.service().job(job_id).cancel()
    message(f"the service accepted the request to cancel {job_id}")
    if as_json:
        print_json({"id": job_id, "cancel_accepted": True})
