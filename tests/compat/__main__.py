"""Writes docs/migrating.md; with ``--short``, only says whether it would change."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.compat.page import PAGE, page
from tests.compat.table import rows, stale


def main(arguments: list[str]) -> int:
    """Writes or checks the page.

    Returns:
        0 if every name has a verdict, and the page is up to date or was written.
    """
    found = rows()
    problems = [
        f"no reason for {row.key}: {row.reason}" for row in found if row.verdict == "unknown"
    ]
    problems += [f"a reason too many: {key}" for key in stale(found)]
    print("\n".join(problems) or f"{len(found)} names, each with its verdict")
    text = page(found)
    if "--short" in arguments:
        if Path(PAGE).read_text("utf-8") != text:
            problems.append(f"{PAGE} is not up to date")
            print(problems[-1])
    elif not problems:
        Path(PAGE).write_text(text, "utf-8")
        print(f"wrote {PAGE}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
