"""A page of the documentation -> its code blocks, and what they print. No I/O but reading."""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from pprint import pformat
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted((ROOT / "docs").glob("*.md"))
README: Final = ROOT / "README.md"

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CHECKER = doctest.OutputChecker()
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: as the fence names it; may be empty.
        text: what is in it.
        line: of the fence, from 1.
        printed: what the page says that it prints: the block ``text`` right below it, or None.
    """

    language: str
    text: str
    line: int
    printed: str | None


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    source = page.read_text("utf-8")
    found = list(_FENCE.finditer(source))
    return [
        Block(
            match[1],
            match[2],
            source.count("\n", 0, match.start()) + 1,
            _printed(source, match, after),
        )
        for match, after in zip_longest(found, found[1:])
    ]


def _printed(source: str, block: re.Match[str], after: re.Match[str] | None) -> str | None:
    if after is None or after[1] not in ("text", "") or source[block.end() : after.start()].strip():
        return None
    return after[2]


def run(block: Block, names: dict[str, Any], filename: str) -> str:
    """Runs Python code as a notebook's cell does.

    Args:
        block: the code.
        names: the namespace; changed.
        filename: for tracebacks.

    Returns:
        What it printed, with the last expression's value.
    """
    tree = ast.parse("\n" * block.line + block.text, filename)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(tree, filename, "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), filename, "eval"), names)
            if value is not None:
                out.write(f"{pformat(value)}\n")
    return out.getvalue()


def is_test(block: Block) -> bool:
    """Whether it is a file of tests, for pytest."""
    return block.language == "python" and "\ndef test_" in block.text


def same(printed: str, expected: str) -> bool:
    """Whether it is what a page shows; ``...`` stands for anything, white space does not count."""
    return _CHECKER.check_output(expected, printed, _FLAGS)


def commands(page: Path) -> Iterator[str]:
    """Each command of the bash blocks of a page, without comments."""
    for block in blocks(page):
        if block.language == "bash":
            text = block.text.replace("\\\n", " ")
            for line in text.splitlines():
                if command := line.partition("  #")[0].strip().partition("# ")[0].strip():
                    yield command
