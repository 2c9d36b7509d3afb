"""Exceptions -> one line on stderr and an exit code."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import IO, Any, Final

import click

from qiskit_rest_primitives.circuits import isa
from qiskit_rest_primitives.display.printable import printable
from qiskit_rest_primitives.errors import InputError, RestPrimitivesError, ServiceError

FAILED: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130

CURES: Final = {
    "as token=...": "with --token-file",
    "as instance=...": "with --instance",
    "set options.split = True": "pass --set split=true",
    isa.CURE: "leave --no-transpile out",
}
"""Of messages of the package, in Python -> the same for a command line."""


class Failure(click.ClickException):
    """Ends the command with a message and an exit code.

    Args:
        message: what went wrong, and the cure.
        exit_code: `FAILED`, `USAGE` or `INTERRUPTED`.
    """

    def __init__(self, message: str, exit_code: int):
        for python, command in CURES.items():
            message = message.replace(python, command)
        super().__init__(message)
        vars(self)["exit_code"] = exit_code  # click declares it on the class
        context = click.get_current_context()
        # In the context of a group, the subcommand has ended already.
        self._command = f"{context.command_path} {context.invoked_subcommand or ''}".rstrip()

    def show(self, file: IO[Any] | None = None) -> None:
        """Prints ``qiskit-rest COMMAND: message``."""
        click.echo(printable(f"{self._command}: {self.message}"), file=file or sys.stderr)


class WrongValue(Failure):
    """Ends the command because of a value that it was given, before anything is sent."""

    def __init__(self, message: str):
        super().__init__(message, USAGE)


class Commands(click.Group):
    """A group whose commands end with a message where Python would print a traceback.

    An exception that nobody expects is a defect of this package: its traceback is printed.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Runs a subcommand."""
        with _failures(), _plain_warnings():
            return super().invoke(ctx)


@contextmanager
def _failures() -> Generator[None]:
    try:
        yield
    except RestPrimitivesError as error:
        raise Failure(str(error), _exit_code(error)) from error
    except BrokenPipeError:
        raise  # click ends quietly, as in `qiskit-rest jobs | head -1`
    except OSError as error:
        raise Failure(str(error), FAILED) from error
    except ImportError as error:
        if "pip install" not in str(error):
            raise
        raise Failure(str(error), USAGE) from error
    except (KeyboardInterrupt, click.Abort):  # click's is Ctrl-C at a question
        raise Failure("interrupted", INTERRUPTED) from None


def _exit_code(error: RestPrimitivesError) -> int:
    wrong_input = isinstance(error, InputError) and not isinstance(error, ServiceError)
    return USAGE if wrong_input else FAILED


@contextmanager
def _plain_warnings() -> Generator[None]:
    """Prints ``warning: message`` instead of a line of this package's code."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        click.echo(printable(f"warning: {message}"), err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield
