"""Runs a notebook of examples/ and normalises it, so that two runs give the same file."""

from __future__ import annotations

import base64
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from PIL import Image

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PICTURES = ROOT / "docs" / "images"
PNG = "image/png"
# A plot of matplotlib has few colours: a palette makes its file a third of the size.
COLOURS = 64
_PORT = re.compile(r"(?<=://127\.0\.0\.1:)\d+")


def execute(path: Path, folder: Path) -> NotebookNode:
    """A notebook after a run from the top in a fresh kernel.

    Args:
        path: of the notebook; the file is not changed.
        folder: working directory and home of the kernel: no account, journal or setting of the
            person who runs it is read.

    Raises:
        CellExecutionError: a cell raised an error.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=180,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    variables = {
        "HOME": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
        "QISKIT_REST_STATE": str(folder / "state"),
        "PYTHONPATH": str(ROOT),
    }
    client.execute(env={**os.environ, **variables})
    return normalised(notebook)


def normalised(notebook: NotebookNode) -> NotebookNode:
    """The notebook without what differs between two runs or machines; changed in place.

    Plots get a text alternative: the caption in the Markdown cell that follows them.
    """
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell, following in _with_following(notebook):
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if not _is_widget(output)]
        for output in cell.outputs:
            for mime in {"text/html", "text/plain"} & {*output.get("data", {})}:
                output.data[mime] = _PORT.sub("PORT", output.data[mime])
            if PNG in output.get("data", {}):
                output.data[PNG] = _small_png(output.data[PNG])
                output.metadata = nbformat.from_dict({PNG: {"alt": caption(following)}})
    return notebook


def caption(cell: NotebookNode | None) -> str:
    """The caption of the plot before a Markdown cell: its first paragraph, in italics; or ""."""
    text = cell.source.split("\n\n")[0].strip() if cell and cell.cell_type == "markdown" else ""
    return text.strip("*") if text.startswith("*") and text.endswith("*") else ""


def texts(cell: NotebookNode) -> list[str]:
    """What a code cell printed and showed as plain text, in order; plots are left out."""
    found = []
    for output in cell.outputs:
        if output.output_type == "stream":
            found.append(output.text)
        elif PNG not in output.get("data", {}):
            found.append(output.get("data", {}).get("text/plain", ""))
    return found


def kinds(cell: NotebookNode) -> list[tuple[str, ...]]:
    """The kind of each output of a code cell, with its MIME types."""
    return [(output.output_type, *sorted(output.get("data", {}))) for output in cell.outputs]


def pictures(notebook: NotebookNode) -> dict[str, bytes]:
    """The plots that the documentation shows, by file name: of cells tagged ``picture-NAME``."""
    return {
        f"{tag.removeprefix('picture-')}.png": base64.b64decode(output.data[PNG])
        for cell in notebook.cells
        for tag in cell.metadata.get("tags", [])
        if tag.startswith("picture-")
        for output in cell.outputs
        if PNG in output.get("data", {})
    }


def _with_following(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, NotebookNode | None]]:
    yield from zip(notebook.cells, [*notebook.cells[1:], None], strict=True)


def _is_widget(output: NotebookNode) -> bool:
    """Whether it is a widget, such as a progress bar, whose state is not stored."""
    return "application/vnd.jupyter.widget-view+json" in output.get("data", {})


def _small_png(data: str) -> str:
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    if picture.mode == "P":
        return data
    small = io.BytesIO()
    picture.convert("RGB").quantize(COLOURS).save(small, "PNG", optimize=True)
    return base64.b64encode(small.getvalue()).decode()
