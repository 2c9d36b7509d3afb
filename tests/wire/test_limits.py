"""Each number of the API is defined once in the package."""

import ast
from pathlib import Path

import pytest

import qiskit_rest_primitives
from qiskit_rest_primitives.wire import limits

PACKAGE = Path(qiskit_rest_primitives.__file__).parent
HOME = PACKAGE / "wire" / "limits.py"
NUMBERS = ["DEFAULT_PRECISION", "INVALID_JOB", "MAX_BODY_BYTES", "MAX_JOB_SECONDS", "RAN_TOO_LONG"]


def literals(path: Path) -> set[object]:
    """The numeric literals in a file."""
    tree = ast.parse(path.read_text("utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


@pytest.mark.slow
@pytest.mark.parametrize("name", NUMBERS)
def test_each_number_of_the_api_is_defined_once(name: str):
    """No other file contains a distinctive number of the API."""
    value = getattr(limits, name)
    homes = [path for path in PACKAGE.rglob("*.py") if value in literals(path)]
    assert homes == [HOME]


def test_the_default_precision_is_that_of_the_default_shots():
    """The standard error of the default shots is the default precision."""
    assert limits.DEFAULT_SHOTS**-0.5 == limits.DEFAULT_PRECISION
