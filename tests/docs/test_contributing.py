"""CONTRIBUTING names files that exist."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import ROOT

NAMED = sorted(set(re.findall(r"`([\w./]+\.py)`", (ROOT / "CONTRIBUTING.md").read_text("utf-8"))))


@pytest.mark.parametrize("name", NAMED)
def test_a_named_file_exists(name: str) -> None:
    """From the root of the repository or of the package, or beside a file named before it."""
    folders = [ROOT / "qiskit_rest_primitives", ROOT / "tests", ROOT / "examples", ROOT / "docs"]
    files = [
        *ROOT.glob(".ci/*.py"),
        *ROOT.glob("*.py"),
        *(file for folder in folders for file in folder.rglob("*.py")),
    ]
    assert any(str(file).endswith(f"/{name}") for file in files)
