"""The command as a process of its own: exit codes, pipes, completion, Ctrl-C, what it imports."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qiskit_rest_primitives.local import LocalService
from tests.cli.conftest import BELL, call, document
from tests.local.conftest import HeldExecutor
from tests.tokens import own_file, secret

pytestmark = pytest.mark.slow

COMMAND = [
    sys.executable,
    "-c",
    "import sys; from qiskit_rest_command import main; sys.exit(main())",
]
"""The installed program; `python -m qiskit_rest_primitives` is run in tests/local/test_serve.py."""


def process(*words: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command to its end."""
    return subprocess.run(
        [*COMMAND, *words],
        input=stdin,
        capture_output=True,
        text=True,
        env=os.environ | environment,
        timeout=120,
    )


def test_a_circuit_from_a_pipe(local: LocalService) -> None:
    """JSON on stdout, the message on stderr, exit code 0."""
    account = {"QISKIT_IBM_URL": local.url, "QISKIT_IBM_TOKEN": local.token}
    done = process("run", "--json", "--backend", "statevector", stdin=BELL, **account)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert done.stderr == f"job {found['id']} on statevector\n"


def test_ctrl_c_says_how_to_fetch_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 130; the job continues, and the named command gets its result."""
    executor = HeldExecutor()
    with LocalService(executor=executor) as slow:
        monkeypatch.setenv("QISKIT_IBM_URL", slow.url)
        monkeypatch.setenv("QISKIT_IBM_TOKEN", slow.token)
        file = tmp_path / "bell.qasm"
        file.write_text(BELL)
        running = subprocess.Popen(
            [*COMMAND, "run", str(file), "--backend", "statevector"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        assert running.stderr is not None
        _, job_id, *_ = running.stderr.readline().split()
        running.send_signal(signal.SIGINT)
        out, error = running.communicate(timeout=60)
        assert running.returncode == 130
        assert out == ""
        later = f"qiskit-rest result {job_id}"
        continues = f"job {job_id} continues; fetch its result with: {later}"
        assert error == f"qiskit-rest run: interrupted; {continues}\n"
        executor.release()
        assert document(call(*later.split()[1:], "--json"))["status"] == "DONE"


INTERRUPTED_AT_START = """
import os, signal, sys
import qiskit_rest_command

class CtrlC:
    def find_spec(self, name, *_):
        if name == "qiskit":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, CtrlC())
qiskit_rest_command.main()
"""


def test_ctrl_c_at_the_start_prints_nothing() -> None:
    """While modules are imported, the signal ends the process: no traceback."""
    words = [sys.executable, "-c", INTERRUPTED_AT_START]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_the_shell_completes_options() -> None:
    """What click's function of the shell asks for."""
    asked = {"COMP_WORDS": "qiskit-rest run --opti", "COMP_CWORD": "2"}
    done = process(_QISKIT_REST_COMPLETE="bash_complete", **asked)
    assert "plain,--optimization-level" in done.stdout.splitlines()


def test_the_token_is_typed_without_being_shown(tmp_path: Path) -> None:
    """On a terminal, the prompt turns the echo off."""
    file = own_file(tmp_path / "accounts.json")
    ours, theirs = pty.openpty()
    key = secret("cli-typed")
    words = ["account", "save", "--url", "http://lab.example/v1", "--account-file", str(file)]
    running = subprocess.Popen(
        [*COMMAND, *words], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown = b""
    while b"token:" not in shown:
        shown += os.read(ours, 1000)
    os.write(ours, f"{key}\n".encode())
    assert running.wait(60) == 0
    shown += os.read(ours, 1000)
    os.close(ours)
    assert key.encode() not in shown
    assert key in file.read_text()


def imported_by(*lines: list[str]) -> set[str]:
    """The modules that the command imported for these command lines."""
    program = (
        "import sys; from qiskit_rest_primitives.cli import main\n"
        f"assert not any(main(line) for line in {lines!r}); print('modules', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.rpartition("modules ")[2].split())


def test_quick_commands_import_few_modules() -> None:
    """Neither the embedded service nor a simulator, nor what draws tables and figures."""
    loaded = imported_by(["--help"], ["--version"], ["account", "list", "--json"])
    packages = {name.split(".")[0] for name in loaded}
    assert packages & {"uvicorn", "starlette", "rich", "matplotlib", "qiskit_aer", "stim"} == set()


def test_without_click_the_extra_is_named() -> None:
    """One line with the command that installs it, and exit code 2."""
    program = (
        "import sys; sys.modules['click'] = None\n"
        "from qiskit_rest_primitives.cli import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "jobs"], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "qiskit-rest: the command needs click: pip install 'qiskit-rest-primitives[cli]'\n"
    )


@pytest.mark.slow
def test_ctrl_c_ends_a_local_job(tmp_path: Path) -> None:
    """An embedded service ends with its command, and the message says so."""
    file = tmp_path / "long.qasm"
    gates = "".join(f"rx(0.{index}) q; cx q[0:12], q[1:13];\n" for index in range(1, 2000))
    file.write_text(
        f"OPENQASM 3; include 'stdgates.inc'; qubit[20] q; bit[1] c;\n{gates}\n"
        "reset q[0]; c[0] = measure q[0];\n"
    )
    running = subprocess.Popen(
        [*COMMAND, "run", str(file), "--local", "--shots", "100000"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    _, job_id, *_ = running.stderr.readline().split()
    running.send_signal(signal.SIGINT)
    _, error = running.communicate(timeout=60)
    assert running.returncode == 130
    assert f"job {job_id} ended with the service of this command" in error
