"""`qiskit-rest account`: save, list, delete and check accounts."""

from __future__ import annotations

import sys
from typing import Any

import click

from qiskit_rest_primitives.account import Secret, delete_account, save_account, saved_accounts
from qiskit_rest_primitives.cli.common import AccountChoice, account_options, json_option
from qiskit_rest_primitives.cli.failures import FAILED, Commands, Failure, WrongValue
from qiskit_rest_primitives.cli.output import message, print_fields, print_json, print_table
from qiskit_rest_primitives.errors import AccountError

ACCOUNT_FILE = click.option("--account-file", metavar="FILE", help="File of saved accounts.")

SAVE_EPILOG = """\b
Examples:
  qiskit-rest account save --instance crn:v1:bluemix:... --default
  qiskit-rest account save --url http://lab.example:8765/v1 --name lab --token-file lab.token
"""


@click.group(cls=Commands, epilog="\b\nExample:\n  qiskit-rest account list")
def account() -> None:
    """Save, list, delete and check accounts.

    They are kept in ~/.qiskit/qiskit-ibm.json, which Qiskit's official client reads as well.
    """


@account.command(epilog=SAVE_EPILOG)
@account_options
@click.option("--default", "as_default", is_flag=True, help="Use it where no name is given.")
@click.option("--overwrite", is_flag=True, help="Replace an account of this name.")
def save(account: AccountChoice, as_default: bool, overwrite: bool) -> None:
    """Save an account.

    Without --token-file, the token is asked for and not shown, or read from a pipe.
    There is no option for the token itself: other users of a machine can read command lines.
    """
    token = account.token()
    if token is None:
        token = _token_from_stdin()
    try:
        save_account(
            token=token,
            url=account.url,
            instance=account.instance,
            channel=account.channel,
            filename=account.account_file,
            name=account.name,
            verify=account.ca_bundle,
            overwrite=overwrite,
            set_as_default=as_default,
        )
    except AccountError as error:
        raise WrongValue(str(error).replace("overwrite=True", "--overwrite")) from None
    saved = AccountChoice(name=account.name, account_file=account.account_file)
    message(f"saved; `qiskit-rest account check{saved.words()}` tries it")


def _token_from_stdin() -> Secret[str]:
    """The token, typed without being shown, or the first line of a pipe."""
    if sys.stdin.isatty():
        return Secret(click.prompt("API key or token", hide_input=True, err=True).strip())
    return Secret(sys.stdin.readline().strip())


@account.command("list", epilog="\b\nExample:\n  qiskit-rest account list --json")
@ACCOUNT_FILE
@json_option
def list_(account_file: str | None, as_json: bool) -> None:
    """List the saved accounts, without their tokens."""
    found = [
        {
            "name": name,
            "channel": saved.get("channel"),
            "url": saved.get("url"),
            "instance": saved.get("instance"),
            "is_default": bool(saved.get("is_default_account")),
        }
        for name, saved in saved_accounts(filename=account_file).items()
    ]
    if as_json:
        print_json(found)
    elif not found:
        message("no account is saved; `qiskit-rest account save --help` says how to save one")
    else:
        print_table(
            ("name", "default", "channel", "url", "instance"),
            [
                (
                    each["name"],
                    "yes" if each["is_default"] else "",
                    each["channel"],
                    each["url"],
                    each["instance"],
                )
                for each in found
            ],
        )


@account.command(epilog="\b\nExample:\n  qiskit-rest account delete lab --yes")
@click.argument("name")
@ACCOUNT_FILE
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(name: str, account_file: str | None, yes: bool) -> None:
    """Delete a saved account."""
    known = saved_accounts(filename=account_file)
    if name not in known:
        there_are = ", ".join(known) or "none"
        raise WrongValue(f"no account named {name!r} is saved; there are: {there_are}")
    if not yes and not click.confirm(f"Delete the account {name!r} and its token?", err=True):
        raise Failure(f"{name} is still saved", FAILED)
    delete_account(filename=account_file, name=name)
    message(f"deleted {name}")


@account.command(epilog="\b\nExample:\n  qiskit-rest account check --name lab")
@account_options
@json_option
def check(account: AccountChoice, as_json: bool) -> None:
    """Call the service with the account, and say what it gives access to."""
    service = account.service()
    (instance,) = service.instances()
    found: dict[str, Any] = {
        "account": service.client.account.name,
        "channel": service.channel,
        "url": service.client.url,
        "instance": service.active_instance() or service.usage().get("instance_id"),
        "plan": instance.get("plan"),
        "backends": [str(entry.get("name")) for entry in service.client.backends()],
    }
    if as_json:
        print_json(found)
    else:
        print_fields({**found, "backends": ", ".join(found["backends"])})
