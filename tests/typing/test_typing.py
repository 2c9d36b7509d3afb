"""The API as type checkers see it: files of a user's code, and the errors that pyright finds there.

To add cases, write a function with right or wrong uses into a file ``*_user.py`` beside this one;
a line that must be an error ends in ``# error:`` and a part of the message. ``api_user.py`` has ten
right uses and ten wrong ones; ``options_user.py`` has more of options.
"""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
USERS = sorted(Path(__file__).parent.glob("*_user.py"))


@pytest.fixture(scope="module")
def found() -> list[dict[str, Any]]:
    """Errors that pyright, with the strict settings of this project, finds in all users' files."""
    # pyright is part of the extra [dev]; where that is installed, a missing pyright is a failure.
    if importlib.util.find_spec("importlinter") is None:
        pytest.importorskip("pyright")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    run = subprocess.run(
        [*command, *map(str, USERS)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return json.loads(run.stdout)["generalDiagnostics"]


@pytest.mark.slow
@pytest.mark.parametrize("user", USERS, ids=lambda path: path.stem)
def test_pyright_finds_the_wrong_uses_and_no_others(user: Path, found: list[dict[str, Any]]):
    """Right uses of the API have no error, each wrong one has exactly one."""
    lines = user.read_text("utf-8").splitlines()
    expected = {
        number: line.rpartition("# error: ")[2]
        for number, line in enumerate(lines)
        if "# error: " in line
    }
    errors = [error for error in found if Path(error["file"]).name == user.name]
    assert sorted(error["range"]["start"]["line"] for error in errors) == sorted(expected)
    for error in errors:
        assert expected[error["range"]["start"]["line"]] in error["message"]


def test_the_users_file_has_ten_right_and_ten_wrong_uses(found: list[dict[str, Any]]):
    """Pyright finds exactly ten errors in it, none of them on a line with a right use."""
    lines = Path(__file__).with_name("api_user.py").read_text("utf-8").splitlines()
    right = [number for number, line in enumerate(lines) if line.endswith("  # right")]
    wrong = [
        error["range"]["start"]["line"]
        for error in found
        if Path(error["file"]).name == "api_user.py"
    ]
    assert len(right) == len(wrong) == 10
    assert not set(right) & set(wrong)
