"""The program `qiskit-rest`: the command, which Ctrl-C ends quietly even while it starts."""

from __future__ import annotations

import signal


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
    return command()
