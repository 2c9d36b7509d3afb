"""Cards and bars in a real notebook kernel."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.display.markup import Card

CELLS = (
    """
from qiskit import QuantumCircuit
from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2, display
from qiskit_rest_primitives.display import progress
circuit = QuantumCircuit(1)
circuit.measure_all()
service = QiskitRuntimeService(channel="local")
backend = service.backend("statevector")
job = SamplerV2(backend).run([circuit], shots=100)
job
""",
    "job.result()",
    "job.result()[0]",
    "SamplerV2(backend).options",
    "backend",
    "service",
    """
from tests.jobs.long_jobs import long_pubs
progress.DELAY_SECONDS = 0.2
slow = SamplerV2(backend).run(long_pubs(2))
_ = slow.result()
""",
    """
slow = SamplerV2(backend).run(long_pubs(2))
_ = slow.result(progress=False)
""",
)


def run(cells: tuple[str, ...]) -> list[list[Any]]:
    """The outputs of each cell."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        NotebookClient(book, timeout=200, kernel_name="python3").execute()
    return [cell.outputs for cell in book.cells]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of jupyter_client and zmq
def test_a_notebook_shows_cards_and_bars() -> None:
    """Objects show cards and text; a slow wait shows a bar of widgets, unless told not to."""
    outputs = run(CELLS)
    titles = ("Sampler job", "meas", "Registers", "SamplerOptions", "Backend", "QiskitRuntime")
    for shown, title in zip(outputs, titles, strict=False):
        data = shown[-1]["data"]
        assert data["text/plain"]
        read = Card(data["text/html"])
        read.check_readable()
        assert any(table.caption.startswith(title) for table in read.tables)
    with_bar, without = outputs[-2:]
    assert any("application/vnd.jupyter.widget-view+json" in each["data"] for each in with_bar)
    assert without == []
