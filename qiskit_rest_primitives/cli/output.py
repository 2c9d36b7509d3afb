"""What commands print: tables for people, JSON for programs, messages on stderr."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
import numpy as np

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def message(text: str) -> None:
    """Prints a message on stderr."""
    click.echo(text, err=True)


def print_json(document: Any) -> None:
    """Prints one JSON document; numbers that JSON lacks are null."""
    click.echo(json.dumps(_plain(document), indent=2, ensure_ascii=False, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def console(*, stderr: bool = False) -> Console:
    """What rich prints to.

    Raises:
        ImportError: rich is not installed; names the command.
    """
    try:
        from rich.console import Console
    except ImportError:
        raise ImportError(
            "tables need rich: pip install 'qiskit-rest-primitives[cli]', or pass --json"
        ) from None
    made = Console(stderr=stderr, highlight=False)
    if not made.is_terminal:
        # A pipe has no width: `| grep` finds ids only in lines that are not wrapped.
        made.width = 500
    return made


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table; columns whose name begins with ``>`` are aligned to the right.

    Args:
        columns: their names; the first one is never cut.
        rows: a value for each column; None is empty.

    Raises:
        ImportError: rich is not installed; names the command.
    """
    console()  # says what to install
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for index, name in enumerate(columns):
        made.add_column(
            name.lstrip(">"),
            justify="right" if name.startswith(">") else "left",
            no_wrap=index == 0,
            overflow="fold",
        )
    for row in rows:
        made.add_row(*(Text("" if value is None else str(value)) for value in row))
    return made


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a table on stdout, as `table` describes it."""
    made = table(columns, rows)
    console().print(made)


def print_fields(fields: Mapping[str, object]) -> None:
    """Prints names and values, one a line, without those that are None or empty."""
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        if value not in (None, "", []):
            click.echo(f"{name:<{width}}  {value}")


def local_time(moment: datetime | str | None) -> str:
    """A time in the local zone, to the second; empty for None."""
    if not moment:
        return ""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
