"""The example of error mitigation, with 20 qubits instead of 127, which take minutes."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
pytestmark = pytest.mark.slow


def test_mitigated_values_have_smaller_errors(capsys: pytest.CaptureFixture[str]) -> None:
    """mitigation.py: for both circuits, levels 1 and 2 are better than level 0."""
    spec = importlib.util.spec_from_file_location("mitigation", EXAMPLES / "mitigation.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.QUBITS = 20
    module.main()
    errors = [float(error) for error in re.findall(r"error ([\d.]+)", capsys.readouterr().out)]
    assert len(errors) == 8
    for plain, *mitigated in (errors[:3], errors[4:7]):
        assert plain > max(mitigated)
