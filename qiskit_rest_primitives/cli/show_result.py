"""What `run` and `result` do with a result: print, save, draw; and their options for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from qiskit.primitives import PrimitiveResult

from qiskit_rest_primitives.cli.common import writable
from qiskit_rest_primitives.cli.documents import describe_job, describe_result
from qiskit_rest_primitives.cli.figure import require_matplotlib, save_figure
from qiskit_rest_primitives.cli.output import message, print_json
from qiskit_rest_primitives.cli.results import Axes, print_result
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.results.saved_results import save_result

FIGURE_FORMATS = (".png", ".svg", ".pdf")


def _figure(context: click.Context, parameter: click.Parameter, path: str | None) -> Path | None:
    """Refuses a figure that can't be drawn or written, before anything is sent."""
    if path is None:
        return None
    if Path(path).suffix.lower() not in FIGURE_FORMATS:
        raise click.BadParameter(f"{path}: end the name in {', '.join(FIGURE_FORMATS)}")
    require_matplotlib()
    return writable(context, parameter, path)


RESULT_OPTIONS = (
    click.option(
        "--timeout",
        type=click.FloatRange(0),
        metavar="S",
        help="Seconds to wait for the result; the job continues.",
    ),
    click.option("--save", callback=writable, metavar="FILE", help="Keep the result in a file."),
    click.option("--plot", is_flag=True, help="Draw bars in the terminal."),
    click.option("--figure", callback=_figure, metavar="FILE", help="Draw a .png, .svg or .pdf."),
)


def result_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options about a result: timeout, save, plot, figure."""
    for option in reversed(RESULT_OPTIONS):
        command = option(command)
    return command


def show_result(
    job: Job,
    result: PrimitiveResult[Any],
    axes: Axes,
    *,
    save: Path | None,
    plot: bool,
    figure: Path | None,
    as_json: bool,
) -> None:
    """Saves, draws and prints a result; it is saved first.

    Args:
        job: whose result it is.
        result: of a sampler or an estimator.
        axes: what the axes of its PUBs stand for, where that is known.
        save: a file for `load_result`.
        plot: draw bars in the terminal.
        figure: a file for matplotlib.
        as_json: print JSON in place of tables.
    """
    if save is not None:
        save_result(result, save)
        message(f"saved in {save}")
    if figure is not None:
        save_figure(result, axes, figure)
        message(f"drawn in {figure}")
    if as_json:
        print_json({**describe_job(job), "status": job.status(), **describe_result(result)})
    else:
        print_result(result, axes, bars=plot)
