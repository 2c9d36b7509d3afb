"""Every code block of the documentation runs, and prints what the page says."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest

from tests.docs import pages

pytestmark = [
    pytest.mark.slow,
    # qiskit-algorithms uses circuit classes that Qiskit deprecates.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
WITH_PYTHON = [
    page
    for page in [pages.README, *pages.PAGES]
    if any(block.language == "python" for block in pages.blocks(page))
]


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.stem)
def test_the_python_blocks_of_a_page_print_what_it_shows(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All blocks of a page run in order, in one namespace and an empty folder."""
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    try:
        for block in pages.blocks(page):
            if block.language == "python":
                printed = pages.run(block, names, str(page))
                if block.printed is not None:
                    assert pages.same(printed, block.printed), f"{page}:{block.line}: {printed}"
    finally:
        logging.getLogger("qiskit_rest_primitives").setLevel(logging.NOTSET)


@pytest.mark.parametrize(
    "page",
    [page for page in WITH_PYTHON if any(map(pages.is_test, pages.blocks(page)))],
    ids=lambda page: page.stem,
)
def test_the_tests_of_a_page_pass(page: Path, tmp_path: Path) -> None:
    """Blocks with tests are files that pytest runs with the package's plugin."""
    tests = [block.text for block in pages.blocks(page) if pages.is_test(block)]
    for number, text in enumerate(tests):
        (tmp_path / f"test_{number}.py").write_text(text, "utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "pytest_qiskit_rest",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [*command, "--no-real-service", "--rootdir", tmp_path, tmp_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout
    assert f"{sum(text.count('def test_') for text in tests)} passed" in done.stdout
