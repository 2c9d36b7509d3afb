"""`qiskit-rest usage`: seconds that the instance has used and may use."""

from __future__ import annotations

import click

from qiskit_rest_primitives.cli.common import AccountChoice, account_options, json_option
from qiskit_rest_primitives.cli.output import local_time, print_fields, print_json


@click.command(epilog="\b\nExample:\n  qiskit-rest usage --json")
@account_options
@json_option
def usage(account: AccountChoice, as_json: bool) -> None:
    """Show the seconds used and left.

    They are those of the instance, on devices.
    """
    found = account.service().usage()
    if as_json:
        print_json(found)
        return
    period = found.get("usage_period") or {}
    print_fields(
        {
            "instance": found.get("instance_id"),
            "plan": found.get("plan_id"),
            "from": local_time(period.get("start_time")),
            "to": local_time(period.get("end_time")),
            "used (s)": found.get("usage_consumed_seconds"),
            "limit (s)": found.get("usage_limit_seconds") or found.get("usage_allocation_seconds"),
            "left (s)": found.get("usage_remaining_seconds"),
        }
    )
