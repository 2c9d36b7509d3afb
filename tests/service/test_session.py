"""Session and Batch: jobs that join, the with block, closing."""

from __future__ import annotations

import logging
import pickle
import threading
import time

import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives import (
    Batch,
    EstimatorV2,
    QiskitRuntimeService,
    RestBackend,
    SamplerV2,
    Session,
    SessionError,
)
from qiskit_rest_primitives.service.session import current_session


def measured() -> QuantumCircuit:
    """One qubit, measured."""
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    return circuit


@pytest.mark.parametrize("kind", [Session, Batch])
def test_jobs_join_the_session_and_finish_after_its_block(
    service: QiskitRuntimeService, backend: RestBackend, kind: type[Session]
) -> None:
    """Primitives take the surrounding session; leaving it closes gracefully."""
    with kind(backend, max_time="10m") as session:
        sampled = SamplerV2().run([measured()], shots=3)
        estimated = EstimatorV2(mode=session).run([(QuantumCircuit(1), "Z")])
        assert session.details()["mode"] == kind.mode
        assert session.details()["max_time"] == 600
    assert sampled.result()[0].data.meas.num_shots == 3
    assert estimated.result()[0].data.evs == pytest.approx(1, abs=0.2)
    assert sampled.session_id == session.session_id
    assert session.job_ids == [sampled.job_id(), estimated.job_id()]
    listed = service.jobs(session_id=session.session_id)
    assert {job.job_id() for job in listed} == set(session.job_ids)
    assert session.status() == "Closed"
    with pytest.raises(SessionError, match="closed"):
        SamplerV2(session).run([measured()])


def test_a_session_is_found_by_its_id(service: QiskitRuntimeService, backend: RestBackend) -> None:
    """from_id gives a handle of the right kind; unknown ids are explained."""
    batch = Batch(backend)
    found = Session.from_id(batch.session_id, service)
    assert isinstance(found, Batch)
    assert found.backend() == "statevector"
    assert SamplerV2(found).run([measured()], shots=1).result()
    found.cancel()
    assert found.status() == "Closed"
    with pytest.raises(SessionError, match="no session"):
        Session.from_id("nothing", service)


def test_an_error_inside_names_the_jobs(
    backend: RestBackend, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception in the block does not lose their ids: they are in the log."""
    jobs = []

    def session_with_an_error() -> None:
        with Session(backend):
            jobs.append(SamplerV2().run([measured()], shots=1))
            raise ZeroDivisionError

    with caplog.at_level(logging.WARNING), pytest.raises(ZeroDivisionError):
        session_with_an_error()
    assert jobs[0].job_id() in caplog.text


def test_sessions_nest_and_pickle(backend: RestBackend) -> None:
    """The inner session is used, then the outer one again."""
    with Session(backend) as outer:
        with Batch(backend) as inner:
            assert SamplerV2().mode is inner
        assert SamplerV2().mode is outer
        assert pickle.loads(pickle.dumps(outer)).session_id == outer.session_id


@pytest.mark.parametrize("bad", ["an hour", 0, -5, ""])
def test_a_bad_max_time_is_refused(backend: RestBackend, bad: object) -> None:
    """Nothing is opened on the service."""
    with pytest.raises(SessionError, match="max_time"):
        Session(backend, max_time=bad)


def test_other_backends_are_refused() -> None:
    """The message says where to get one."""
    with pytest.raises(SessionError, match=r"service.backend\(name\)"):
        Session("statevector")


def test_threads_share_a_session(backend: RestBackend) -> None:
    """Threads enter and leave blocks in any order; primitives without a mode use the session."""
    session = Batch(backend)
    together = threading.Barrier(4)
    found: list[str | None] = []

    def work(number: int) -> None:
        with session:
            together.wait()
            found.append(SamplerV2().mode.session_id)
            time.sleep(0.01 * number)
        found.append("left" if current_session() is None else None)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted([session.session_id] * 4 + ["left"] * 4)


def test_nested_blocks_restore_the_outer_session(backend: RestBackend) -> None:
    """The innermost session is used, and the outer one again afterwards."""
    with Batch(backend) as outer:
        with Batch(backend) as inner:
            assert current_session() is inner
        assert current_session() is outer
    assert current_session() is None
