"""Programs of users of qiskit_ibm_runtime: unmodified, and with only the import lines changed."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qiskit_rest_primitives.local import LocalService

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("qiskit_ibm_runtime") is None, reason="of the extra [conformance]"
    ),
]

OFFICIAL, OURS = "qiskit_ibm_runtime", "qiskit_rest_primitives"
PROGRAMS = sorted(
    path for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith(("_", "test_"))
)
STANDARD_ERRORS = 5


@pytest.fixture(scope="module")
def services() -> Iterator[dict[str, LocalService]]:
    """One for each client, as jobs of one change which device is least busy for the other."""
    with LocalService() as one, LocalService() as other:
        yield {OFFICIAL: one, OURS: other}


def start(text: str, url: str, local: LocalService, folder: Path) -> subprocess.Popen[str]:
    """Starts a program in a process that knows the service from its environment only."""
    folder.mkdir()
    script = folder / "program.py"
    script.write_text(text)
    environment = {name: value for name, value in os.environ.items() if "QISKIT" not in name}
    environment |= {
        "HOME": str(folder),
        # The official client sends requests to IBM only, or to a url with the word experimental.
        "IAM_URL": local.base_url,
        "QISKIT_FUNCTIONS_EXPERIMENTAL": "1",
        "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
        "QISKIT_IBM_TOKEN": local.token,
        "QISKIT_IBM_INSTANCE": local.instance,
        "QISKIT_IBM_URL": url,
        "MPLBACKEND": "Agg",
        "PYTHONWARNINGS": "ignore",
    }
    with open(folder / "out", "w") as out, open(folder / "err", "w") as err:
        command = [sys.executable, str(script)]
        return subprocess.Popen(command, env=environment, stdout=out, stderr=err, text=True)


def finish(process: subprocess.Popen[str], folder: Path) -> dict[str, Any]:
    """The findings of a program: the last line that it prints."""
    assert process.wait(timeout=200) == 0, (folder / "err").read_text()[-4000:]
    return json.loads((folder / "out").read_text().splitlines()[-1])


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Findings that are not equal; those with an ``..._error`` are compared within both errors."""
    found = {}
    for name in [*theirs, *(ours.keys() - theirs.keys())]:
        if name.endswith("_error"):
            continue
        pair = ours.get(name), theirs.get(name)
        if f"{name}_error" in theirs:
            error = np.hypot(ours[f"{name}_error"], theirs[f"{name}_error"])
            equal = np.all(np.abs(np.subtract(*pair)) <= STANDARD_ERRORS * error)
        else:
            equal = pair[0] == pair[1]
        if not equal:
            found[name] = pair
    return found


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_only_the_import_lines_change(
    program: Path, services: dict[str, LocalService], tmp_path: Path
) -> None:
    """Both packages give equal findings, and equal numbers within their standard errors."""
    text = program.read_text()
    changed = re.sub(rf"(?m)^(\s*(?:from|import) ){OFFICIAL}\b", rf"\1{OURS}", text)
    assert re.search(rf"(?m)^\s*(from|import) {OURS}\b", changed)
    assert OFFICIAL not in changed
    variants = {
        OFFICIAL: (text, f"{services[OFFICIAL].base_url}/experimental"),
        OURS: (changed, services[OURS].url),
    }
    running = {name: start(*variants[name], services[name], tmp_path / name) for name in variants}
    try:
        found = {name: finish(process, tmp_path / name) for name, process in running.items()}
    finally:
        for process in running.values():
            process.kill()
            process.wait()
    assert differences(found[OURS], found[OFFICIAL]) == {}


def test_the_kinds_of_programs() -> None:
    """There are eighteen kinds; one that is lost would be missed."""
    assert len(PROGRAMS) == 18
