"""Reads a command line without running it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from qiskit_rest_primitives.cli.app import app


def parse(words: Sequence[str]) -> dict[str, Any]:
    """The values of a subcommand's options.

    Args:
        words: of the command line, after ``qiskit-rest``.

    Raises:
        ClickException: what the command would print.
    """
    command: click.Command = app
    context = click.Context(app, info_name="qiskit-rest")
    left = list(words)
    while isinstance(command, click.Group):
        name, found, left = command.resolve_command(context, left)
        assert found is not None
        command = found
    # Leaving the context closes the files that it opened.
    with command.make_context(name, left, parent=context) as read:
        return dict(read.params)
