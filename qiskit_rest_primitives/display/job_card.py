"""Cards of jobs and sessions. In: facts by name, and rows. Out: markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from qiskit_rest_primitives.display.html import card, code, facts, note, table, warning

_MOST_ROWS: Final = 10


def job_card(
    title: str,
    values: Mapping[str, object],
    pubs: Sequence[Sequence[object]] | None,
    *,
    failure: str | None = None,
    part: str = "PUB",
) -> str:
    """The card of one job.

    Args:
        title: what it is, with its id.
        values: facts by name; None is left out.
        pubs: circuit, qubits, shape and shots or precision of each; None if they are not known.
        failure: why it failed.
        part: what each of ``pubs`` is called.
    """
    content: list[object] = [facts(title, values)]
    if failure is not None:
        content.append(warning(failure))
    if pubs is None:
        content.append(note(f"Its {part}s are not known here: call job.refresh(params=True)."))
    else:
        header = (part, "circuit", "qubits", "shape", "shots or precision")
        rows = [(index, *pub) for index, pub in enumerate(pubs[:_MOST_ROWS])]
        content += [table(f"{len(pubs)} {part}s" if len(pubs) != 1 else f"1 {part}", header, rows)]
        content += _more(len(pubs))
    return card(title, *content)


def parts_card(
    title: str, values: Mapping[str, object], parts: Sequence[tuple[str, str, str]], kind: str
) -> str:
    """The card of a run that consists of several jobs.

    Args:
        title: what it is.
        values: facts by name; None is left out.
        parts: id, state and content of each job.
        kind: the caption of the jobs.
    """
    rows = [
        (index, code(job_id), state, runs)
        for index, (job_id, state, runs) in enumerate(parts[:_MOST_ROWS])
    ]
    header = ("part", "job", "status", "runs")
    if not any(runs for _, _, runs in parts):
        header, rows = header[:-1], [row[:-1] for row in rows]
    jobs = table(kind, header, rows)
    return card(title, facts(title, values), jobs, *_more(len(parts)))


def session_card(title: str, values: Mapping[str, object], job_ids: Sequence[str]) -> str:
    """The card of a session or batch, with the jobs that were submitted through it."""
    rows = [(index, code(job_id)) for index, job_id in enumerate(job_ids[:_MOST_ROWS])]
    if not rows:
        return card(title, facts(title, values), note("No job was submitted to it from here."))
    jobs = table("Jobs submitted from here", ("no.", "job"), rows)
    return card(title, facts(title, values), jobs, *_more(len(job_ids)))


def _more(number: int) -> list[object]:
    return [note(f"and {number - _MOST_ROWS} more")] if number > _MOST_ROWS else []
