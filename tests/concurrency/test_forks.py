"""A forked child: its locks are released, its futures complete, its sockets are its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qiskit_rest_primitives.local import LocalService, User
from tests.tokens import secret

FORKS = """
import contextlib, os, signal, sys, threading, warnings
warnings.simplefilter("ignore")  # Python 3.12 warns of forks with threads, which is the point
from qiskit import QuantumCircuit
from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2, Settings
from qiskit_rest_primitives.jobs.submission.rate_limit import rate_limit_of
from qiskit_rest_primitives.jobs.submission.submit import journal_of
from qiskit_rest_primitives.jobs.polling.poller import poller_of

url, instance = sys.argv[1:]
service = QiskitRuntimeService(url=url, instance=instance)
client, backend = service.client, service.backend("statevector")
circuit = QuantumCircuit(1)
circuit.x(0)
circuit.measure_all()
sampler = SamplerV2(backend)
job = sampler.run([circuit], shots=5)
job.wait_for_final_state(60)
slow = job._download.future()  # a download that hangs in a thread of the parent

locks = [service._lock, backend._lock, client._lock, client._transport._lock]
locks += [client._transport.auth.tokens._lock, poller_of(client)._wake]
locks += [rate_limit_of(client)._lock, journal_of(client)._lock, job._download._lock]
held, over = threading.Event(), threading.Event()

def hold():
    with contextlib.ExitStack() as stack:
        for lock in locks:
            stack.enter_context(lock)
        held.set()
        over.wait()

holder = threading.Thread(target=hold)
holder.start()
held.wait()
child = os.fork()
if not child:
    signal.alarm(60)
    assert {"1": 5} == job.result(timeout=50)[0].data.meas.get_counts()
    other = sampler.run([circuit], shots=7)
    assert {"1": 7} == other.result(timeout=50)[0].data.meas.get_counts()
    assert service.backend("statevector").target is not None
    assert other.job_id() != job.job_id()
    print("child", flush=True)
    os._exit(0)
_, status = os.waitpid(child, 0)
over.set()
holder.join()
assert status == 0, status
assert {"1": 5} == job.result(timeout=50)[0].data.meas.get_counts()
print("parent")
"""


@pytest.mark.slow
def test_a_fork_at_the_worst_moment(tmp_path: Path) -> None:
    """All locks are held and a download hangs in other threads: child and parent get results."""
    user = User("forker", secret("forker"))
    with LocalService(users=[user], faults=True) as local:
        local.faults.add("GET", "/jobs/*/results", delay=3, count=1)
        environment = {**os.environ, "QISKIT_REST_STATE": str(tmp_path), "IAM_URL": local.base_url}
        ran = subprocess.run(
            [sys.executable, "-c", FORKS, local.url, local.instance],
            env={**environment, "QISKIT_IBM_TOKEN": user.token},
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.split() == ["child", "parent"]


LOCAL_FORK = """
import os, sys
from qiskit import QuantumCircuit
from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2
from qiskit_rest_primitives.service.running import running_local_service
service = QiskitRuntimeService(channel="local")
circuit = QuantumCircuit(1)
circuit.measure_all()
sampler = SamplerV2(service.backend("statevector"))
def run():
    assert sampler.run([circuit], shots=2).result(60)[0].data.meas.get_counts() == {"0": 2}
if not os.fork():
    run()
    sys.exit(0)  # with all that is registered for the exit
assert os.wait()[1] == 0
run()
assert running_local_service().folder.is_dir()
"""


@pytest.mark.slow
def test_a_child_does_not_stop_its_parents_local_service(tmp_path: Path) -> None:
    """The service belongs to the parent, even if the child runs its atexit handlers."""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOCAL_FORK],
        env={**os.environ, "QISKIT_REST_STATE": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stderr
