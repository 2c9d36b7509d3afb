"""What commands print: tables for people, JSON for programs, messages on stderr."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click
import numpy as np

from qiskit_rest_primitives.display.printable import printable, printable_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


WIDEST: Final = 10_000
"""Characters of a line, which no table has."""


def message(text: str) -> None:
    """Prints a message on stderr."""
    click.echo(printable(text), err=True)


def line(text: str) -> None:
    """Prints a line on stdout."""
    click.echo(printable(text))


def print_json(document: Any) -> None:
    """Prints one JSON document; numbers that JSON lacks are null."""
    text = json.dumps(_plain(document), indent=2, ensure_ascii=False, allow_nan=False)
    click.echo(printable_json(text))


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


def console(width: int | None = None) -> Console:
    """What rich prints to.

    Args:
        width: in characters; None for the terminal's.

    Raises:
        ImportError: rich is not installed; names the command.
    """
    try:
        from rich.console import Console
    except ImportError:
        raise ImportError(
            "tables need rich: pip install 'qiskit-rest-primitives[cli]', or pass --json"
        ) from None
    return Console(width=width, highlight=False)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table; columns whose name begins with ``>`` are aligned to the right.

    Args:
        columns: their names.
        rows: a value for each column; None is empty.

    Raises:
        ImportError: rich is not installed; names the command.
    """
    console()  # says what to install
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
        header_style="bold",
    )
    for name in columns:
        made.add_column(name.lstrip(">"), justify="right" if name.startswith(">") else "left")
    for row in rows:
        made.add_row(*(Text("" if value is None else printable(str(value))) for value in row))
    return made


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a table on stdout, as `table` describes it."""
    # As wide as its content: a narrow terminal breaks the lines itself, so that nothing is cut,
    # and `| grep` finds whole ones.
    console(WIDEST).print(table(columns, rows))


def print_fields(fields: Mapping[str, object]) -> None:
    """Prints names and values, one a line, without those that are None or empty."""
    shown = {name: value for name, value in fields.items() if value not in (None, "", [])}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        line(f"{name:<{width}}  {value}")


def read_time(text: str | None) -> datetime | None:
    """A time as the service writes it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def local_time(moment: datetime | str | None, *, seconds: bool = False) -> str:
    """A time in the local zone, to the minute or second; empty for None."""
    moment = read_time(moment) if isinstance(moment, str) else moment
    if moment is None:
        return ""
    return f"{moment.astimezone():{'%Y-%m-%d %H:%M:%S' if seconds else '%Y-%m-%d %H:%M'}}"
