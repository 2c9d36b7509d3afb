"""The `qiskit-rest` command."""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a subcommand; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="qiskit-rest", description="Qiskit V2 primitives over REST."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="start the embedded service")
    from qiskit_rest_primitives.local.serve import add_arguments, run

    add_arguments(serve)
    serve.set_defaults(run=run)
    parsed = parser.parse_args(arguments)
    return int(parsed.run(parsed))
