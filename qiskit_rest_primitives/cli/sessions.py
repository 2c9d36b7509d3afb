"""`qiskit-rest sessions`: sessions and batches, newest first."""

from __future__ import annotations

from typing import Any

import click

from qiskit_rest_primitives.cli.common import AccountChoice, account_options, json_option
from qiskit_rest_primitives.cli.output import local_time, message, print_json, print_table
from qiskit_rest_primitives.service.session import Session

MOST = 50
"""Most workloads on one page of the API."""
FIELDS = ("id", "mode", "status", "backend", "created", "ended", "job_count", "usage_seconds")

EPILOG = """\b
Examples:
  qiskit-rest sessions --limit 5
  qiskit-rest sessions --close 5c2f7a10-1c0f-4a7e-9f0e-9d2f6a1c8b11
"""


@click.command(epilog=EPILOG)
@click.option(
    "--limit", type=click.IntRange(1, MOST), default=10, show_default=True, help="At most."
)
@click.option("--close", "session_id", metavar="ID", help="Close one: it takes no more jobs.")
@account_options
@json_option
def sessions(account: AccountChoice, limit: int, session_id: str | None, as_json: bool) -> None:
    """List sessions and batches, newest first, or close one."""
    service = account.service()
    if session_id is not None:
        Session.from_id(session_id, service).close()
        message(f"{session_id} takes no more jobs; those it has run to their end")
        if as_json:
            print_json({"id": session_id, "closed": True})
        return
    found = [
        {name: workload.get(name) for name in FIELDS}
        for mode in ("session", "batch")
        for workload in service.client.workloads(mode=mode, limit=limit, sort="-createdAt")
    ]
    newest: list[dict[str, Any]] = sorted(
        found, key=lambda each: str(each["created"]), reverse=True
    )[:limit]
    if as_json:
        print_json(newest)
    elif not newest:
        message("there is no session or batch")
    else:
        print_table(
            ("id", "mode", "status", "backend", "created", ">jobs", ">used (s)"),
            [
                (
                    each["id"],
                    each["mode"],
                    each["status"],
                    each["backend"],
                    local_time(each["created"]),
                    each["job_count"],
                    each["usage_seconds"],
                )
                for each in newest
            ],
        )
