"""Worker processes: answers, errors, crashes, kills."""

from __future__ import annotations

import io
import math
import os
import pickle
import re
import signal
import sys
import time

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import CASE_DEFAULT

from qiskit_rest_primitives.local.engine.base.worker_processes import (
    WorkerDiedError,
    WorkerProcesses,
    how_it_ended,
    read_message,
    write_message,
)
from qiskit_rest_primitives.local.engine.executors import worker_main
from qiskit_rest_primitives.local.simulators.base.circuit_analysis import keep_qubits


@pytest.fixture(scope="module")
def workers():
    """One process, so that the next call gets the process of the previous one."""
    with WorkerProcesses(1) as workers:
        yield workers


def test_a_call_gives_its_result_or_its_exception(workers):
    """Like a call in this process."""
    assert workers.submit(math.hypot, 3, 4).result(60) == 5
    with pytest.raises(ValueError, match="math domain"):
        workers.submit(math.sqrt, -1).result(60)
    assert workers.submit(os.getpid).result(60) != os.getpid()


def test_the_default_case_of_a_switch_reaches_a_process_and_comes_back(workers):
    """Qiskit alone pickles it as another object, and refuses that in another process."""
    circuit = QuantumCircuit(1, 1)
    with circuit.switch(circuit.clbits[0]) as case:
        with case(0):
            circuit.x(0)
        with case(case.DEFAULT):
            circuit.z(0)
    again = workers.submit(keep_qubits, circuit, [0]).result(60)
    assert [block.count_ops() for block in again.data[0].operation.blocks] == [{"x": 1}, {"z": 1}]
    assert [*again.data[0].operation.cases_specifier()][1][0] == (CASE_DEFAULT,)


def test_a_process_that_dies_takes_only_its_own_call(workers):
    """Its future has the error, and the next call gets a new process."""
    crashing = workers.submit(os._exit, 3)
    following = workers.submit(math.hypot, 3, 4)
    with pytest.raises(WorkerDiedError, match="exit code 3"):
        crashing.result(60)
    assert following.result(60) == 5


@pytest.mark.skipif(sys.platform != "linux", reason="os.waitid")
def test_a_process_that_died_while_idle_gets_no_call(workers):
    """The kernel may end it for want of memory; the next call is not to blame."""
    pid = workers.submit(os.getpid).result(60)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert workers.submit(math.hypot, 3, 4).result(60) == 5


@pytest.mark.parametrize(
    ("code", "words"),
    [(3, "ended with exit code 3"), (-11, r"crashed \(signal 11\)"), (-9, "ran out of memory")],
)
def test_the_error_says_how_a_process_ended(code, words):
    """In words that go on after "the worker process"."""
    assert re.search(words, how_it_ended(code))


def test_a_running_call_can_be_killed(workers):
    """While it runs."""
    sleeping = workers.submit(time.sleep, 600)
    while not sleeping.running():
        time.sleep(0.01)
    workers.submit(math.hypot, 3, 4)
    workers.kill(sleeping)
    with pytest.raises(WorkerDiedError, match=f"signal {signal.SIGKILL:d}"):
        sleeping.result(60)
    workers.kill(sleeping)


def test_a_task_that_cannot_be_pickled_fails_alone(workers):
    """For arguments and for results."""
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        workers.submit(lambda: 1).result(60)
    with pytest.raises(RuntimeError, match="frame"):
        workers.submit(__import__("sys")._getframe).result(60)
    assert workers.submit(math.hypot, 3, 4).result(60) == 5
    with pytest.raises(TypeError):
        workers.submit(math.hypot, x=3)


def test_shutdown_drops_queued_calls():
    """Queued calls are cancelled, the running one is killed, and new ones are refused."""
    workers = WorkerProcesses(1, eager=True)
    running = workers.submit(time.sleep, 600)
    waiting = workers.submit(math.hypot, 3, 4)
    while not running.running():
        time.sleep(0.01)
    workers.shutdown(wait=True, cancel_futures=True)
    assert waiting.cancelled()
    with pytest.raises(WorkerDiedError):
        running.result(60)
    with pytest.raises(RuntimeError, match="shutdown"):
        workers.submit(math.hypot, 3, 4)


class Unreadable:
    """Can be pickled, but not unpickled."""

    def __reduce__(self):
        return math.sqrt, (-1,)


def raise_unreadable():
    """Raises an error that can be pickled, but not unpickled."""
    error = LookupError("why")
    error.part = Unreadable()
    raise error


def test_the_loop_of_a_worker_answers_every_call():
    """With results, exceptions, and exceptions that can't be unpickled, until its input ends."""
    calls, answers = io.BytesIO(), io.BytesIO()
    for call in [(math.hypot, (3, 4)), (math.sqrt, (-1,)), (raise_unreadable, ())]:
        write_message(calls, pickle.dumps(call))
    calls.seek(0)
    worker_main.serve(calls, answers)
    answers.seek(0)
    results = [pickle.loads(read_message(answers)) for _ in range(3)]
    assert results[0] == 5
    assert isinstance(results[1], ValueError)
    assert isinstance(results[2], RuntimeError)
    assert "why" in str(results[2])
    assert read_message(answers) is None
    assert read_message(io.BytesIO(b"\0" * 7 + b"\5abc")) is None


class Overlapping:
    """Counts the threads that pickle it at the same time."""

    now = most = 0

    def __reduce__(self) -> tuple[type[int], tuple[()]]:
        """Takes long enough for another thread to begin."""
        Overlapping.now += 1
        Overlapping.most = max(Overlapping.most, Overlapping.now)
        time.sleep(0.05)
        Overlapping.now -= 1
        return int, ()


@pytest.mark.slow
def test_calls_are_pickled_one_at_a_time() -> None:
    """Qiskit's circuits can deadlock otherwise, with all threads of the process."""
    with WorkerProcesses(3) as pool:
        shared = Overlapping()
        futures = [pool.submit(abs, shared) for _ in range(3)]
        assert [future.result(60) for future in futures] == [0, 0, 0]
    assert Overlapping.most == 1
