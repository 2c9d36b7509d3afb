"""Everything that a debugger, ``pytest -l`` or an error tracker shows of an exception."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import qiskit_rest_primitives
from qiskit_rest_primitives.errors import RestPrimitivesError

PACKAGE = str(Path(qiskit_rest_primitives.__file__).parent)
DEPTH = 3


def views(error: BaseException) -> Iterator[tuple[str, str]]:
    """Texts of an error and of all errors in its chain: a name for each view, and its text.

    Attributes of our own errors are followed some levels deep, also through errors of other
    packages: everything that a user can reach from an error that we raise.
    """
    yield "traceback", "".join(traceback.format_exception(error))
    ours = isinstance(error, RestPrimitivesError)
    for link in chain(error):
        name = type(link).__name__
        yield f"{name}: str, repr, args, attributes", shown(link, DEPTH if ours else 0)
        for frame, text in package_frames(link.__traceback__):
            yield f"{name}: {frame}", text


def chain(error: BaseException) -> list[BaseException]:
    """The error, its causes and contexts, those hidden by ``from None`` included."""
    found: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        link = todo.pop()
        if link is not None and all(link is not other for other in found):
            found.append(link)
            todo += [link.__cause__, link.__context__]
            todo += getattr(link, "exceptions", ())
    return found


def shown(thing: object, depth: int) -> str:
    """repr, str and attributes; those of attributes too, some levels deep."""
    parts = [_repr(thing), _repr(thing, str), _repr(getattr(thing, "args", ""))]
    attributes = getattr(thing, "__dict__", None)
    if isinstance(attributes, dict) and attributes:
        parts.append(_repr(attributes))
        if depth:
            parts += [shown(value, depth - 1) for value in attributes.values()]
    return "\n".join(parts)


def _repr(thing: object, show: Any = repr) -> str:
    try:
        return show(thing)
    except Exception as error:
        return f"<no {show.__name__}: {type(error).__name__}>"


def package_frames(trace: TracebackType | None) -> Iterator[tuple[str, str]]:
    """The local variables of this package's frames: where, and their repr."""
    for frame, line in traceback.walk_tb(trace):
        code = frame.f_code
        if code.co_filename.startswith(PACKAGE):
            place = f"{code.co_filename.removeprefix(PACKAGE)}:{line} {code.co_name}"
            for variable, value in list(frame.f_locals.items()):
                # As TracebackException(capture_locals=True) does from Python 3.13 on: an object
                # that is only half made has no repr.
                yield f"local variable {variable} at {place}", _repr(value)
