"""The program `qiskit-rest`: the command, which Ctrl-C ends quietly even while it starts."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading

INTERRUPTED = 130


def main() -> int:
    """Runs the command of this process; returns its exit code.

    Importing Qiskit takes a second. Ctrl-C in that time would print a traceback of its modules;
    nothing has begun that needs an end, so the signal ends the process as it does other programs.
    """
    python_decides = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if python_decides:  # a shell that starts it in the background ignores Ctrl-C for it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from qiskit_rest_primitives.cli import main as command

    if python_decides:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    code = command()
    if code == INTERRUPTED:
        _end_now(code)
    return code


def _end_now(code: int) -> None:
    """Ends the process as Python would, but for the threads that still simulate an ended job.

    They are in compiled code. If they wake up while Python takes itself apart, the process aborts.
    """
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
