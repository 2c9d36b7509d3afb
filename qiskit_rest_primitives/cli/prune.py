"""`qiskit-rest prune` and `backup`: the data folder of a service, which may be running."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from pathlib import Path

import click

from qiskit_rest_primitives.cli.common import json_option
from qiskit_rest_primitives.cli.failures import FAILED, Failure, WrongValue
from qiskit_rest_primitives.cli.output import message, print_json

older_than_option = click.option(
    "--older-than", metavar="AGE", help="Delete jobs that ended before this, such as 30d."
)
keep_bytes_option = click.option(
    "--keep-bytes",
    metavar="SIZE",
    help="Delete the jobs that ended first, until all take no more than this, as 500M or 10G.",
)
data_dir_option = click.option(
    "--data-dir",
    required=True,
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Data folder of the service, which may be running.",
)

PRUNE_EPILOG = """\b
Example:
  qiskit-rest prune --data-dir . --older-than 30d --keep-bytes 10G

\b
The command serve takes the same two options, and then prunes every minute.
"""
BACKUP_EPILOG = """\b
Example:
  qiskit-rest backup --data-dir . ../backup-of-monday
"""


@contextlib.contextmanager
def _failures() -> Generator[None]:
    from qiskit_rest_primitives.local.store import StorageFullError

    try:
        yield
    except (OSError, ValueError) as error:
        raise WrongValue(str(error)) from None
    except StorageFullError as error:
        raise Failure(str(error), FAILED) from None


@click.command(epilog=PRUNE_EPILOG)
@data_dir_option
@older_than_option
@keep_bytes_option
@json_option
def prune(data_dir: Path, older_than: str | None, keep_bytes: str | None, as_json: bool) -> None:
    """Delete finished jobs of a service, with their results.

    Jobs that wait or run are kept. While the service is stopped, the space is given back to the
    disk; while it runs, its next jobs use most of it.
    """
    from qiskit_rest_primitives.local.serve import read_retention
    from qiskit_rest_primitives.local.store.prune import prune_folder

    if older_than is None and keep_bytes is None:
        raise WrongValue("give --older-than, --keep-bytes, or both")
    with _failures():
        retention = read_retention(older_than, keep_bytes)
        deleted, left = prune_folder(data_dir, retention)
    if as_json:
        print_json({"deleted": deleted, "bytes": left})
    else:
        message(f"deleted {deleted:,} jobs; those that are left take {left / 1e6:,.1f} MB")


@click.command(epilog=BACKUP_EPILOG)
@data_dir_option
@click.argument("target", type=click.Path(path_type=Path))
@json_option
def backup(data_dir: Path, target: Path, as_json: bool) -> None:
    """Copy the jobs of a service to the new folder TARGET, from which a service can be started.

    The copy has the key that signs tokens: keep it as private as the original.
    """
    from qiskit_rest_primitives.local.store.backup import back_up

    with _failures():
        jobs = back_up(data_dir, target)
    if as_json:
        print_json({"jobs": jobs, "folder": str(target)})
    else:
        message(f"{target} has {jobs:,} jobs")
