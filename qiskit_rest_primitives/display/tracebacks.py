"""Tracebacks without this package's own frames. In: an exception. Out: the text that users see.

What helps a user is the line of theirs that called the package, and the message. Only what is shown
is cut: an exception keeps its whole traceback, for debuggers, `logging.exception` and
`traceback.print_exc`. With the logger ``qiskit_rest_primitives`` at DEBUG, all of it is shown.
"""

from __future__ import annotations

import logging
import os
import sys
import sysconfig
import traceback
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final

PACKAGE: Final = str(Path(__file__).parents[1]) + os.sep
"""How the names of this package's files begin."""

# Python's own modules and installed packages; the paths of one environment may be the same.
_LIBRARIES: Final = (
    *(sysconfig.get_path(kind) + os.sep for kind in ("stdlib", "platstdlib", "purelib", "platlib")),
    "<frozen ",
)
_IPYTHON: Final = f"{os.sep}IPython{os.sep}core{os.sep}"
# Python's own, and the one of Ubuntu's crash reports, which passes everything on to that.
_DEFAULT_HOOKS: Final = ("excepthook", "apport_excepthook")

_logger = logging.getLogger("qiskit_rest_primitives")


def shorten_uncaught(*kinds: type[BaseException]) -> None:
    """Shortens what Python prints of uncaught exceptions of these kinds that pass this package.

    If a debugger, a crash reporter or the user has set ``sys.excepthook``, it stays as it is.

    Args:
        kinds: classes of exceptions; all others are printed as before.
    """
    before = sys.excepthook
    if getattr(before, "__name__", "") not in _DEFAULT_HOOKS:
        return

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        lines = short_traceback(error, trace) if isinstance(error, kinds) else []
        if lines and sys.stderr is not None:
            sys.stderr.write("".join(lines))
        else:
            before(kind, error, trace)

    sys.excepthook = hook


def shorten_in_notebooks(error: BaseException) -> None:
    """Shortens what IPython and Jupyter show of one exception, which may be Python's own."""
    show = partial(notebook_traceback, error)
    setattr(error, "_render_traceback_", show)  # noqa: B010 - type checkers know no such attribute


def short_traceback(error: BaseException, trace: TracebackType | None) -> list[str]:
    """The lines that Python would print, without the frames of this package and those below it.

    Args:
        error: the exception; those it was raised from are left out where the package caught them.
        trace: its traceback.

    Returns:
        Lines that end in a newline; empty if nothing is to be cut: no frame, or none but frames of
        the package, or the package's logger is at DEBUG.

    >>> try:
    ...     service.backend("nowhere")
    ... except BackendError as error:
    ...     print(short_traceback(error, error.__traceback__)[-1])
    qiskit_rest_primitives.errors.BackendError: no backend 'nowhere'; there are: ...
    """
    if _logger.isEnabledFor(logging.DEBUG):
        return []
    shown = traceback.TracebackException(type(error), error, trace)
    whole = len(shown.stack)
    _cut(shown)
    return list(shown.format()) if 0 < len(shown.stack) < whole else []


def notebook_traceback(error: BaseException) -> list[str]:
    """The lines of `short_traceback` as IPython wants them: also without its own frames."""
    trace = error.__traceback__
    while trace is not None and _IPYTHON in trace.tb_frame.f_code.co_filename:
        trace = trace.tb_next
    whole = traceback.format_exception(type(error), error, trace)
    return [line.rstrip("\n") for line in short_traceback(error, trace) or whole]


def _cut(shown: traceback.TracebackException) -> None:
    """Cuts a traceback and those of the exceptions it was raised from, and names cells.

    Below the package's frames it keeps only those of the user, such as a callback's.
    """
    kept: list[Any] = []
    inside = False
    for frame in shown.stack:
        inside = inside or frame.filename.startswith(PACKAGE)
        if inside and frame.filename.startswith((PACKAGE, *_LIBRARIES)):
            continue
        # Without the columns, which Python would underline in a line of its own.
        kept.append((_cell_or_file(frame.filename), frame.lineno, frame.name, frame.line))
    shown.stack = traceback.StackSummary.from_list(kept)
    before = _raised_from(shown)
    if before is not None:
        _cut(before)
        if not before.stack:
            # The package caught that one. What it was raised from may be the user's own.
            shown.__cause__, shown.__context__ = None, _raised_from(before)
            shown.__suppress_context__ = False


def _raised_from(shown: traceback.TracebackException) -> traceback.TracebackException | None:
    """The exception that Python would print before this one."""
    suppressed = shown.__suppress_context__
    return shown.__cause__ or (None if suppressed else shown.__context__)


def _cell_or_file(filename: str) -> str:
    """``Cell In[3]`` for the file that IPython makes up for a cell; any other name unchanged."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    named = shell.compile.format_code_name(filename) if shell is not None else None
    return " ".join(named) if named else filename
