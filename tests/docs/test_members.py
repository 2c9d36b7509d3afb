"""Completion offers what users may call: each public member of a public class is documented."""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Final

import pytest

import qiskit_rest_primitives
from qiskit_rest_primitives import local, options, testing
from tests.docs import pages
from tests.test_docstrings import public

PACKAGE: Final = "qiskit_rest_primitives"
CLASSES: Final = {name: thing for name, thing in public().items() if inspect.isclass(thing)}

# As code: after a point, in backticks or as a call or keyword. A word of a sentence does not count.
_IN_CODE: Final = re.compile(r"[.`](\w+)|(\w+)[(=]")
_OF_SELF: Final = re.compile(r"^ {8}self\.([a-z]\w*)(?:: .+)? = ", re.MULTILINE)
_DESCRIBED: Final = re.compile(r"^ *(\w+): ", re.MULTILINE)


def names_in(code: str) -> set[str]:
    """The names that a text has as code."""
    return {name for pair in _IN_CODE.findall(code) for name in pair}


@cache
def documented() -> set[str]:
    """Names in the guides, the README, the notebooks and the examples of docstrings."""
    notebooks = (pages.ROOT / "examples").glob("*.ipynb")
    texts = [page.read_text("utf-8") for page in (pages.README, *pages.PAGES, *notebooks)]
    for file in (pages.ROOT / PACKAGE).rglob("*.py"):
        lines = file.read_text("utf-8").splitlines()
        texts += [line for line in lines if line.lstrip().startswith((">>> ", "... "))]
    return names_in("\n".join(texts))


@pytest.mark.parametrize("name", CLASSES)
def test_each_public_member_is_documented(name: str) -> None:
    """In a guide, an example or the docstring of a class; or a class of Qiskit or Python has it.

    A name counts wherever it is documented: it may be that of another class.
    """
    own = [base for base in CLASSES[name].__mro__ if base.__module__.startswith(PACKAGE)]
    others = {member for base in CLASSES[name].__mro__ if base not in own for member in vars(base)}
    members: set[str] = set()
    described: set[str] = set()
    for base in own:
        attributes = _OF_SELF.findall(inspect.getsource(base))
        members |= {member for member in (*vars(base), *attributes) if not member.startswith("_")}
        text = inspect.getdoc(base) or ""
        described |= {*_DESCRIBED.findall(text), *names_in(text)}
    assert sorted(members - others - described - documented()) == []


def test_modules_offer_their_public_names() -> None:
    """Neither what they import nor what they need to start, but submodules of the package."""
    for module in (local, options, testing):
        assert dir(module) == sorted(module.__all__)
    offered = set(dir(qiskit_rest_primitives)) - set(qiskit_rest_primitives.__all__)
    assert offered <= {"account", "errors", "exceptions", "local", "options", "testing"}
    assert {"errors", "exceptions", "options"} <= offered
    assert all(inspect.ismodule(getattr(qiskit_rest_primitives, name)) for name in offered)
