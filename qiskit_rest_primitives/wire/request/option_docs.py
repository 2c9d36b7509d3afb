"""Docstrings of groups of options, for help() and notebooks: read from the source on first use.

Python keeps no docstrings of attributes; editors read them from the source, and so does this.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise

from qiskit_rest_primitives.wire.request.option_defaults import said_default


class GroupDocstring:
    """The ``__doc__`` of a class: its docstring, then its attributes with theirs.

    Args:
        text: the docstring of the class.
    """

    def __init__(self, text: str | None):
        self._text = inspect.cleandoc(text or "")

    def __get__(self, group: object, owner: type) -> str:
        listed = [
            textwrap.fill(
                f"{name}: {meaning}",
                width=100,
                initial_indent=" " * 4,
                subsequent_indent=" " * 8,
                break_on_hyphens=False,
            )
            for name, meaning in meanings(owner).items()
        ]
        return "\n".join([self._text, "", "Attributes:", *listed])


def meanings(cls: type) -> dict[str, str]:
    """Docstrings of a class's attributes, each in one line, with the default that is declared.

    Empty if the source is missing.
    """
    found: dict[str, str] = {}
    for base in cls.__mro__[::-1]:
        try:
            [tree] = ast.parse(inspect.getsource(base)).body
        except (OSError, TypeError, SyntaxError):
            continue
        for field, text in pairwise(tree.body if isinstance(tree, ast.ClassDef) else []):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                name, said = ast.unparse(field.target), ast.literal_eval(text.value)
                found[name] = " ".join(said.split()) + said_default(base, name)
    return found
