"""``python -m qiskit_rest_primitives.local``: the same as ``qiskit-rest serve``."""

from __future__ import annotations

import argparse
import sys

from qiskit_rest_primitives.local.serve import add_arguments, run


def main(argv: list[str] | None = None) -> int:
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(
        prog="python -m qiskit_rest_primitives.local",
        description="Serve the Qiskit Runtime REST API on this machine.",
    )
    add_arguments(parser)
    return run(parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
