"""Rows of the comparison -> docs/migrating.md."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Final

from tests.compat.table import Row

PAGE: Final = Path(__file__).parents[2] / "docs" / "migrating.md"

# ruff: noqa: E501 - a line of Markdown is a paragraph
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

Eighteen kinds of programs (`tests/programs`) run with both clients in CI, where only the import
lines differ.

## What you notice first

- `job.status()` equals both the string (`"DONE"`) and the member (`JobStatus.DONE`).
- Options reject unknown names and values out of range when they are set, and suggest the nearest name. Type checkers report them too. Only options that you set are sent.
- `SamplerV2(mode=AerSimulator())`, `mode=FakeManilaV2()` or your vendor's backend: one line, no account. The backend is put behind the embedded service of this process, runs with its own `run`, and has jobs, sessions and a queue like any other.
- `backend.run(circuits, shots=, memory=, seed_simulator=)` returns a Qiskit job, with Qiskit's `Result`, on any service: `BackendSamplerV2`, `BackendEstimatorV2`, qiskit-experiments and PennyLane's `qiskit.remote` work. It takes 4000 shots unless you say otherwise.
- `SamplerV2(backend, default_shots=, seed=)` and `EstimatorV2(backend, default_precision=, seed=)` take the arguments of Qiskit's reference primitives.
- An uncaught error or Ctrl-C prints your own lines and the message, without the frames of this package. `logging.getLogger("qiskit_rest_primitives").setLevel("DEBUG")` shows them.
- `sampler.default_shots`, `estimator.default_precision` and, in each PUB's metadata, `shots`, `target_precision` and `circuit_metadata` exist, as algorithms expect of Qiskit's own primitives.
- The constructor sends no request. A quick job takes three requests.
- `options.isa_check = False` sends a circuit unchecked. `options.split = True` splits a run that is too large for one job into several jobs behind one `SplitJob`, which has the methods of `RestJob`.
- `await job`, `job.future()`, `wait(jobs)` and `as_completed(jobs)` watch any number of jobs with few requests. `service.run_all(sampler, runs)` submits any number in order, below the service's rate limit.
- `save_result(result, path)` and `load_result(path)` keep results in a file that needs neither service nor account. `job.raw_result()` returns the bytes as received.
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
