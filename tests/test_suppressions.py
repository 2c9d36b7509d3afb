"""Suppressions of linters, type checkers and coverage: each has its reason on its line."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
FOLDERS: Final = [
    ROOT / name for name in ("qiskit_rest_primitives", "tests", "examples", "docs", ".ci")
]
SUPPRESSION: Final = re.compile(r"noqa|(pyright|type): *ignore|pragma: no")
WITH_REASON: Final = re.compile(
    r"# (?:ruff: )?(?:noqa: [A-Z\d, ]+|pyright: ignore\[\w+\]|pragma: no (?:cover|branch)) - .+"
)


def without_reason(source: str) -> list[str]:
    """The comments that suppress something and do not say why, or what."""
    if not SUPPRESSION.search(source):
        return []  # most files: tokenizing takes longer
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return [
        comment
        for comment in comments
        if SUPPRESSION.search(comment) and not WITH_REASON.fullmatch(comment)
    ]


def test_each_suppression_has_its_reason() -> None:
    """As CONTRIBUTING says."""
    paths = [*ROOT.glob("*.py"), *(path for folder in FOLDERS for path in folder.rglob("*.py"))]
    bare = {path: without_reason(path.read_text("utf-8")) for path in paths}
    assert {path: found for path, found in bare.items() if found} == {}


@pytest.mark.parametrize("comment", ["# noqa", "# noqa: E501", "# type: ignore[misc]  # because"])
def test_a_suppression_without_reason_is_found(comment: str) -> None:
    """Nor does one of another form pass."""
    assert without_reason(f"x = 1  {comment}\n") == [comment]
