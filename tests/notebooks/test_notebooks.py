"""Every notebook of examples/ runs, and is stored with what it shows."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from qiskit_rest_primitives.display.html import card
from tests.notebooks.execution import (
    EXAMPLES,
    PICTURES,
    PNG,
    execute,
    kinds,
    normalised,
    pictures,
    texts,
)

NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"), key=lambda path: path.stem)
# A path of a machine, an address with its port, a token (32 random bytes in base64).
PRIVATE = re.compile(
    r"(?:/home|/root|/tmp|/Users|/var|[A-Z]:\\)[/\\]?\w|site-packages"
    r"|(?:127\.0\.0\.1|localhost):\d|(?<![\w-])[\w-]{43}(?![\w-])"
)
STYLE = re.compile("<style>.*?</style>")


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """In order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def varies(cell: NotebookNode) -> bool:
    """Whether the cell says by its tag that two runs print different texts."""
    return "varies" in cell.metadata.get("tags", [])


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the threads of nbclient are closed by the collector
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_what_is_stored(path: Path, tmp_path: Path) -> None:
    """A run from the top has no error or warning, and each cell shows what its file has."""
    stored, fresh = nbformat.read(path, as_version=4), execute(path, tmp_path)
    for before, now in zip(code_cells(stored), code_cells(fresh), strict=True):
        assert kinds(before) == kinds(now), before.source
        assert not [output for output in now.outputs if output.get("name") == "stderr"]
        assert "Warning" not in "".join(texts(now))
        if not varies(before):
            assert texts(before) == texts(now), before.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_as_the_script_writes_it(path: Path) -> None:
    """No times, no versions, small plots: ``python -m tests.notebooks`` wrote the file."""
    text = path.read_text("utf-8")
    notebook = nbformat.reads(text, as_version=4)
    assert nbformat.writes(normalised(notebook)) + "\n" == text
    assert [cell.execution_count for cell in code_cells(notebook)] == [
        *range(1, len(code_cells(notebook)) + 1)
    ]
    assert len(text) < 400_000


def test_stored_cards_have_the_style_of_today() -> None:
    """After a change of the style the notebooks are run again."""
    [style] = STYLE.findall(card("any"))
    stored = [
        output.data["text/html"]
        for path in NOTEBOOKS
        for cell in code_cells(nbformat.read(path, as_version=4))
        for output in cell.outputs
        if 'class="qrp"' in output.get("data", {}).get("text/html", "")
    ]
    assert stored
    assert {found for html in stored for found in STYLE.findall(html)} == {style}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_plot_has_a_text_alternative(path: Path) -> None:
    """A caption in italics follows each plot; the plot's own text alternative says the same."""
    for cell in code_cells(nbformat.read(path, as_version=4)):
        for output in cell.outputs:
            if PNG in output.get("data", {}):
                assert len(output.metadata[PNG]["alt"]) > 40, cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_tells_nothing_of_the_machine_that_ran_it(path: Path) -> None:
    """No path, name, address or token of a machine is in a stored output."""
    for cell in code_cells(nbformat.read(path, as_version=4)):
        for output in cell.outputs:
            values = [output.get("text", ""), *map(str, output.get("data", {}).values())]
            if PNG in output.get("data", {}):
                values = [output.data.get("text/plain", "")]
            for value in values:
                assert PRIVATE.search(value) is None, cell.source
                assert socket.gethostname() not in value


def test_the_documentation_shows_the_plots_of_the_notebooks() -> None:
    """Each file in docs/images that a notebook makes is its stored plot."""
    made = {
        name: data
        for path in NOTEBOOKS
        for name, data in pictures(nbformat.read(path, as_version=4)).items()
    }
    assert made
    for name, data in made.items():
        assert (PICTURES / name).read_bytes() == data, name
