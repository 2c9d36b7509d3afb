"""The engine: order, cancellation, time limits, crashes; the same answer on every executor."""

from __future__ import annotations

import math
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives import StatevectorSampler

from qiskit_rest_primitives.local.engine import run_job
from qiskit_rest_primitives.local.engine.base.allowances import JobCaps
from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.engine.executors.workers import Workers, worker_processes
from qiskit_rest_primitives.local.engine.turns.task_turns import JobTasks
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.local.simulators.methods.statevector import ReferenceSimulator
from qiskit_rest_primitives.wire.executor import tensors
from tests.local.engine.jobs import Running, fail, run, text_of
from tests.wire.executor.programs import program

SEED = {"simulator": {"seed_simulator": 42}}


def rotated(num_qubits: int = 2) -> QuantumCircuit:
    """One parameter, entangled, measured."""
    circuit = QuantumCircuit(num_qubits)
    circuit.ry(Parameter("a"), 0)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


BELL = text_of(rotated())


@pytest.fixture
def engine():
    """An engine on threads that runs one job at a time."""
    engine = Engine(LocalBackends(), jobs_at_once=1)
    yield engine
    engine.close()


class Gate:
    """Blocks a simulator until opened."""

    def __init__(self, monkeypatch):
        self.opened = threading.Event()
        self.reached = threading.Event()
        sample = ReferenceSimulator.sample

        def slow(simulator, points, shots):
            self.reached.set()
            while not self.opened.wait(0.01):
                points.check()
            return sample(simulator, points, shots)

        monkeypatch.setattr(ReferenceSimulator, "sample", slow)


@pytest.fixture
def gate(monkeypatch):
    """A closed gate in front of the simulator."""
    gate = Gate(monkeypatch)
    yield gate
    gate.opened.set()


def test_a_job_ends_once_with_log_and_usage(engine):
    """Running, then Completed, with the steps in the log and seconds of work."""
    job = Running(engine, "sampler", {"pubs": [[BELL, [0.3], 10]]})
    outcome = job.outcome()
    assert job.started.is_set()
    assert outcome.status == "Completed"
    assert (outcome.reason, outcome.reason_code) == ("", None)
    assert outcome.usage_seconds > 0
    assert "completed" in outcome.logs
    time.sleep(0.05)
    assert len(job.outcomes) == 1


def test_the_plain_encoding_is_the_default(engine):
    """Without support_qiskit the result is hex samples."""
    outcome = Running(
        engine, "sampler", {"pubs": [[BELL, [math.pi], 3]], "support_qiskit": False}
    ).outcome()
    assert b'"0x3"' in outcome.body


def test_jobs_run_in_the_order_of_submission(engine, gate):
    """One at a time, the others wait and are counted."""
    jobs = [
        Running(engine, "sampler", {"pubs": [[BELL, [0.3], 1]]}, job_id=str(i)) for i in range(4)
    ]
    assert gate.reached.wait(30)
    assert engine.queue_length("statevector") == 3
    assert engine.queue_length() == 3
    assert engine.queue_length("aer") == 0
    assert [job.started.is_set() for job in jobs] == [True, False, False, False]
    gate.opened.set()
    for job in jobs:
        assert job.outcome().status == "Completed"


def test_a_user_does_not_wait_for_the_jobs_of_another(engine, gate):
    """Their first job starts at once, and so do those on further backends; the others wait."""
    first = [
        Running(engine, "sampler", {"pubs": [[BELL, [0.3], 1]]}, job_id=f"a{i}", user="a")
        for i in range(3)
    ]
    assert gate.reached.wait(30)
    second = [
        Running(engine, "sampler", {"pubs": [[BELL, [0.3], 1]]}, job_id=f"b{i}", user="b")
        for i in range(3)
    ]
    elsewhere = Running(engine, "sampler", {"pubs": [[BELL, [0.3], 1]]}, "aer", 30, "c", user="b")
    assert second[0].started.wait(30)
    assert elsewhere.outcome().status == "Completed"
    assert [job.started.is_set() for job in (*first, *second)] == [True, False, False] * 2
    assert [engine.place_in_queue(f"{user}{i}") for i in (1, 2) for user in "ab"] == [1, 2, 3, 4]
    assert engine.place_in_queue("a0") is None
    assert (engine.queued_jobs_of("a"), engine.queued_jobs_of("nobody")) == (2, 0)
    gate.opened.set()
    for job in (*first, *second):
        assert job.outcome().status == "Completed"


def test_jobs_of_a_session_go_first_once_it_is_active(engine, gate):
    """It is when one of its jobs has started."""
    jobs = [
        Running(engine, "sampler", {"pubs": [[BELL, [0.3], 1]]}, job_id=name, session_id=session)
        for name, session in (("s0", "s"), ("x0", None), ("x1", None), ("s1", "s"))
    ]
    late = Running(
        engine,
        "sampler",
        {"pubs": [[BELL, [0.3], 1]]},
        job_id="s2",
        session_id="s",
        session_active=True,
    )
    assert gate.reached.wait(30)
    assert [engine.place_in_queue(name) for name in ("s1", "s2", "x0", "x1")] == [1, 2, 3, 4]
    gate.opened.set()
    for job in (*jobs, late):
        assert job.outcome().status == "Completed"


def test_the_turns_of_others_are_not_a_jobs_time(engine, gate, monkeypatch):
    """A job that waits for them is not cancelled at its time limit."""
    monkeypatch.setattr(JobTasks, "held_up_seconds", lambda tasks: 3600.0)
    job = Running(engine, "sampler", {"pubs": [[BELL, [0.3], 1]]}, time_limit_seconds=0.1)
    assert gate.reached.wait(30)
    assert not job.ended.wait(0.3)
    gate.opened.set()
    assert job.outcome().status == "Completed"


def test_an_estimators_shots_count_against_the_limit_of_its_user(engine):
    """Those that its precision asks for, of each circuit."""
    text = 'OPENQASM 3; include "stdgates.inc"; sx $0;'
    params = {"pubs": [[text, ["IIIIZ"], [], 0.1]], "resilience_level": 0}
    refused = Running(engine, "estimator", params, "fake_5q", caps=JobCaps(shots=99)).outcome()
    assert refused.status == "Failed"
    assert "100 shots" in refused.reason
    caps = JobCaps(shots=100)
    Running(engine, "estimator", params, "fake_5q", job_id="more", caps=caps).result()


def test_a_queued_job_is_cancelled_at_once(engine, gate):
    """It never runs."""
    first = Running(engine, "sampler", {"pubs": [[BELL, [0.3], 1]]}, job_id="first")
    second = Running(engine, "sampler", {"pubs": [[BELL, [0.3], 1]]}, job_id="second")
    assert gate.reached.wait(30)
    engine.cancel("second")
    assert second.outcome(30).status == "Cancelled"
    assert not second.started.is_set()
    assert not first.ended.is_set()
    engine.cancel("nobody")


def test_a_running_job_is_cancelled_soon(engine, gate):
    """Its threads stop and run the next job."""
    job = Running(engine, "sampler", {"pubs": [[BELL, [0.3], 1]] * 5})
    assert gate.reached.wait(30)
    engine.cancel("job")
    outcome = job.outcome(30)
    assert (outcome.status, outcome.reason_code) == ("Cancelled", None)
    assert not gate.opened.is_set()
    gate.opened.set()
    run(engine, "sampler", [[BELL, [0.3], 1]])


def test_a_job_beyond_its_time_limit_is_cancelled_with_1305(engine, gate):
    """The limit is the job's own, or the engine's."""
    job = Running(engine, "sampler", {"pubs": [[BELL, [0.3], 1]]}, time_limit_seconds=0.2)
    outcome = job.outcome(30)
    assert (outcome.status, outcome.reason_code) == ("Cancelled", 1305)
    assert "0.2 s" in outcome.reason


@pytest.mark.parametrize(
    ("program_id", "params", "encoder"),
    [
        ("sampler", {"pubs": [[BELL, [0.3], 1]]}, (run_job, "iter_encoded_result")),
        ("executor", program([rotated().assign_parameters([0.3])]), (tensors, "iter_array_text")),
    ],
)
def test_a_job_ends_while_its_result_is_written(engine, monkeypatch, program_id, params, encoder):
    """A large result takes a while: the job can be cancelled, and keeps its time limit."""
    writing = threading.Event()

    def endless(*arguments, **options):
        while True:
            writing.set()
            time.sleep(0.01)
            yield b"more"

    monkeypatch.setattr(*encoder, endless)
    job = Running(engine, program_id, params)
    assert writing.wait(30)
    engine.cancel("job")
    assert (job.outcome(30).status, job.outcome().reason_code) == ("Cancelled", None)
    late = Running(engine, program_id, params, time_limit_seconds=1.0, job_id="late")
    assert (late.outcome(30).status, late.outcome().reason_code) == ("Cancelled", 1305)


def test_the_engine_survives_failures_of_the_simulator(engine, monkeypatch):
    """The job has a reason and the end of the traceback, after a panic of Rust code, too."""

    class PanicError(BaseException):
        pass

    def broken(*arguments):
        raise PanicError("index out of bounds")

    with monkeypatch.context() as patch:
        patch.setattr(ReferenceSimulator, "sample", broken)
        outcome = fail(engine, "sampler", [[BELL, [0.3]]])
    assert outcome.reason == "PanicError: index out of bounds"
    assert "Traceback" in outcome.logs
    assert "broken" in outcome.logs
    run(engine, "sampler", [[BELL, [0.3]]])


def test_callbacks_that_raise_do_not_stop_the_engine(engine):
    """The next job runs."""

    def broken(*arguments):
        raise OSError("disk full")

    from qiskit_rest_primitives.wire.request.job_request import decode_params

    params = decode_params("sampler", b'{"pubs": []}')
    engine.submit(
        "x",
        "statevector",
        lambda *_: params,
        program_id="sampler",
        on_running=broken,
        on_final=broken,
    )
    run(engine, "sampler", [[BELL, [0.3]]])


def test_closing_ends_every_job():
    """Running and queued ones are cancelled, later ones refused."""
    engine = Engine(LocalBackends(), jobs_at_once=1)
    values = np.zeros((4000, 1)).tolist()
    pubs = [[text_of(rotated(14)), values]]
    jobs = [Running(engine, "sampler", {"pubs": pubs}, job_id=str(i)) for i in range(2)]
    assert jobs[0].started.wait(30)
    engine.close()
    engine.close()
    assert [job.outcome(0.1).status for job in jobs] == ["Cancelled"] * 2
    with pytest.raises(RuntimeError, match="closed"):
        Running(engine, "sampler", {"pubs": []})


def test_an_unknown_backend_is_a_key_error(engine):
    """Nothing is queued."""
    with pytest.raises(KeyError):
        Running(engine, "sampler", {"pubs": []}, backend="ibm_nowhere")


SWEEP = np.linspace(0, 3, 60).reshape(12, 5, 1)


def sweep_results(engine: Engine) -> list[np.ndarray]:
    """A seeded sweep on the reference and one on Aer, sampled and estimated."""
    text = text_of(rotated(9))
    pubs = [[text, SWEEP.tolist(), 64], [text, SWEEP[0].tolist(), 10]]
    arrays: list[np.ndarray] = []
    for backend in ("statevector", "aer"):
        arrays += [
            pub.data.meas.array for pub in run(engine, "sampler", pubs, backend, options=SEED)
        ]
        estimator_pub = [text, ["Z" * 9, "X" * 9, "I" * 8 + "Z"], SWEEP[:, :1].tolist(), 0.1]
        [pub] = run(engine, "estimator", [estimator_pub], backend, options={"seed_estimator": 3})
        arrays.append(pub.data.evs)
    return arrays


@pytest.fixture(scope="module")
def threaded_results():
    """The sweep on threads, which is the reference's."""
    engine = Engine(LocalBackends())
    results = sweep_results(engine)
    engine.close()
    [expected] = StatevectorSampler(seed=42).run([(rotated(9), SWEEP)], shots=64).result()
    assert np.array_equal(results[0], expected.data.meas.array)
    return results


@pytest.mark.slow
@pytest.mark.parametrize("executor_of", [worker_processes, ThreadPoolExecutor])
@pytest.mark.parametrize("count", [1, 2])
def test_every_executor_gives_the_same_bits(threaded_results, executor_of, count):
    """A seeded sweep on one or two processes or threads equals the default's."""
    with executor_of(count) as executor:
        engine = Engine(LocalBackends(), executor)
        results = sweep_results(engine)
        engine.close()
    for got, want in zip(results, threaded_results, strict=True):
        assert np.array_equal(got, want)


@pytest.mark.slow
def test_the_number_of_tasks_does_not_change_the_result(threaded_results, monkeypatch):
    """One task per point gives the result of sixteen tasks per PUB."""
    from qiskit_rest_primitives.local.engine.planning import plan

    monkeypatch.setattr(plan, "_WORTH_CUTTING_SECONDS", 0)
    monkeypatch.setattr(plan, "_TASKS_PER_PUB", 1000)
    engine = Engine(LocalBackends())
    results = sweep_results(engine)
    engine.close()
    for got, want in zip(results, threaded_results, strict=True):
        assert np.array_equal(got, want)


def exit_process(*arguments):
    """Ends its process."""
    os._exit(11)


@pytest.mark.slow
def test_a_pool_that_lost_a_process_is_replaced(monkeypatch):
    """Only the job that crashes fails; the engine continues with new processes."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        engine = Engine(LocalBackends(), pool, jobs_at_once=1)
        submit = pool.submit
        monkeypatch.setattr(pool, "submit", lambda function, task: submit(exit_process, task))
        # The task itself is good: it is retried once, alone, and succeeds.
        run(engine, "sampler", [[BELL, [0.3], 5]])
        monkeypatch.setattr(pool, "submit", None)
        run(engine, "sampler", [[BELL, [0.3], 5]])
        engine.close()


@pytest.mark.slow
def test_a_crash_of_a_worker_process_fails_its_job(monkeypatch):
    """The job has a reason, and the next job runs."""
    monkeypatch.setattr(run_job, "MOST_RETRIES", 1)
    with worker_processes(1) as executor:
        engine = Engine(LocalBackends(), executor, jobs_at_once=1)
        from qiskit_rest_primitives.local.engine.executors import workers

        with monkeypatch.context() as patch:
            patch.setattr(workers, "run_task", exit_process)
            outcome = fail(engine, "sampler", [[BELL, [0.3], 5]])
        assert outcome.reason.startswith("PUB 0: 2 worker processes died while running it")
        assert "exit code 11" in outcome.reason
        assert outcome.reason_solution
        run(engine, "sampler", [[BELL, [0.3], 5]])
        engine.close()


def sleep_long(task):
    """A task that checks no flag."""
    time.sleep(600)


@pytest.mark.slow
def test_work_that_does_not_stop_is_killed_in_a_process(monkeypatch):
    """A cancelled job's process is soon available again."""
    from qiskit_rest_primitives.local.engine.executors import workers

    monkeypatch.setattr(workers, "_GRACE_SECONDS", 0.1)
    with worker_processes(1) as executor:
        engine = Engine(LocalBackends(), executor, jobs_at_once=1)
        with monkeypatch.context() as patch:
            patch.setattr(workers, "run_task", sleep_long)
            job = Running(engine, "sampler", {"pubs": [[BELL, [0.3], 5]]}, time_limit_seconds=1.0)
            assert job.outcome(60).reason_code == 1305
        run(engine, "sampler", [[BELL, [0.3], 5]])
        engine.close()


def test_the_callers_executor_is_not_shut_down():
    """Others may use it."""
    with ThreadPoolExecutor(1) as executor:
        workers = Workers(executor)
        workers.close()
        assert executor.submit(int, "3").result() == 3
