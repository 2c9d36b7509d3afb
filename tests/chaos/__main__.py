"""``python -m tests.chaos --jobs 2000 --threads 8 --faults 0.3 --seed 1``.

``--client official`` measures the official client instead, whose losses are no failure.
"""

from __future__ import annotations

import argparse
import logging
import sys

from tests.chaos.runs import run_jobs

SHORT_JOBS = 16


def main() -> int:
    """Prints the report; 1 if our client lost or duplicated a job, or if a result is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--faults", type=float, default=0.3, help="part of the calls, 0 to 1")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--client", choices=("ours", "official"), default="ours")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--short", action="store_true", help=f"at most {SHORT_JOBS} jobs")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO if given.verbose else logging.CRITICAL)
    report = run_jobs(
        jobs=min(given.jobs, SHORT_JOBS) if given.short else given.jobs,
        threads=given.threads,
        faults=given.faults,
        seed=given.seed,
        client=given.client,
    )
    print(report.text(), flush=True)
    bad = report.lost or report.duplicated or report.wrong or report.failed
    return int(bool(bad) and given.client == "ours")


if __name__ == "__main__":
    sys.exit(main())
