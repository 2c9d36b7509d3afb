"""The `qiskit-rest` command: one file a group of subcommands, on click; rich draws its tables."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a subcommand.

    Args:
        arguments: the command line; None for this process's own.

    Returns:
        The exit code, as ``qiskit-rest --help`` documents it.
    """
    if find_spec("click") is None:
        sys.stderr.write(
            "qiskit-rest: the command needs click: pip install 'qiskit-rest-primitives[cli]'\n"
        )
        return 2
    try:
        from qiskit_rest_primitives.cli.app import app

        app.main(arguments, prog_name="qiskit-rest")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except KeyboardInterrupt:  # before there was a command to interrupt
        return 130
    return 0


__all__ = ["main"]
