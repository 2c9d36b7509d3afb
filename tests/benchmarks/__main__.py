"""Runs every benchmark of this folder: ``python -m tests.benchmarks [name ...]``.

Each prints one line a figure: name, measured ratio, target, ok or MISSED. Figures are ratios
within one run, so they hold on any machine; a busy one widens them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Runs the named benchmarks, or all; 1 if one missed its target or failed."""
    known = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    worst = 0
    for name in names or known:
        print(f"-- {name}", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", f"tests.benchmarks.bench_{name}"],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        print(done.stdout, end="", flush=True)
        if done.returncode or "MISSED" in done.stdout:
            worst = 1
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
