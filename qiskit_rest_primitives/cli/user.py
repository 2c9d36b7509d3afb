"""`qiskit-rest user`: the users of a service's data folder, changed while it runs or not."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from pathlib import Path
from typing import Any

import click
import msgspec

from qiskit_rest_primitives.cli.common import json_option
from qiskit_rest_primitives.cli.failures import FAILED, Commands, Failure, WrongValue
from qiskit_rest_primitives.cli.output import local_time, message, print_json, print_table

NEW_TOKEN = "the token is shown this once; the service keeps its hash only"

data_dir_option = click.option(
    "--data-dir",
    required=True,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Data folder of the service, which may be running: that of `serve --data-dir`.",
)
cap_option = click.option(
    "--cap",
    "caps",
    multiple=True,
    metavar="NAME=N",
    help="Limit this user: qubits=20, or qubits=none for no limit. See docs/serving.md.",
)

GROUP_EPILOG = """\b
Examples:
  qiskit-rest user add alice --data-dir jobs --cap qubits=20
  qiskit-rest user list --data-dir jobs

\b
A running service sees each change at its next request. Users of a --token-file are not among
these: edit that file.
"""


@contextlib.contextmanager
def _failures() -> Generator[None]:
    """Errors of the folder and the names, as the command's own."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise WrongValue(str(error)) from None


@click.group(cls=Commands, epilog=GROUP_EPILOG)
def user() -> None:
    """Add, list, change and remove users of a service.

    They are kept in users.json in the service's data folder, with hashes of their tokens.
    """


@user.command(epilog="\b\nExample:\n  qiskit-rest user add alice --data-dir jobs")
@click.argument("name")
@data_dir_option
@click.option("--admin", is_flag=True, help="May set limits of instances, and faults.")
@cap_option
@click.option(
    "--instance", "instances", multiple=True, metavar="CRN", help="Use this, not a new CRN."
)
@json_option
def add(
    name: str,
    data_dir: Path,
    admin: bool,
    caps: tuple[str, ...],
    instances: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add a user, and print the token."""
    from qiskit_rest_primitives.local.limits import read_caps
    from qiskit_rest_primitives.local.user_file import UserFile

    with _failures():
        token = UserFile(data_dir).add(name, instances=instances, caps=read_caps(caps), admin=admin)
    _show_token(name, token, as_json)


@user.command("list", epilog="\b\nExample:\n  qiskit-rest user list --data-dir jobs --json")
@data_dir_option
@json_option
def list_(data_dir: Path, as_json: bool) -> None:
    """List users with their limits, without their tokens."""
    from qiskit_rest_primitives.local.user_file import UserFile

    with _failures():
        users = UserFile(data_dir).listed()
    if as_json:
        shown: list[dict[str, Any]] = [msgspec.to_builtins(each) for each in users]
        print_json([{name: each[name] for name in each if name != "sha256"} for each in shown])
    elif not users:
        message(f"{data_dir} has no users; `qiskit-rest user add` adds one")
    else:
        print_table(
            ("name", "admin", "limits", "instances", "added"),
            [
                (
                    each.name,
                    "yes" if each.admin else "",
                    " ".join(
                        f"{name}={'none' if value is None else value}"
                        for name, value in each.caps.items()
                    ),
                    " ".join(each.instances),
                    local_time(each.added),
                )
                for each in users
            ],
        )


@user.command(epilog="\b\nExample:\n  qiskit-rest user token alice --data-dir jobs")
@click.argument("name")
@data_dir_option
@json_option
def token(name: str, data_dir: Path, as_json: bool) -> None:
    """Give a user a new token, and print it; the old one ends at once."""
    from qiskit_rest_primitives.local.user_file import UserFile

    with _failures():
        fresh = UserFile(data_dir).renew(name)
    _show_token(name, fresh, as_json)


@user.command(
    epilog="\b\nExample:\n  qiskit-rest user change alice --data-dir jobs --cap shots=1000000"
)
@click.argument("name")
@data_dir_option
@click.option("--admin/--no-admin", default=None, help="May set limits of instances, and faults.")
@cap_option
def change(name: str, data_dir: Path, admin: bool | None, caps: tuple[str, ...]) -> None:
    """Change a user's limits, or grant or revoke administrator rights."""
    from qiskit_rest_primitives.local.limits import read_caps
    from qiskit_rest_primitives.local.user_file import UserFile

    if admin is None and not caps:
        raise WrongValue("give --cap, --admin or --no-admin")
    with _failures():
        UserFile(data_dir).change(name, caps=read_caps(caps), admin=admin)
    message(f"changed {name}")


@user.command(epilog="\b\nExample:\n  qiskit-rest user remove alice --data-dir jobs --yes")
@click.argument("name")
@data_dir_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, data_dir: Path, yes: bool) -> None:
    """Remove a user: all tokens end at once.

    Jobs stay in the folder, and those that were submitted run; nobody sees them, until a user of
    this name is added again.
    """
    from qiskit_rest_primitives.local.user_file import UserFile

    if not yes and not click.confirm(f"Remove {name!r}? Their jobs will be hidden.", err=True):
        raise Failure(f"{name} is still a user", FAILED)
    with _failures():
        UserFile(data_dir).remove(name)
    message(f"removed {name}")


def _show_token(name: str, token: str, as_json: bool) -> None:
    if as_json:
        print_json({"name": name, "token": token})
    else:
        click.echo(token)
        message(f"{name}: {NEW_TOKEN}")
