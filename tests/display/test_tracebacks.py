"""What users see of an error or of Ctrl-C: their own lines and the message, in real processes."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qiskit_rest_primitives import (
    BackendError,
    EstimatorV2,
    QiskitRuntimeService,
    RestBackend,
    UnknownParameterError,
)
from qiskit_rest_primitives.display.tracebacks import notebook_traceback, short_traceback
from qiskit_rest_primitives.local import LocalService

pytestmark = [pytest.mark.slow, pytest.mark.usual_level]

WRONG_TOKEN = """
from qiskit_rest_primitives import QiskitRuntimeService

def pick(service):
    return service.backend("statevector")

pick(QiskitRuntimeService(token="wrong"))
"""
WAITING = """
from qiskit import QuantumCircuit
from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2

circuit = QuantumCircuit(1)
circuit.measure_all()
job = SamplerV2(QiskitRuntimeService().backend("statevector")).run([circuit])
print(job.job_id(), flush=True)
job.result()
"""
WAITING_FOR_ITSELF = """
from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2
from tests.jobs.long_jobs import long_pubs

sampler = SamplerV2(QiskitRuntimeService(channel="local").backend("statevector"))
jobs = [sampler.run(long_pubs(100)) for _ in range(3)]
print(jobs[0].job_id(), flush=True)
jobs[0].result(progress=True)
"""
IN_IPYTHON = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="nocolor")
shell.run_cell(open(sys.argv[1]).read())
"""


def environment(service: LocalService, **more: str) -> dict[str, str]:
    """The service's account, in variables."""
    account = {"URL": service.url, "TOKEN": service.token, "INSTANCE": service.instance}
    return {**os.environ, **{f"QISKIT_IBM_{name}": text for name, text in account.items()}, **more}


def command(script: str, folder: Path, ipython: bool) -> list[str]:
    """Runs a script, as such or as a cell of IPython."""
    (folder / "mine.py").write_text(script)
    runner = folder / "ipython.py"
    runner.write_text(IN_IPYTHON)
    return [sys.executable, *([str(runner)] if ipython else []), str(folder / "mine.py")]


def seen(script: str, folder: Path, service: LocalService, ipython: bool = False) -> list[str]:
    """All lines that a script or cell shows."""
    done = subprocess.run(
        command(script, folder, ipython),
        env=environment(service),
        capture_output=True,
        text=True,
        timeout=60,
    )
    return (done.stdout + done.stderr).splitlines()


def test_a_wrong_token_in_a_script(local: LocalService, tmp_path: Path) -> None:
    """Two lines for each call of the user's, and one that says what is wrong and what to do."""
    header, *frames, message = seen(WRONG_TOKEN, tmp_path, local)
    assert header == "Traceback (most recent call last):"
    assert frames == [
        f'  File "{tmp_path}/mine.py", line 7, in <module>',
        '    pick(QiskitRuntimeService(token="wrong"))',
        f'  File "{tmp_path}/mine.py", line 5, in pick',
        '    return service.backend("statevector")',
    ]
    assert "the token is wrong or expired: pass a valid one as token=..." in message


def test_a_wrong_token_in_a_notebook(local: LocalService, tmp_path: Path) -> None:
    """The same in IPython, with the name of the cell."""
    header, *frames, message = seen(WRONG_TOKEN, tmp_path, local, ipython=True)
    assert header == "Traceback (most recent call last):"
    assert [line.split(", ")[0] for line in frames[::2]] == ['  File "Cell In[1]"'] * 2
    assert frames[3] == '    return service.backend("statevector")'
    assert "the token is wrong or expired" in message


@contextmanager
def interrupted(
    failing: LocalService, folder: Path, ipython: bool
) -> Iterator[subprocess.Popen[str]]:
    """A process that waits for a job of a service that is silent."""
    failing.faults.add("GET", "/jobs/*", silence=True)
    with subprocess.Popen(
        command(WAITING, folder, ipython),
        env=environment(failing),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("ipython", [False, True])
def test_an_interrupt_has_a_short_traceback(
    failing: LocalService, tmp_path: Path, ipython: bool
) -> None:
    """Under ten lines: the job's id, how to go on, the user's line; the exit code stays."""
    with interrupted(failing, tmp_path, ipython) as process:
        assert process.stdout is not None
        job_id = process.stdout.readline().strip()
        while not any(job_id in hit for hit in list(failing.faults.hits)):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    lines = (err + out).splitlines()
    assert len(lines) < 10, lines
    assert f"service.job('{job_id}')" in lines[0]
    assert "    job.result()" in lines
    assert any(line.startswith("KeyboardInterrupt") for line in lines)
    if not ipython:
        assert process.returncode == -signal.SIGINT


@pytest.mark.parametrize("ipython", [False, True])
def test_an_interrupt_of_a_job_of_this_process(
    local: LocalService, tmp_path: Path, ipython: bool
) -> None:
    """Nobody is told that it can be fetched later: its service ends with the process."""
    with subprocess.Popen(
        command(WAITING_FOR_ITSELF, tmp_path, ipython),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            job_id = process.stdout.readline().strip()
            shown = ""
            while job_id not in shown:  # the bar: it waits now
                shown += process.stderr.read(1)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    lines = (shown + err + out).splitlines()
    lines = [line for line in lines if line and "| 0/1 [" not in line]
    assert len(lines) < 10, lines
    (warning,) = [line for line in lines if f"job {job_id} continues" in line]
    assert "the service is part of this process and ends with it" in warning
    assert "service.job(" not in warning
    assert any(line.startswith("KeyboardInterrupt") for line in lines)


def test_the_line_of_a_users_callback_is_shown(service: QiskitRuntimeService) -> None:
    """It is called by the package, and raises one of the package's errors itself."""

    def circuits() -> Iterator[QuantumCircuit]:
        yield QuantumCircuit(1)
        raise BackendError("no more circuits today")

    with pytest.raises(BackendError) as caught:
        EstimatorV2(service.backend("statevector")).run((each, "Z") for each in circuits())
    text = "".join(short_traceback(caught.value, caught.value.__traceback__))
    assert "    raise BackendError(" in text
    assert f"qiskit_rest_primitives{os.sep}primitives" not in text


def unknown_backend(service: QiskitRuntimeService) -> BackendError:
    """An error as a user catches it."""
    with pytest.raises(BackendError) as caught:
        service.backend("nowhere")
    return caught.value


def test_the_error_keeps_its_whole_traceback(service: QiskitRuntimeService) -> None:
    """Debuggers and logging.exception see the frames that are not shown."""
    error = unknown_backend(service)
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(Path(trace.tb_frame.f_code.co_filename).name)
        trace = trace.tb_next
    assert frames[-1] == "instance.py"
    assert "service.py" not in "".join(short_traceback(error, error.__traceback__))


def test_at_debug_everything_is_shown(
    service: QiskitRuntimeService, caplog: pytest.LogCaptureFixture
) -> None:
    """The logger's level is the switch, in scripts and notebooks."""
    error = unknown_backend(service)
    with caplog.at_level(logging.DEBUG, "qiskit_rest_primitives"):
        assert short_traceback(error, error.__traceback__) == []
        assert any("service.py" in line for line in notebook_traceback(error))


def test_the_users_own_error_before_it_is_shown(backend: RestBackend) -> None:
    """What the package caught within is left out, what the user was handling is not."""
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("angle"), 0)

    def handling() -> None:
        try:
            {}["mine"]
        except KeyError:
            EstimatorV2(backend).run([(circuit, "Z", {"phi": 0.1})])

    with pytest.raises(UnknownParameterError) as caught:
        handling()
    assert isinstance(caught.value.__cause__, ValueError)
    lines = short_traceback(caught.value, caught.value.__traceback__)
    assert "KeyError: 'mine'\n" in lines
    assert not any(line.startswith("ValueError") for line in lines)
    assert lines[-1].startswith("qiskit_rest_primitives.errors.UnknownParameterError: PUB 0: ")


@pytest.mark.parametrize(
    ("setup", "shown"),
    [
        ("raise ValueError('mine')", "ValueError: mine"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        (
            "sys.excepthook = lambda *_: print('my hook')\nimport qiskit_rest_primitives\n"
            "qiskit_rest_primitives.SamplerV2()",
            "my hook",
        ),
    ],
)
def test_other_errors_and_hooks_are_unchanged(
    local: LocalService, tmp_path: Path, setup: str, shown: str
) -> None:
    """Other errors are printed by Python, and a hook that somebody has set stays."""
    imports = "import sys\n" + ("" if "hook" in setup else "import qiskit_rest_primitives\n")
    lines = seen(imports + setup, tmp_path, local)
    assert lines[-1] == shown


def test_errors_of_the_package_alone_are_shown_whole() -> None:
    """Without a line of the user's there is nothing to cut to."""
    error = BackendError("x")
    assert short_traceback(error, None) == []
    assert notebook_traceback(error) == ["qiskit_rest_primitives.errors.BackendError: x"]
