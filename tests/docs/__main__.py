"""Writes the tables of docs/options.md; with ``--short``, only says whether they would change."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from tests.docs.options_table import with_tables

PAGE: Final = Path(__file__).parents[2] / "docs" / "options.md"


def main(arguments: list[str]) -> int:
    """Writes or checks the page; 1 if a check found a difference."""
    before = PAGE.read_text("utf-8")
    after = with_tables(before)
    if before == after:
        print(f"{PAGE} is up to date")
        return 0
    if "--short" in arguments:
        print(f"{PAGE} is not up to date: run python -m tests.docs")
        return 1
    PAGE.write_text(after, "utf-8")
    print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
