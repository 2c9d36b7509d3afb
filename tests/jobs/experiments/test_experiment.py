"""Experiments: what was run before is neither sent nor paid for again."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.providers.fake_provider import GenericBackendV2

from qiskit_rest_primitives import (
    Batch,
    EncodeError,
    EstimatorV2,
    Experiment,
    InputError,
    InvalidRequestError,
    QiskitRuntimeService,
    RestBackend,
    SamplerV2,
    Settings,
    SpendingError,
    load_result,
)
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.jobs.experiments.recorder import Recorder, Summary
from qiskit_rest_primitives.jobs.experiments.recording import recorder_for, recording_to
from qiskit_rest_primitives.jobs.experiments.run_record import RunRecord
from qiskit_rest_primitives.jobs.spending import Ledger
from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.simulators.devices import calibration_days
from qiskit_rest_primitives.primitives import request
from qiskit_rest_primitives.service import running
from qiskit_rest_primitives.service.embedded import served_backend
from tests.jobs.long_jobs import long_pubs


def rotation(name: str = "rotation", register: str = "c", **metadata: object) -> QuantumCircuit:
    """Three qubits in superposition, one of them turned by a parameter."""
    circuit = QuantumCircuit(
        QuantumRegister(3), ClassicalRegister(3, register), name=name, metadata=metadata
    )
    circuit.h(range(3))
    circuit.ry(Parameter("t"), 0)
    circuit.measure(range(3), range(3))
    return circuit


def counts(job) -> dict[str, int]:
    """Those of the first PUB."""
    return job.result(timeout=60)[0].join_data().get_counts()


def number_of_jobs(service: QiskitRuntimeService, tag: str) -> int:
    """The jobs on the service with a tag of the user."""
    return len(service.jobs(job_tags=[tag], limit=None))


def test_a_run_made_before_is_answered_without_the_service(tmp_path: Path) -> None:
    """Handle, status and result, when the service is down; only memory and folder are read."""
    with LocalService() as local:
        service = QiskitRuntimeService(
            url=local.url, token=local.token, settings=Settings(state_folder=tmp_path)
        )
        sampler = SamplerV2(service.backend("statevector"))
        with Experiment("once", folder=tmp_path / "once") as first:
            job = sampler.run([(rotation(), [0.3], 500)])
            measured = counts(job)
    assert (first.submitted, first.reused, first.jobs) == (1, 0, [job])
    with Experiment("once", folder=tmp_path / "once") as second:
        again = sampler.run([(rotation(), [0.3], 500)])
        assert again.status() == "DONE"
        assert counts(again) == measured
    assert again.job_id() == job.job_id()
    assert repr(second) == "Experiment('once', 1 job reused, 0 submitted)"


def test_its_folder_is_read_by_load_result_and_by_its_owner_only(
    local: LocalService, backend: RestBackend, tmp_path: Path
) -> None:
    """The default folder is that of the client's state; the token is in none of its files."""
    with Experiment("kept") as experiment:
        job = SamplerV2(backend).run([(rotation(), [0.3], 500)])
        result = job.result()
    assert experiment.folder == tmp_path / "state" / "experiments" / "kept"
    kept = load_result(experiment.folder / "results" / f"{job.job_id()}.zip")
    np.testing.assert_array_equal(kept[0].data.c.array, result[0].data.c.array)
    assert kept[0].metadata == result[0].metadata
    paths = [experiment.folder, *experiment.folder.rglob("*")]
    assert {path.stat().st_mode & 0o077 for path in paths} == {0}
    for path in paths:
        assert path.is_dir() or local.token.encode() not in path.read_bytes()


def test_equal_runs_of_one_block_are_several_jobs(backend: RestBackend, tmp_path: Path) -> None:
    """The n-th run is the n-th job when the block is run again, and one more is new."""
    sampler = SamplerV2(backend)
    with Experiment("again", folder=tmp_path):
        jobs = [sampler.run([(rotation(), [0.3])]) for _ in range(3)]
    with Experiment("again", folder=tmp_path) as experiment:
        same = [sampler.run([(rotation(), [0.3])]) for _ in range(4)]
    ids = [job.job_id() for job in jobs]
    assert len(set(ids)) == 3
    assert [job.job_id() for job in same[:3]] == ids
    assert (experiment.reused, experiment.submitted) == (3, 1)


def test_names_tags_and_sessions_may_differ(backend: RestBackend, tmp_path: Path) -> None:
    """The result has the metadata of the circuit that is run now, objects included."""
    thing = object()
    with Experiment("names", folder=tmp_path):
        job = SamplerV2(backend).run([(rotation(kept=1, thing=object()), [0.3])])
        job.result()
    options = {"environment": {"job_tags": ["other"]}, "max_execution_time": 99}
    with Experiment("names", folder=tmp_path), Batch(backend) as batch:
        again = SamplerV2(batch, options).run([(rotation("other", thing=thing), [0.3])])
        metadata = again.result()[0].metadata
    assert again.job_id() == job.job_id()
    assert metadata["circuit_metadata"] == {"thing": thing}
    assert again.session_id is None
    assert batch.job_ids == []


def test_whatever_changes_the_result_is_a_new_job(
    service: QiskitRuntimeService, backend: RestBackend, tmp_path: Path
) -> None:
    """Shots, values, options, registers, backend, instance and program."""
    circuit = rotation()
    unmeasured = circuit.remove_final_measurements(inplace=False)
    seeded = {"simulator": {"seed_simulator": 7}}

    def run() -> list[str]:
        sampler, estimator = SamplerV2(backend), EstimatorV2(backend)
        jobs = [
            sampler.run([(circuit, [0.3], 100)]),
            sampler.run([(circuit, [0.3], 101)]),
            sampler.run([(circuit, [0.4], 100)]),
            sampler.run([(rotation(register="d"), [0.3], 100)]),
            SamplerV2(backend, options=seeded).run([(circuit, [0.3], 100)]),
            SamplerV2(service.backend("aer")).run([(circuit, [0.3], 100)]),
            estimator.run([(unmeasured, "ZZZ", [0.3])]),
            estimator.run([(unmeasured, "XZZ", [0.3])]),
            estimator.run([(unmeasured, "XZZ", [0.3])], precision=0.1),
        ]
        return [job.job_id() for job in jobs]

    with Experiment("changes", folder=tmp_path) as experiment:
        ids = run()
    assert experiment.submitted == len(set(ids)) == 9
    with Experiment("changes", folder=tmp_path) as experiment:
        assert run() == ids
    assert experiment.submitted == 0


def test_a_job_whose_process_died_before_the_reply_is_adopted(
    service: QiskitRuntimeService,
    backend: RestBackend,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its tag was written before it was sent."""
    sampler = SamplerV2(backend, options={"environment": {"job_tags": ["adopted"]}})

    def dies(self: RunRecord, job_id: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, Experiment("dies", folder=tmp_path):
        patch.setattr(RunRecord, "has_job", dies)
        with pytest.raises(KeyboardInterrupt):
            sampler.run([(rotation(), [0.3], 50)])
    with Experiment("dies", folder=tmp_path) as experiment:
        job = sampler.run([(rotation(), [0.3], 50)])
        assert sum(counts(job).values()) == 50
    assert [job.job_id()] == [found.job_id() for found in service.jobs(job_tags=["adopted"])]
    assert experiment.jobs == [job]
    assert service.recover() == []


def test_a_job_that_was_never_sent_is_sent_under_the_same_tag(
    service: QiskitRuntimeService,
    backend: RestBackend,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Late duplicates have that tag, too; the block itself may try again."""
    tags: list[str] = []
    monkeypatch.setattr(retry_policies, "LOOKUPS", 1)

    def dies(client, body, *, tag, **given):
        tags.append(tag)
        raise KeyboardInterrupt

    sampler = SamplerV2(backend, options={"environment": {"job_tags": ["unsent"]}})
    with Experiment("unsent", folder=tmp_path):
        with monkeypatch.context() as patch:
            patch.setattr(request, "submit", dies)
            with pytest.raises(KeyboardInterrupt):
                sampler.run([(rotation(), [0.3])])
        assert counts(sampler.run([(rotation(), [0.3])]))
    assert number_of_jobs(service, "unsent") == 1
    assert number_of_jobs(service, tags[0]) == 1


def test_a_refused_run_leaves_nothing_to_look_up(
    failing: LocalService, client_of_failing: QiskitRuntimeService, tmp_path: Path
) -> None:
    """The next attempt has another tag, and is sent at once."""
    sampler = SamplerV2(client_of_failing.backend("statevector"))
    failing.faults.add("POST", "/jobs", status=400, count=1)
    failing.faults.add("GET", "/jobs", status=500)
    with Experiment("refused", folder=tmp_path) as experiment:
        with pytest.raises(InvalidRequestError):
            sampler.run([(rotation(), [0.3])])
        sampler.run([(rotation(), [0.3])])
    assert experiment.submitted == 1


def test_a_run_that_is_too_large_is_not_recorded(
    backend: RestBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was never sent, so nothing is looked up later."""
    with Experiment("large", folder=tmp_path):
        with monkeypatch.context() as patch:
            patch.setattr(request, "MAX_BODY_BYTES", 200)
            with pytest.raises(EncodeError, match="MB"):
                SamplerV2(backend).run([(rotation(), [0.3])])
        (path,) = (tmp_path / "runs").iterdir()
        assert RunRecord(path).latest() == {}


@pytest.mark.parametrize("ended", ["was cancelled", "failed"])
def test_a_job_without_a_result_is_run_again(
    backend: RestBackend, tmp_path: Path, ended: str
) -> None:
    """A warning says so; the new job takes its place."""
    pubs = long_pubs(20)
    with Experiment("ended", folder=tmp_path):
        limit = {"max_execution_time": 1} if ended == "failed" else {}
        job = SamplerV2(backend, options=limit).run(pubs)
        if not limit:
            job.cancel()
        job.wait_for_final_state(60)
    with Experiment("ended", folder=tmp_path):
        with pytest.warns(UserWarning, match=f"job {job.job_id()} {ended}: its PUBs are run again"):
            new = SamplerV2(backend).run(pubs)
        new.cancel()
    assert new.job_id() != job.job_id()


def test_a_job_that_is_gone_is_run_again_unless_its_result_is_kept(
    service: QiskitRuntimeService, backend: RestBackend, tmp_path: Path
) -> None:
    """The service deletes jobs; what was received stays."""
    sampler = SamplerV2(backend)
    with Experiment("gone", folder=tmp_path):
        jobs = [sampler.run([(rotation(), [value])]) for value in (0.1, 0.2)]
        measured = counts(jobs[0])
        jobs[1].wait_for_final_state(60)
    for job in jobs:
        service.delete_job(job.job_id())
    with Experiment("gone", folder=tmp_path) as experiment:
        assert counts(sampler.run([(rotation(), [0.1])])) == measured
        with pytest.warns(UserWarning, match="no longer on the service"):
            sampler.run([(rotation(), [0.2])])
    assert (experiment.reused, experiment.submitted) == (1, 1)


def test_the_embedded_service_of_the_next_process_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With another port, and without the jobs of the one before."""
    urls: set[str] = set()

    def run() -> str:
        with LocalService() as local, Experiment("kernel", folder=tmp_path):
            monkeypatch.setattr(running, "_local_service", local)
            service = QiskitRuntimeService(channel="local")
            urls.add(service.client.url)
            job = SamplerV2(service.backend("statevector")).run([(rotation(), [0.3])])
            assert counts(job)
            return job.job_id()

    assert run() == run()
    assert len(urls) == 2


def test_fresh_jobs_take_the_place_of_the_earlier_ones(
    backend: RestBackend, tmp_path: Path
) -> None:
    """The earlier results stay in the folder, and other runs stay reusable."""
    sampler = SamplerV2(backend)

    def run(value: float = 0.3, *, fresh: bool = False) -> str:
        with Experiment("fresh", folder=tmp_path, fresh=fresh):
            job = sampler.run([(rotation(), [value])])
            job.result()
        return job.job_id()

    other, first, second = run(0.4), run(), run(fresh=True)
    assert second != first
    assert run() == second
    assert run(0.4) == other
    kept = {path.stem for path in (tmp_path / "results").iterdir()}
    assert kept == {other, first, second}


def test_a_newer_calibration_is_named_once(
    local: LocalService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With both dates; the jobs are reused."""
    circuit = QuantumCircuit(5)
    circuit.sx(0)
    circuit.measure_all()

    def device() -> RestBackend:
        settings = Settings(state_folder=tmp_path / "state")
        service = QiskitRuntimeService(url=local.url, token=local.token, settings=settings)
        return service.backend("fake_5q")

    day = calibration_days.FIRST_DAY
    sampler = SamplerV2(device())
    with Experiment("days", folder=tmp_path / "days"):
        ids = [sampler.run([circuit]).job_id() for _ in range(2)]
    later = day + timedelta(days=3)
    monkeypatch.setattr(calibration_days, "today", lambda: later)
    sampler = SamplerV2(device())
    with (
        Experiment("days", folder=tmp_path / "days"),
        pytest.warns(UserWarning, match="calibrated since") as warned,
    ):
        assert [sampler.run([circuit]).job_id() for _ in range(2)] == ids
    (warning,) = warned
    assert day.isoformat() in str(warning.message)
    assert later.isoformat() in str(warning.message)
    assert warning.filename == __file__


@pytest.mark.parametrize("mitigation", ["service", "client"])
def test_reused_runs_are_neither_confirmed_nor_counted(
    local: LocalService, tmp_path: Path, mitigation: str
) -> None:
    """Leave to spend is asked for when a job is about to be sent."""
    asked: list = []
    settings = Settings(
        state_folder=tmp_path / "state",
        max_seconds_per_day=100,
        confirm=lambda estimate: asked.append(estimate) or len(asked) < 3,
    )
    service = QiskitRuntimeService(url=local.url, token=local.token, settings=settings)
    device = service.backend("fake_5q")
    estimator = EstimatorV2(device, options={"mitigation": mitigation})
    circuit = QuantumCircuit(5)
    circuit.sx(0)

    def run(precision: float) -> None:
        with Experiment("confirmed", folder=tmp_path / "confirmed"):
            estimator.run([(circuit, "IIIIZ")], precision=precision)

    run(0.1)
    spent = Ledger(device).spent_today()
    run(0.1)
    assert (len(asked), Ledger(device).spent_today()) == (1, spent)
    run(0.2)
    assert len(asked) == 2
    for _ in range(2):  # a run that was declined leaves nothing to look up
        with pytest.raises(SpendingError, match="declined"):
            run(0.3)


def test_a_private_result_is_reused_and_not_copied(
    service: QiskitRuntimeService, backend: RestBackend, tmp_path: Path
) -> None:
    """Its only copy is where the client keeps those of all private jobs."""
    sampler = SamplerV2(backend, options={"environment": {"private": True}})
    with Experiment("private", folder=tmp_path / "private"):
        job = sampler.run([(rotation(), [0.3])])
        measured = counts(job)
    service.client.delete_job(job.job_id())
    with Experiment("private", folder=tmp_path / "private"):
        again = sampler.run([(rotation(), [0.3])])
        assert again.job_id() == job.job_id()
        assert counts(again) == measured
    assert not (tmp_path / "private" / "results").exists()


def test_parts_of_a_split_run_are_reused(
    backend: RestBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal parts, too, are jobs of their own; a run that was cut short sends the rest."""
    monkeypatch.setattr("qiskit_rest_primitives.primitives.encoded_pubs.MAX_EXECUTIONS", 100)
    sampler = SamplerV2(backend, options={"split": True})
    pub = (rotation(), [0.3], 300)
    sent: list[str] = []
    prepare = request.JobSubmission.prepare

    def second_fails(self: request.JobSubmission, tag: str, **given: bool) -> bytes:
        if len(sent) == 1:
            raise EncodeError("no")
        sent.append(tag)
        return prepare(self, tag, **given)

    with Experiment("parts", folder=tmp_path), monkeypatch.context() as patch:
        patch.setattr(request.JobSubmission, "prepare", second_fails)
        with pytest.raises(EncodeError, match="Of its 3 jobs, these were submitted before"):
            sampler.run([pub])
    with Experiment("parts", folder=tmp_path) as experiment:
        job = sampler.run([pub])
        assert sum(counts(job).values()) == 300
    assert (experiment.reused, experiment.submitted) == (1, 2)
    assert len(set(job.job_id().split(","))) == 3
    with Experiment("parts", folder=tmp_path) as experiment:
        assert sampler.run([pub]).job_id() == job.job_id()
    assert experiment.submitted == 0


def test_mitigation_by_the_client_has_the_same_random_circuits(
    service: QiskitRuntimeService, tmp_path: Path
) -> None:
    """Its sampler jobs are reused, so the values are equal; another run has other circuits."""
    circuit = QuantumCircuit(5)
    circuit.sx(0)
    circuit.cz(0, 1)
    options = {"mitigation": "client", "resilience_level": 1}
    estimator = EstimatorV2(service.backend("fake_5q"), options=options)

    def run(*, fresh: bool = False) -> tuple[list, list[str]]:
        with Experiment("mitigated", folder=tmp_path, fresh=fresh) as experiment:
            jobs = [estimator.run([(circuit, "IIIIZ")], precision=0.1) for _ in range(2)]
            values = [float(job.result(timeout=60)[0].data.evs) for job in jobs]
            assert service.jobs(job_tags=[jobs[0].mitigation_tag])[0].job_id() == jobs[0].job_id()
        return values, [job.job_id() for job in experiment.jobs]

    values, ids = run()
    assert len(set(ids)) == 2
    assert run() == (values, ids)
    assert not set(run(fresh=True)[1]) & set(ids)


def test_the_block_holds_for_threads(
    service: QiskitRuntimeService, backend: RestBackend, tmp_path: Path
) -> None:
    """Runs of a thread pool are recorded, and each is one job."""
    sampler = SamplerV2(backend, options={"environment": {"job_tags": ["pool"]}})
    values = [0.1, 0.2, 0.3, 0.1, 0.2, 0.3]

    def run() -> set[str]:
        with Experiment("pool", folder=tmp_path), ThreadPoolExecutor(4) as pool:
            return set(
                pool.map(lambda value: sampler.run([(rotation(), [value])]).job_id(), values)
            )

    ids = run()
    assert run() == ids
    assert number_of_jobs(service, "pool") == len(ids) == 6


def test_processes_at_once_share_the_jobs(
    service: QiskitRuntimeService, backend: RestBackend, tmp_path: Path
) -> None:
    """The record of a run is locked while it is submitted; each process counts for itself."""
    sampler = SamplerV2(backend, options={"environment": {"job_tags": ["shared"]}})
    start = threading.Barrier(4)

    def run(_: int) -> list[str]:
        recorder = Recorder(tmp_path, fresh=False, scope="", summary=Summary())
        start.wait(30)
        with recording_to(recorder):
            return [sampler.run([(rotation(), [0.3])]).job_id() for _ in range(2)]

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(run, range(4))
    assert others == [first] * 3
    assert number_of_jobs(service, "shared") == len(set(first)) == 2


def test_an_object_of_this_process_is_not_recorded(tmp_path: Path) -> None:
    """The next process can't tell whether its own is the same; a warning says so once."""
    device = served_backend(GenericBackendV2(3, seed=1))
    with Experiment("object", folder=tmp_path):
        with pytest.warns(
            UserWarning, match="generic_backend_3q are not recorded in the experiment"
        ):
            assert recorder_for(device) is None
        assert recorder_for(device) is None


def test_damaged_files_cost_a_request(
    backend: RestBackend, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A line that a crash cut short is skipped; a result that can't be read is fetched again."""
    sampler = SamplerV2(backend)
    with Experiment("damaged", folder=tmp_path):
        job = sampler.run([(rotation(), [0.3])])
        measured = counts(job)
    (record,) = (tmp_path / "runs").iterdir()
    with record.open("ab") as file:
        file.write(b'{"tag": "qrp-')
    (kept,) = (tmp_path / "results").iterdir()
    kept.write_bytes(b"PK")
    with Experiment("damaged", folder=tmp_path), caplog.at_level(logging.WARNING):
        again = sampler.run([(rotation(), [0.3])])
        assert again.job_id() == job.job_id()
        assert counts(again) == measured
    assert "is downloaded again" in caplog.text
    assert load_result(kept)[0].data.c.get_counts() == measured
    RunRecord(record).has_job("another")
    assert RunRecord(record).latest()["job_id"] == "another"


def test_a_result_that_no_file_can_hold_is_returned(
    backend: RestBackend, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says that it was not kept."""
    (tmp_path / "results").write_text("in the way")
    with Experiment("full", folder=tmp_path), caplog.at_level(logging.WARNING):
        assert counts(SamplerV2(backend).run([(rotation(), [0.3])]))
    assert "the result was not kept" in caplog.text


def test_the_bytes_of_a_reused_result_are_those_of_the_service(
    backend: RestBackend, tmp_path: Path
) -> None:
    """They are not in the folder, so they are downloaded."""
    sampler = SamplerV2(backend)
    with Experiment("raw", folder=tmp_path):
        job = sampler.run([(rotation(), [0.3])])
        job.result()
    with Experiment("raw", folder=tmp_path):
        again = sampler.run([(rotation(), [0.3])])
        again.result()
        assert again.raw_result(60) == job.raw_result(60)


def test_one_experiment_is_open_at_a_time(tmp_path: Path) -> None:
    """The message names both; afterwards another may be opened."""
    with (
        Experiment("outer", folder=tmp_path),
        pytest.raises(InputError, match=r"'outer'.*is open in this process.*'inner'"),
        Experiment("inner", folder=tmp_path),
    ):
        pass
    with Experiment("inner", folder=tmp_path):
        pass


@pytest.mark.parametrize("name", ["", "..", "a/b", " a", "a:b"])
def test_a_name_is_that_of_a_folder(name: str) -> None:
    """Others are refused."""
    with pytest.raises(InputError, match="is that of its folder"):
        Experiment(name)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """Before anything is run."""
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(InputError, match="pass another folder"),
        Experiment("file", folder=tmp_path / "file" / "below"),
    ):
        pass


def test_runs_outside_the_block_are_not_recorded(backend: RestBackend, tmp_path: Path) -> None:
    """Neither after it nor in a part of it that sends its runs elsewhere."""
    with Experiment("outside", folder=tmp_path / "outside") as experiment, recording_to(None):
        SamplerV2(backend).run([(rotation(), [0.3])])
    SamplerV2(backend).run([(rotation(), [0.3])])
    assert experiment.jobs == []
    assert list((tmp_path / "outside").iterdir()) == []
