"""`qiskit-rest backends`: what there is to run on, once or again and again."""

from __future__ import annotations

import threading
from typing import Any

import click

from qiskit_rest_primitives.backend.entries import is_online, state_name
from qiskit_rest_primitives.cli.common import AccountChoice, account_options, json_option
from qiskit_rest_primitives.cli.output import console, message, print_json, print_table, table
from qiskit_rest_primitives.service.service import QiskitRuntimeService

COLUMNS = ("name", ">qubits", "kind", "status", ">queue", ">2q error")

EPILOG = """\b
Examples:
  qiskit-rest backends --channel local
  qiskit-rest backends --watch --interval 10
"""


@click.command(epilog=EPILOG)
@click.option("--watch", is_flag=True, help="Keep the table up to date, until Ctrl-C.")
@click.option(
    "--interval",
    type=click.FloatRange(1),
    default=5.0,
    show_default=True,
    metavar="S",
    help="Seconds between two updates with --watch.",
)
@account_options
@json_option
def backends(account: AccountChoice, watch: bool, interval: float, as_json: bool) -> None:
    """List the backends.

    With qubits, status, jobs in the queue, and the median error of two-qubit gates.
    """
    if watch and as_json:
        raise click.UsageError("--watch is for people: call `backends --json` again instead")
    service = account.service()
    if watch:
        _watch(service, interval)
    elif as_json:
        print_json(_found(service))
    else:
        print_table(COLUMNS, _rows(_found(service)))


def _found(service: QiskitRuntimeService) -> list[dict[str, Any]]:
    return [
        {
            "name": entry.get("name"),
            "num_qubits": entry.get("qubits", entry.get("n_qubits")),
            "simulator": bool(entry.get("is_simulator")),
            "online": is_online(entry),
            "status": state_name(entry),
            "queue_length": entry.get("queue_length"),
            "two_qubit_error": _two_qubit_error(entry),
        }
        for entry in service.client.backends()
    ]


def _two_qubit_error(entry: dict[str, Any]) -> float | None:
    """The median error of two-qubit gates, as the service gives it; None if it does not."""
    value: Any = (entry.get("performance_metrics") or {}).get("two_q_error_median")
    if isinstance(value, dict):  # with a unit
        value = value.get("value")
    return None if value is None else float(value)


def _rows(found: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    return [
        (
            each["name"],
            each["num_qubits"],
            "simulator" if each["simulator"] else "device",
            each["status"],
            each["queue_length"],
            None if each["two_qubit_error"] is None else f"{each['two_qubit_error']:.2e}",
        )
        for each in found
    ]


def _watch(service: QiskitRuntimeService, interval: float) -> None:
    shown = console()
    from rich.live import Live

    never = threading.Event()
    try:
        with Live(console=shown, auto_refresh=False) as live:
            while True:
                live.update(table(COLUMNS, _rows(_found(service))), refresh=True)
                never.wait(interval)
    except KeyboardInterrupt:
        message("stopped watching")
