"""Runs all figures, or those that are named: ``python -m tests.mitigation.figures [name ...]``.

``--short`` only tests, in seconds, that each runs.
"""

from __future__ import annotations

import argparse
import sys

from tests.benchmarks.programs import outcomes

NAMES = ("preparation", "idle", "honesty", "official", "accuracy")


def main() -> int:
    """Runs them one after another; 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mitigation.figures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(NAMES))
    parser.add_argument("--short", action="store_true", help="small sizes, no target")
    given = parser.parse_args()
    names: list[str] = given.names or [*NAMES]
    modules = [f"tests.mitigation.figures.{name}" for name in names]
    failed = 0
    for name, done in zip(names, outcomes(modules, short=given.short), strict=True):
        print(f"-- {name}\n{done.stdout}", end="", flush=True)
        failed = failed or done.returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
