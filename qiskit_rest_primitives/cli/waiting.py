"""Waits for a job's result; Ctrl-C and a timeout say how to fetch it later."""

from __future__ import annotations

import sys
from collections.abc import Generator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from typing import Any

from qiskit.primitives import PrimitiveResult

from qiskit_rest_primitives.cli.common import AccountChoice
from qiskit_rest_primitives.cli.failures import FAILED, INTERRUPTED, Failure
from qiskit_rest_primitives.cli.output import message
from qiskit_rest_primitives.jobs.base import Job


def result_of(
    job: Job, timeout: float | None, account: AccountChoice | None
) -> PrimitiveResult[Any]:
    """Says which job it is, and waits for its result, with the elapsed time on a terminal.

    Args:
        job: whose result.
        timeout: seconds; None waits without end.
        account: names the job's service; None for one that ends with this command.

    Raises:
        Failure: interrupted, or no result in time.
        JobEndedError: the job ended without a result.
    """
    named = job.job_id()
    later = f"job {named} ended with the service of this command"
    if account is not None:
        command = f"qiskit-rest result {named}{account.words()}"
        later = f"job {named} continues; fetch its result with: {command}"
    future: Future[PrimitiveResult[Any]] | None = None
    try:
        message(f"job {named} on {job.backend().name}")
        # A future, because job.result() would warn of Ctrl-C in Python's words.
        future = job.future()
        with _clock("waiting for the result"):
            return future.result(timeout)
    except KeyboardInterrupt:
        raise Failure(f"interrupted; {later}", INTERRUPTED) from None
    except FutureTimeoutError:
        if future is None or future.done():  # an error of the job itself
            raise
        raise Failure(f"no result within {timeout:g} s; {later}", FAILED) from None


@contextmanager
def _clock(text: str) -> Generator[None]:
    """Shows a text and the time that passes, if stderr is a terminal and rich is installed."""
    if not sys.stderr.isatty():
        yield
        return
    try:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.theme import Theme
    except ImportError:
        yield
        return
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    # Rich's yellow can't be read on a light terminal.
    shown = Console(stderr=True, theme=Theme({"progress.elapsed": "default"}))
    with Progress(*columns, console=shown, transient=True) as progress:
        progress.add_task(text, total=None)
        yield
