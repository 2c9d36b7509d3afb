"""The command in this process, as a user of the shared embedded service."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from qiskit_rest_primitives.cli.app import app
from qiskit_rest_primitives.local import LocalService

BELL = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
h q[0];
cx q[0],q[1];
measure q -> c;
"""
ANSATZ = """OPENQASM 3;
include "stdgates.inc";
input float[64] theta;
input float[64] phi;
qubit[2] q;
ry(theta) q[0];
rz(phi) q[0];
cx q[0], q[1];
"""

Command = Callable[..., Result]


def call(*arguments: object, stdin: str | None = None) -> Result:
    """Runs the command in this process; its stdout and stderr are apart."""
    return CliRunner().invoke(app, [str(word) for word in arguments], input=stdin)


def document(result: Result) -> Any:
    """The JSON document on stdout of a command that must have succeeded."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def account(local: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names the shared embedded service and its token."""
    monkeypatch.setenv("QISKIT_IBM_URL", local.url)
    monkeypatch.setenv("QISKIT_IBM_TOKEN", local.token)
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", local.instance)


@pytest.fixture
def bell(tmp_path: Path) -> Path:
    """A file of OpenQASM 2: a Bell state, measured into c."""
    path = tmp_path / "bell.qasm"
    path.write_text(BELL)
    return path


@pytest.fixture
def ansatz(tmp_path: Path) -> Path:
    """A file of OpenQASM 3 with two parameters and no measurement; theta = pi/2 is a Bell state."""
    path = tmp_path / "ansatz.qasm"
    path.write_text(ANSATZ)
    return path
