"""The group `qiskit-rest` and its subcommands."""

from __future__ import annotations

import click

from qiskit_rest_primitives._version import __version__
from qiskit_rest_primitives.cli.account import account
from qiskit_rest_primitives.cli.backends import backends
from qiskit_rest_primitives.cli.failures import Commands
from qiskit_rest_primitives.cli.jobs import cancel, jobs, result, status
from qiskit_rest_primitives.cli.prune import backup, prune
from qiskit_rest_primitives.cli.run import run
from qiskit_rest_primitives.cli.serve import serve
from qiskit_rest_primitives.cli.sessions import sessions
from qiskit_rest_primitives.cli.usage import usage
from qiskit_rest_primitives.cli.user import user

EPILOG = """\b
Exit codes:
  0    success
  1    the job failed, was cancelled or gave no result in time, or the service refused or
       can't be reached
  2    the command line, a file or the account is wrong; no job was sent
  130  interrupted by Ctrl-C

\b
Tables go to stdout, messages to stderr. With --json, stdout has one JSON document.

\b
Completion of commands and options, for bash (zsh and fish likewise):
  eval "$(_QISKIT_REST_COMPLETE=bash_source qiskit-rest)"
"""


@click.group(
    "qiskit-rest",
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EPILOG,
)
@click.version_option(__version__, message="qiskit-rest-primitives %(version)s")
def app() -> None:
    """Circuits, jobs and backends of a service that speaks the Qiskit Runtime REST API."""


for command in (
    run,
    jobs,
    status,
    result,
    cancel,
    backends,
    sessions,
    account,
    usage,
    serve,
    user,
    prune,
    backup,
):
    app.add_command(command)
