"""Runs all figures, or those that are named: ``python -m tests.mitigation.figures [name ...]``.

``--short`` only tests, in seconds, that each runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from tests.benchmarks.figures import SHORT_VARIABLE

NAMES = ("preparation", "idle", "honesty", "official", "accuracy")


def main() -> None:
    """Runs them one after another."""
    parser = argparse.ArgumentParser(prog="python -m tests.mitigation.figures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(NAMES))
    parser.add_argument("--short", action="store_true", help="small sizes, no target")
    given = parser.parse_args()
    if given.short:
        os.environ[SHORT_VARIABLE] = "1"
    for name in given.names or NAMES:
        print(f"-- {name}", flush=True)
        import_module(f"tests.mitigation.figures.{name}").main()


if __name__ == "__main__":
    sys.exit(main())
