"""A job that ended uses no processor, and a program does not wait for its jobs."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.engine.planning import thread_or_process
from qiskit_rest_primitives.local.simulators.base.setup import Setup
from tests.local.conftest import ALICE, Api
from tests.tokens import own_file

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

# Minutes of work in long operations, which check no flag for a tenth of a second.
LONG = (
    'OPENQASM 3; include "stdgates.inc"; qubit[22] q; bit[1] c;'
    + "".join(f"h q[{number % 22}];" for number in range(3000))
    + "c[0] = measure q[0];"
)
# A text whose reading takes a minute, before anything is simulated.
LONG_TO_READ = 'OPENQASM 3; include "stdgates.inc"; qubit[1] q;' + "".join(
    f"rx(1.5 * {number}) q[0];" for number in range(500_000)
)


def stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on; empty if the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def children(pid: int) -> list[int]:
    """Live child processes of a process."""
    everybody = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    found = [(child, stat(child)) for child in everybody]
    return [child for child, fields in found if fields and int(fields[1]) == pid]


def seconds_used(pid: int) -> float:
    """Processor time of a process and its children."""
    ticks = sum(int(n) for p in (pid, *children(pid)) if (f := stat(p)) for n in f[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def busy(pid: int) -> bool:
    """Whether a process and its children use a third of a second per second."""
    before = seconds_used(pid)
    time.sleep(1)
    return seconds_used(pid) - before > 0.3


def until_working(pid: int) -> None:
    """Waits until a child of a process is busy."""
    deadline = time.monotonic() + 60
    while not any(int(f[11]) > 200 for child in children(pid) if (f := stat(child))):
        assert time.monotonic() < deadline, "no child ever worked"
        time.sleep(0.1)


def long_job(**members: Any) -> dict[str, Any]:
    """The body of a job that takes minutes."""
    params = {"pubs": [[LONG, None, 5]]}
    return {"program_id": "sampler", "backend": "statevector", "params": params} | members


@pytest.fixture
def api() -> Iterator[Api]:
    """Calls to a separate service."""
    with LocalService(users=[ALICE]) as service:
        api = Api(service, ALICE)
        yield api
        api.session.close()


def test_a_cancelled_simulation_uses_no_processor(api: Api) -> None:
    """Two simulations are cancelled at once, and the next job runs."""
    job_ids = [api.submit(**long_job()) for _ in range(2)]
    until_working(os.getpid())
    for job_id in job_ids:
        api.call("POST", f"/jobs/{job_id}/cancel")
    for job_id in job_ids:
        assert api.wait(job_id)["state"]["status"] == "Cancelled"
    assert not busy(os.getpid())
    assert api.wait(api.run())["state"]["status"] == "Completed"


def test_a_simulation_out_of_time_uses_no_processor(api: Api) -> None:
    """The time limit stops the work, not only the job's status."""
    job_id = api.submit(**long_job(cost=3))
    job = api.wait(job_id)
    assert (job["state"]["status"], job["state"]["reason_code"]) == ("Cancelled", 1305)
    assert not busy(os.getpid())


def test_a_cancelled_job_that_is_being_read_uses_no_processor(api: Api) -> None:
    """The reader of OpenQASM 3 stops."""
    job_id = api.submit(params={"pubs": [[LONG_TO_READ, None, 5]]})
    api.wait(job_id, "Running")
    time.sleep(1)
    api.call("POST", f"/jobs/{job_id}/cancel")
    assert api.wait(job_id)["state"]["status"] == "Cancelled"
    assert not busy(os.getpid())


@pytest.mark.usual_level
@pytest.mark.parametrize("options", [(), ("--workers", "2")], ids=["default", "workers"])
def test_the_command_ends_with_its_jobs(tmp_path: Path, options: tuple[str, ...]) -> None:
    """SIGTERM while two long jobs run ends the program and its processes, without output."""
    tokens = own_file(tmp_path / "tokens")
    tokens.write_text(f"alice {ALICE.token}\n")
    tokens.chmod(0o600)
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "qiskit_rest_primitives",
        "serve",
        "--port",
        "0",
    ]
    command += ["--token-file", str(tokens), "--log-level", "warning", *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        out = ""
        while "Ctrl-C" not in out:
            line = process.stdout.readline()
            assert line, "it ended early"
            out += line
        url = re.search(r"^Serving (\S+)$", out, re.MULTILINE)
        assert url
        headers = {"Authorization": f"Bearer {ALICE.token}"}
        for _ in range(2):
            reply = requests.post(f"{url[1]}/jobs", json=long_job(), headers=headers, timeout=30)
            assert reply.status_code == 200
        until_working(process.pid)
        workers = children(process.pid)
        process.send_signal(signal.SIGTERM)
        # It takes less than two seconds on an idle machine, and the jobs would take minutes.
        rest, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, rest, errors) == (0, "stopping\n", "")
    assert workers
    assert not any(stat(pid) for pid in workers)


def placed(text: str, seconds: float, points: int = 1) -> bool:
    """Whether a text with this estimated time runs in threads."""
    from qiskit_rest_primitives.local.qasm3.reader import read_circuit
    from qiskit_rest_primitives.local.simulators.methods.statevector import ReferenceSimulator

    return thread_or_process.is_small(
        Setup(ReferenceSimulator(), read_circuit(text).circuit, seconds), points
    )


def test_only_short_pubs_run_in_threads() -> None:
    """By the estimate, and by width and operations if the estimate is unreliable."""
    head = 'OPENQASM 3; include "stdgates.inc"; qubit[{}] q; bit[1] c;'
    narrow, wide = head.format(2), head.format(22)
    assert placed(narrow + "h q[0]; cx q[0], q[1]; reset q[0]; c[0] = measure q[0];", 0.001)
    assert placed(narrow + "h q[0];", 0.001, points=50)
    assert not placed(narrow + "h q[0];", 0.001, points=5000)
    assert not placed(wide + "h q[0];", 0.001)
    assert not placed(narrow + "while (c[0] == 0) { c[0] = measure q[0]; }", 0.001)
    block = "gate many a { " + "h a;" * 50 + "} "
    assert not placed(narrow.replace("qubit", block + "qubit") + "many q[0];", 0.001)
