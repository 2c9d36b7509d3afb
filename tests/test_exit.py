"""A program with channel="local" exits like one without: no output, no processes left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

# Both programs have the same lines, so that their tracebacks are equal.
PROGRAM = """
import os, signal, sys, threading, time

def use_the_service():
    from qiskit import QuantumCircuit
    from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2
    service = QiskitRuntimeService(channel="local")
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    job = SamplerV2(service.backend("statevector")).run([circuit], shots=5)
    assert job.result(60)[0].data.meas.get_counts() == {"1": 5}
    wide = QuantumCircuit(22, 1)
    for number in range(2000):
        wide.h(number % 22)
    wide.measure(0, 0)
    if "busy" in sys.argv:
        for _ in range(2):
            job = SamplerV2(service.backend("statevector")).run([wide], shots=5)
            while job.status() != "RUNNING":
                time.sleep(0.05)

if "serve" in sys.argv:
    use_the_service()
print("used", flush=True)
"""
ENDINGS = {
    "at the last line": ("idle", ""),
    "by sys.exit": ("busy", "sys.exit(3)"),
    "by an exception": ("idle", "raise ValueError('why')"),
    "by Ctrl-C": (
        "busy",
        "main = threading.main_thread().ident\n"
        "threading.Timer(1.0, signal.pthread_kill, [main, signal.SIGINT]).start()\n"
        "threading.Event().wait()",
    ),
    "with a thread that continues": (
        "idle",
        "def go_on():\n    time.sleep(0.5)\n    print('went on')\n"
        "threading.Thread(target=go_on).start()",
    ),
}


def ended(tmp_path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs a child interpreter to its end; a warning in it is an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", *command],
        env=os.environ | {"QISKIT_REST_STATE": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(("work", "ending"), ENDINGS.values(), ids=ENDINGS)
def test_a_script_exits_as_without_the_service(tmp_path: Path, work: str, ending: str) -> None:
    """Exit code, output and errors are the same, also while long jobs are running."""
    script = tmp_path / "script.py"
    script.write_text(PROGRAM + ending)
    alone = ended(tmp_path, str(script))
    served = ended(tmp_path, str(script), "serve", work)
    assert served.stdout == alone.stdout
    assert served.stderr == alone.stderr
    assert served.returncode == alone.returncode
    assert not list(tmp_path.glob("qiskit-rest-*")), "a temporary folder was left behind"


def test_a_running_service_ends_without_output(tmp_path: Path) -> None:
    """A `LocalService` that was not stopped, like one of channel="local"."""
    done = ended(
        tmp_path, "-c", "from qiskit_rest_primitives.local import LocalService as S; S().start()"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not list(tmp_path.iterdir())


LATE_REQUEST = """
import threading, time, requests
from qiskit_rest_primitives.local import LocalService

service = LocalService().start()
body = {"program_id": "sampler", "backend": "statevector", "params": {"pubs": [[
    "OPENQASM 3; qubit[1] q; bit[1] c; c[0] = measure q[0];", None, 5]]}}

def use_it():
    threading.main_thread().join()
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {service.token}"
        job = session.post(f"{service.url}/jobs", json=body, timeout=60).json()["id"]
        result = f"{service.url}/jobs/{job}/results"
        while (status := session.get(result, timeout=60).status_code) == 204:
            time.sleep(0.05)
        print(status, session.get(f"{service.url}/backends", timeout=60).status_code)

threading.Thread(target=use_it).start()
"""


def test_a_thread_is_served_after_the_main_thread_has_ended(tmp_path: Path) -> None:
    """The interpreter waits for a user's thread; until then its jobs run."""
    done = ended(tmp_path, "-c", LATE_REQUEST)
    assert (done.returncode, done.stdout, done.stderr) == (0, "200 200\n", "")


TEST_FILE = """
from qiskit import QuantumCircuit
from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2

def test_bell():
    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    bell.measure_all()
    sampler = SamplerV2(QiskitRuntimeService(channel="local").backend("statevector"))
    assert set(sampler.run([bell]).result()[0].data.meas.get_counts()) == {"00", "11"}
"""


def test_pytest_prints_nothing_more(tmp_path: Path) -> None:
    """The output of a suite that uses channel="local" is pytest's only."""
    (tmp_path / "test_it.py").write_text(TEST_FILE)
    command = ["-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "--rootdir"]
    done = ended(tmp_path, *command, str(tmp_path), str(tmp_path))
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("1 passed in"), done.stdout
    assert len(lines) == 2


NOTEBOOK = """
import sys
import nbformat
from nbclient import NotebookClient

use_the_service = '''
from qiskit import QuantumCircuit
from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2
circuit = QuantumCircuit(1)
circuit.measure_all()
sampler = SamplerV2(QiskitRuntimeService(channel="local").backend("statevector"))
print(sampler.run([circuit], shots=3).result()[0].data.meas.get_counts())
'''
cell = use_the_service if "serve" in sys.argv else "print({'0': 3})"
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell, id="one")])
NotebookClient(notebook, timeout=100, kernel_name="python3").execute()
print(notebook.cells[0].outputs[0]["text"])
"""


def test_a_notebook_kernel_exits_as_without_the_service(tmp_path: Path) -> None:
    """A message at its exit would be on the standard error of its parent."""
    program = tmp_path / "notebook.py"
    program.write_text(NOTEBOOK)
    alone, served = (
        subprocess.run(
            # ipykernel has warnings of its own.
            [sys.executable, "-W", "ignore", str(program), *arguments],
            env=os.environ | {"QISKIT_REST_STATE": str(tmp_path), "TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        for arguments in ([], ["serve"])
    )
    assert (served.returncode, served.stdout) == (0, "{'0': 3}\n\n")
    assert served.stderr == alone.stderr
    assert not list(tmp_path.glob("qiskit-rest-*"))
