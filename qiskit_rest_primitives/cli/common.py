"""Options that many commands have: which account, and in what form they print."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from qiskit_rest_primitives.account import Secret, saved_accounts
from qiskit_rest_primitives.account.saved import HOW_TO_HAVE_ONE
from qiskit_rest_primitives.account.validate import CHANNELS
from qiskit_rest_primitives.cli.failures import WrongValue
from qiskit_rest_primitives.errors import AccountError, RestPrimitivesError
from qiskit_rest_primitives.service.service import QiskitRuntimeService

CURE = (
    "save one with `qiskit-rest account save`, pass --token-file and --instance or --url, set "
    "QISKIT_IBM_TOKEN and QISKIT_IBM_INSTANCE, or pass --channel local for an embedded service"
)


@dataclass(frozen=True)
class AccountChoice:
    """Which account a command uses. What is None comes from the environment or the saved account.

    Attributes:
        url: root of the service's API.
        instance: CRN of the instance.
        channel: ``ibm_quantum_platform``, ``ibm_cloud`` or ``local``.
        token_file: a file that holds the token and nothing else.
        ca_bundle: a file with the certificates that the service's is checked against.
        name: of a saved account.
        account_file: of saved accounts.
    """

    url: str | None = None
    instance: str | None = None
    channel: str | None = None
    token_file: str | None = None
    ca_bundle: str | None = None
    name: str | None = None
    account_file: str | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether it is that of the embedded service, which ends with the command."""
        return self.channel == "local" and self.url is None and self.name is None

    def words(self) -> str:
        """The options that name it, as they are typed, with a space before each; may be empty."""
        given = [(name, value) for name, value in vars(self).items() if value is not None]
        return "".join(f" --{name.replace('_', '-')} {shlex.quote(value)}" for name, value in given)

    def token(self) -> Secret[str] | None:
        """The token in the file; None without a file.

        Raises:
            WrongValue: it is not a file with one word.
        """
        if self.token_file is None:
            return None
        path = Path(self.token_file)
        if os.name == "posix" and path.stat().st_mode & 0o077:
            click.echo(f"warning: others can read {path}: chmod 600", err=True)
        token = Secret(path.read_text(encoding="utf-8").strip())
        if len(token.reveal().split()) != 1:
            raise WrongValue(f"{path} must hold a token and nothing else")
        return token

    def service(self) -> QiskitRuntimeService:
        """The service of that account; nothing is sent.

        Raises:
            WrongValue: there is no account, or a part of it is malformed.
        """
        try:
            return QiskitRuntimeService(
                channel=self.channel,
                token=self.token(),
                url=self.url,
                filename=self.account_file,
                name=self.name,
                instance=self.instance,
                verify=self.ca_bundle,
            )
        except AccountError as error:
            raise WrongValue(str(error).replace(HOW_TO_HAVE_ONE, CURE)) from None


def _saved_names(_: click.Context, __: click.Parameter, begin: str) -> list[CompletionItem]:
    try:
        names = saved_accounts()
    except RestPrimitivesError:
        return []
    return [CompletionItem(name) for name in names if name.startswith(begin)]


EXISTING = click.Path(exists=True, dir_okay=False)

ACCOUNT_OPTIONS = (
    click.option("--url", help="Root of the service's API, such as http://127.0.0.1:8765/v1."),
    click.option("--instance", metavar="CRN", help="Instance of the account."),
    click.option("--channel", type=click.Choice(CHANNELS), help="Kind of the account."),
    click.option(
        "--token-file",
        type=EXISTING,
        metavar="FILE",
        help="File that holds the token; else QISKIT_IBM_TOKEN, or the saved account's.",
    ),
    click.option(
        "--ca-bundle",
        # A saved account is used from other folders, too.
        type=click.Path(exists=True, dir_okay=False, resolve_path=True),
        metavar="FILE",
        help="Certificates to trust.",
    ),
    click.option("--name", shell_complete=_saved_names, help="Name of a saved account."),
    click.option("--account-file", metavar="FILE", help="File of saved accounts."),
)


def account_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that say which account; the command gets an `AccountChoice` as account."""

    @wraps(command)
    def with_account(**options: Any) -> Any:
        names = AccountChoice.__dataclass_fields__
        choice = AccountChoice(**{name: options.pop(name) for name in names})
        return command(account=choice, **options)

    for option in reversed(ACCOUNT_OPTIONS):
        with_account = option(with_account)
    return with_account


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document for programs."
)


def writable(_: click.Context, __: click.Parameter, path: str | None) -> Path | None:
    """Refuses a file that can't be written, before anything is sent.

    Raises:
        BadParameter: its folder does not exist.
    """
    if path is None:
        return None
    folder = Path(path).resolve().parent
    if not os.access(folder, os.W_OK):
        raise click.BadParameter(f"nothing can be written into {folder}")
    return Path(path)
