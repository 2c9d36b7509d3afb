"""The documentation builds without a warning."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import qiskit_rest_primitives
from tests.docs import pages


def public_names() -> set[str]:
    """The classes and functions of the package; other names of the same are left out."""
    things = {
        name: getattr(qiskit_rest_primitives, name) for name in qiskit_rest_primitives.__all__
    }
    return {
        name
        for name, thing in things.items()
        if (inspect.isclass(thing) or inspect.isfunction(thing)) and thing.__name__ == name
    }


@pytest.mark.slow
@pytest.mark.usual_level
def test_sphinx_builds_the_documentation_without_a_warning(tmp_path: Path) -> None:
    """Every page is in a table of contents, every link has a target, every name its entry."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q"]
    done = subprocess.run(
        [*command, "-d", tmp_path / "read", pages.ROOT / "docs", tmp_path / "html"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    built = {page.stem for page in tmp_path.glob("html/*.html")}
    assert {page.stem for page in pages.PAGES} <= built
    reference = "".join(page.read_text("utf-8") for page in tmp_path.glob("html/api/*.html"))
    ids = {name: f'id="qiskit_rest_primitives.{name}"' for name in public_names()}
    assert [name for name, entry in ids.items() if entry not in reference] == []
