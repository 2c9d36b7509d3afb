"""Runs every benchmark of this folder: ``python -m tests.benchmarks [--short] [name ...]``.

Each prints one line per figure: name, measured ratio, target, ok or MISSED. Figures are ratios
within one run, so they hold on any machine; a busy one widens them. ``--short`` only tests, in
seconds, that each benchmark runs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.benchmarks.programs import outcomes

HERE = Path(__file__).parent


def main() -> int:
    """Runs the named benchmarks, or all; 1 if one failed or missed its target."""
    known = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(known))
    parser.add_argument("--short", action="store_true", help="small sizes, no target")
    given = parser.parse_args()
    names: list[str] = given.names or known
    bad: list[str] = []
    modules = [f"tests.benchmarks.bench_{name}" for name in names]
    for name, done in zip(names, outcomes(modules, short=given.short), strict=True):
        print(f"-- {name}\n{done.stdout}", end="", flush=True)
        if done.returncode or not done.stdout:
            bad.append(f"{name} broke off")
        elif "MISSED" in done.stdout:
            bad.append(f"{name} missed a target")
    print(*bad, sep="\n", end="\n" if bad else "", flush=True)
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
