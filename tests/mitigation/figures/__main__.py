"""Runs all figures, or those that are named: ``python -m tests.mitigation.figures [name ...]``.

``--short`` only tests, in seconds, that each runs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from tests.benchmarks.figures import SHORT_VARIABLE

NAMES = ("preparation", "idle", "honesty", "official", "accuracy")


def main() -> int:
    """Runs them one after another; 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mitigation.figures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(NAMES))
    parser.add_argument("--short", action="store_true", help="small sizes, no target")
    given = parser.parse_args()
    if given.short:
        os.environ[SHORT_VARIABLE] = "1"
    for name in given.names or NAMES:
        print(f"-- {name}", flush=True)
        command = [sys.executable, "-m", f"tests.mitigation.figures.{name}"]
        if code := subprocess.run(command, check=False).returncode:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
