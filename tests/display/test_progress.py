"""Bars of waits: what they show, that they cost nothing, and what stays when they fail."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, FIRST_EXCEPTION, Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives import (
    EstimatorV2,
    JobTimeoutError,
    QiskitRuntimeService,
    RestBackend,
    SamplerV2,
    Settings,
    as_completed,
    wait,
)
from qiskit_rest_primitives.display import progress
from qiskit_rest_primitives.display.progress import Progress
from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.details import details_of
from qiskit_rest_primitives.jobs.polling.wait_for_jobs import describe_job
from qiskit_rest_primitives.local import LocalService
from tests.until import until


class Drawn:
    """What was drawn on standard error since it was last asked for."""

    def __init__(self, captured: pytest.CaptureFixture[str]):
        self._captured = captured

    def text(self) -> str:
        """All of it, with a line for each drawing."""
        return self._captured.readouterr().err.replace("\r", "\n")


@pytest.fixture
def drawn(capsys: pytest.CaptureFixture[str]) -> Drawn:
    """Standard error, where tqdm draws."""
    return Drawn(capsys)


@pytest.fixture
def circuit() -> QuantumCircuit:
    """A measured qubit."""
    made = QuantumCircuit(1)
    made.measure_all()
    return made


def resolved(value: object = None, error: Exception | None = None) -> Future[object]:
    """A future that is done."""
    future: Future[object] = Future()
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
    return future


def test_a_bar_shows_words_and_numbers(drawn: Drawn) -> None:
    """What is known, how many are done, and the elapsed time."""
    with Progress(True, 2, lambda: "1 RUNNING") as bar:
        done, pending = bar.wait([resolved(), Future()], timeout=0.0)
        bar.draw()
    assert (len(done), len(pending)) == (1, 1)
    last = drawn.text().splitlines()[-1]
    assert last.startswith("1 RUNNING ")
    assert "1/2 [" in last


@pytest.mark.parametrize(
    ("return_when", "future"),
    [(FIRST_COMPLETED, resolved()), (FIRST_EXCEPTION, resolved(error=ValueError("x")))],
)
def test_a_wait_with_a_bar_returns_as_one_without(
    drawn: Drawn, return_when: str, future: Future[object]
) -> None:
    """When the condition holds, although another future is pending."""
    other: Future[object] = Future()
    with Progress(True, 2, lambda: "x") as bar:
        assert bar.wait([future, other], 60, return_when) == ({future}, {other})


def test_first_exception_waits_for_all_that_succeed(drawn: Drawn) -> None:
    """A success alone does not end the wait."""
    first, second = resolved(), Future[object]()
    threading.Timer(0.3, second.set_result, [None]).start()
    with Progress(True, 2, lambda: "x") as bar:
        assert bar.wait([first, second], 60, FIRST_EXCEPTION)[1] == set()


@pytest.mark.parametrize("show", [False, None])
def test_no_bar_in_a_script(drawn: Drawn, show: bool | None) -> None:
    """Unless it is asked for."""
    with Progress(show, 1, lambda: "x") as bar:
        bar.wait([Future()], timeout=0.3)
    assert drawn.text() == ""


def test_a_bar_in_a_notebook_appears_after_two_seconds(
    drawn: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quick job shows none, and a thread of the user's neither."""
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    assert progress.DELAY_SECONDS == 2
    monkeypatch.setattr(progress, "DELAY_SECONDS", 60)
    with Progress(None, 1, lambda: "x") as bar:
        bar.wait([Future()], timeout=0.3)
    assert drawn.text() == ""
    monkeypatch.setattr(progress, "DELAY_SECONDS", 0.0)
    with Progress(None, 1, lambda: "shown") as bar:
        bar.wait([Future()], timeout=0.3)
    assert "shown" in drawn.text()

    def in_a_thread() -> None:
        with Progress(None, 1, lambda: "not this") as bar:
            bar.wait([Future()], timeout=0.3)

    thread = threading.Thread(target=in_a_thread)
    thread.start()
    thread.join()
    assert drawn.text() == ""


def test_progress_without_tqdm_is_an_import_error(
    monkeypatch: pytest.MonkeyPatch, backend: RestBackend, circuit: QuantumCircuit
) -> None:
    """Before anything is waited for or sent; a notebook's default shows nothing."""
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    job = SamplerV2(backend).run([circuit])
    calls = [
        lambda: job.result(progress=True),
        lambda: job.wait_for_final_state(progress=True),
        lambda: wait([job], progress=True),
        lambda: as_completed([job], progress=True),
        lambda: backend.service.run_all(SamplerV2(backend), [[circuit]], progress=True),
    ]
    for call in calls:
        with pytest.raises(ImportError, match=r"pip install 'qiskit-rest-primitives\[notebook\]'"):
            call()
    assert job.result(timeout=60)[0].data.meas.num_shots == 4096


def test_a_bar_that_fails_does_not_end_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one whose terminal is gone."""

    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError("gone")

    monkeypatch.setattr(sys, "stderr", Gone())
    future: Future[object] = Future()
    threading.Timer(0.5, future.set_result, ["fine"]).start()
    with Progress(True, 1, lambda: "x") as bar:
        assert bar.wait([future], 60)[0] == {future}


def test_an_interrupt_ends_the_line(drawn: Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed next begins on a line of its own."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with Progress(True, 1, lambda: "x") as bar:
        bar.draw()
        monkeypatch.setattr(progress, "wait_for_futures", interrupt)
        with pytest.raises(KeyboardInterrupt):
            bar.wait([Future()])
        assert drawn.text().endswith("\n")


@contextmanager
def held_back(failing: LocalService, job: Job) -> Iterator[None]:
    """A job that can't be polled until a bar has shown three times that it is not final."""
    assert failing.faults is not None
    failing.faults.add("GET", f"/jobs/{job.job_id()}", status=503)
    drawings = 0
    draw = Progress.draw

    def noted(bar: Progress, number: int | None = None) -> None:
        nonlocal drawings
        draw(bar, number)
        drawings += 1
        if drawings == 3 and failing.faults is not None:
            failing.faults.clear()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Progress, "draw", noted)
        yield


def test_the_bar_of_a_result_shows_id_and_state(
    drawn: Drawn,
    failing: LocalService,
    client_of_failing: QiskitRuntimeService,
    circuit: QuantumCircuit,
) -> None:
    """Id, state and 1/1; no thread is left."""
    before = set(threading.enumerate())
    job = SamplerV2(client_of_failing.backend("statevector")).run([circuit])
    with held_back(failing, job):
        job.result(timeout=60, progress=True)
    first, *_, last = (line for line in drawn.text().splitlines() if line)
    assert first.startswith(f"{job.job_id()} submitted ")
    assert "0/1 [" in first
    assert last.startswith(f"{job.job_id()} DONE ")
    assert "1/1 [" in last
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not {name for name in left if "tqdm" in name.lower() or "monitor" in name.lower()}


def test_drawing_sends_no_request(
    failing: LocalService, client_of_failing: QiskitRuntimeService, circuit: QuantumCircuit
) -> None:
    """A bar shows what the polls of the wait have learned, and polls nothing itself."""
    job = SamplerV2(client_of_failing.backend("statevector")).run([circuit])
    failing.faults.add("*", "*", status=503)
    assert describe_job(details_of(job)) == f"{job.job_id()} submitted"
    assert list(failing.faults.hits) == []


class Stuck(Executor):
    """Takes the tasks of two jobs, and never ends one."""

    _max_workers = 2

    def submit(self, _function: object, /, *_: object, **__: object) -> Future[Any]:
        """A future that stays pending."""
        return Future()


def test_queue_places_are_shown(drawn: Drawn, circuit: QuantumCircuit) -> None:
    """As the embedded service reports them: two jobs run, and one waits before the last."""
    with LocalService(executor=Stuck()) as busy:
        service = QiskitRuntimeService(url=busy.url, token=busy.token)
        sampler = SamplerV2(service.backend("statevector"))
        jobs = [sampler.run([circuit]) for _ in range(4)]
        while jobs[-1].metrics().get("position_in_queue") != 2:
            assert jobs[-1].status() == "QUEUED"
        shown = ""

        def is_shown() -> bool:
            nonlocal shown
            with pytest.raises(JobTimeoutError):
                jobs[-1].wait_for_final_state(timeout=1.0, progress=True)
            shown += drawn.text()
            return f"{jobs[-1].job_id()} QUEUED, place 2 in the queue" in shown

        until(is_shown)
        assert "position_in_queue" not in jobs[0].metrics()


def test_bars_of_many_jobs_count_jobs(
    drawn: Drawn,
    failing: LocalService,
    client_of_failing: QiskitRuntimeService,
    circuit: QuantumCircuit,
) -> None:
    """wait, as_completed and run_all count jobs."""
    sampler = SamplerV2(client_of_failing.backend("statevector"))
    jobs = list(client_of_failing.run_all(sampler, [[circuit]] * 3, progress=True))
    shown = drawn.text()
    assert "jobs submitted" in shown
    assert "3/3 [" in shown
    late = sampler.run([circuit])
    with held_back(failing, late):
        assert len(wait([*jobs, late], timeout=60, progress=True)[0]) == 4
    assert "all final " in (shown := drawn.text())
    assert "4/4 [" in shown
    late = sampler.run([circuit])
    with held_back(failing, late):
        assert list(as_completed([*jobs, late], progress=True))[-1] is late
    shown = drawn.text()
    assert "3/4 [" in shown
    assert f"{late.job_id()} submitted " in shown


def test_runs_from_a_generator_have_no_total(
    drawn: Drawn, backend: RestBackend, circuit: QuantumCircuit
) -> None:
    """They are counted all the same."""

    def runs() -> Iterator[list[QuantumCircuit]]:
        yield [circuit]
        yield [circuit]

    assert len(list(backend.service.run_all(SamplerV2(backend), runs(), progress=True))) == 2
    assert "jobs submitted: 2 [" in drawn.text()


def test_runs_of_several_jobs(drawn: Drawn, backend: RestBackend, circuit: QuantumCircuit) -> None:
    """Mitigated by the client, or made by backend.run."""
    options = {"mitigation": "client"}
    job = EstimatorV2(backend, options=options).run([(QuantumCircuit(1), "Z")])
    assert float(job.result(timeout=60, progress=True)[0].data.evs) == 1.0
    assert backend.run(circuit, shots=7).result(timeout=60, progress=True).get_counts() == {"0": 7}


def test_settings_decide_unless_the_call_does(
    drawn: Drawn, local: LocalService, tmp_path: Path, circuit: QuantumCircuit
) -> None:
    """True for always; an argument comes first."""
    settings = Settings(progress=True, state_folder=tmp_path)
    service = QiskitRuntimeService(url=local.url, token=local.token, settings=settings)
    sampler = SamplerV2(service.backend("statevector"))
    sampler.run([circuit]).result(timeout=60)
    assert "1/1 [" in drawn.text()
    sampler.run([circuit]).result(timeout=60, progress=False)
    assert drawn.text() == ""
    with pytest.raises(OptionsError, match="pass True, False or None"):
        Settings(progress="yes")
