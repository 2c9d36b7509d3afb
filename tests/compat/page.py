"""Rows of the comparison -> docs/migrating.md."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Final

from tests.compat.table import Row

PAGE: Final = Path(__file__).parents[2] / "docs" / "migrating.md"

HEAD: Final = """\
# From `qiskit_ibm_runtime` to `qiskit_rest_primitives`

Change the import line. This page lists every public name of `qiskit_ibm_runtime` 0.51 and what
became of it. `python -m tests.compat` compares both packages and writes the page; a test fails when
the official client has a name without a verdict here.

- **same**: a program sees no difference.
- **better**: the same calls work, and it does more or fails less.
- **different**: a program may see a difference, which is described.
- **absent**: importing it is an error that says what to use instead; an attribute or a method is
  missing, and this page says what to use.

Errors have the official names as well: `except RuntimeJobFailureError` catches what a failed job
raises. `qiskit_rest_primitives.errors` draws the tree with both names.
"""


def page(rows: Iterable[Row]) -> str:
    """The page as Markdown."""
    parts = [HEAD]
    listed = list(rows)
    modules = [row for row in listed if row.module]
    names = [row for row in listed if not row.section and not row.module]
    rest = [row for row in listed if row.section]
    parts += _section("The package", names)
    parts += _section("Its submodules", modules)
    for title, group in groupby(sorted(rest, key=lambda row: row.section), lambda row: row.section):
        parts += _section(f"`{title}`", list(group))
    return "\n".join(parts)


def _section(title: str, rows: list[Row]) -> list[str]:
    """A heading, the names that are the same, and a table of all others."""
    same = sorted(row.name for row in rows if row.verdict == "same" and not row.reason)
    others = sorted((row for row in rows if row.reason), key=lambda row: row.name)
    lines = [f"## {title}", ""]
    if same:
        lines += ["same: " + ", ".join(f"`{name}`" for name in same), ""]
    if others:
        lines += ["| name | verdict | |", "|---|---|---|"]
        lines += [f"| `{row.name}` | {row.verdict} | {row.reason} |" for row in others]
        lines += [""]
    return lines
