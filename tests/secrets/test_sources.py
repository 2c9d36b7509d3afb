"""Tests contain no literal secrets, which the check could not find."""

from __future__ import annotations

import ast

import pytest

from tests.secrets.__main__ import ROOT
from tests.secrets.marking import MARKER
from tests.tokens import hex_secret, jwt, secret

NAMES = frozenset({"token", "apikey", "access_token", "password", "secret"})


def literals(tree: ast.AST) -> list[int]:
    """Lines in which a text is given as a token: ``token="..."`` or ``User(name, "...")``."""
    found: list[int] = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        given = [keyword.value for keyword in call.keywords if keyword.arg in NAMES]
        if isinstance(call.func, ast.Name) and call.func.id == "User":
            given += call.args[1:2]
        for value in given:
            texts = [part for part in ast.walk(value) if isinstance(part, ast.Constant)]
            named = any(isinstance(part, ast.Name) for part in ast.walk(value))
            if not named and any(isinstance(text.value, str) and text.value for text in texts):
                found.append(value.lineno)
    return found


@pytest.mark.slow
def test_every_secret_comes_from_one_place() -> None:
    """``secret("name")`` instead of literals, in tests, chaos, benchmarks and examples."""
    sources = [path for folder in ("tests", "examples") for path in (ROOT / folder).rglob("*.py")]
    assert len(sources) > 50
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources
        for line in literals(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == set()


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("f(token='t' * 30)", 1),
        ("f(token='a' + 'b')", 1),
        ("User('a', 'b')", 1),
        ("f(token=secret('a'), name='b')", 0),
        ("f(token=KEY); f(token=''); User('a', KEY)", 0),
    ],
)
def test_literals_are_distinguished_from_names(line: str, number: int) -> None:
    """Joined literals count as literals."""
    assert len(literals(ast.parse(line))) == number


def test_all_kinds_hold_the_marker() -> None:
    """Short forms, too; each name gives another secret."""
    for made in (secret("a"), secret("a", 17), hex_secret(128), jwt(0)):
        assert MARKER in made
    assert secret("a") == secret("a") != secret("b")
    assert len(secret("a")) == 44
    assert set(hex_secret(128)) <= set("0123456789abcdef")
