"""Executes the notebooks of examples/ and stores them with their outputs.

Plots of cells with a tag ``picture-NAME`` are also written to docs/images/NAME.png.

::

    python -m tests.notebooks               # all of them, a minute
    python -m tests.notebooks vqe sweep     # these

Run it after a change of what a notebook shows, and look at the difference: seeds are fixed, so only
cells with the tag ``varies`` may change by themselves. Needs the extra ``[dev]``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import nbformat

from tests.notebooks.execution import EXAMPLES, PICTURES, execute, pictures


def main() -> None:
    """Runs the notebooks that are named, or all."""
    names = sorted(path.stem for path in EXAMPLES.glob("*.ipynb"))
    parser = argparse.ArgumentParser(prog="python -m tests.notebooks", description=__doc__)
    parser.add_argument("names", nargs="*", help=", ".join(names))
    wanted = parser.parse_args().names or names
    if unknown := sorted({*wanted} - {*names}):
        parser.error(f"no notebook {', '.join(unknown)}; there are: {', '.join(names)}")
    for name in wanted:
        path = EXAMPLES / f"{name}.ipynb"
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            notebook = execute(path, Path(folder))
        nbformat.write(notebook, path)
        for picture, data in pictures(notebook).items():
            PICTURES.mkdir(exist_ok=True)
            (PICTURES / picture).write_bytes(data)
        print(
            f"{name}: {time.monotonic() - start:.1f} s, {path.stat().st_size // 1000} kB",
            flush=True,
        )


if __name__ == "__main__":
    main()
