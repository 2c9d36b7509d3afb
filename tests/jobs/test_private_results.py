"""A private job's result can be downloaded only once: nothing of it is lost."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives import (
    ProtocolError,
    QiskitRuntimeService,
    RestJob,
    RestPrimitivesError,
    SamplerV2,
    Settings,
)
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.settings import private_result


@pytest.fixture
def service(failing: LocalService, tmp_path: Path) -> QiskitRuntimeService:
    """A client of a service that fails on demand."""
    return QiskitRuntimeService(
        url=failing.url,
        token=failing.token,
        instance=failing.instance,
        settings=Settings(state_folder=tmp_path / "state"),
    )


@pytest.fixture
def job(service: QiskitRuntimeService) -> RestJob:
    """A private job that is completed."""
    circuit = QuantumCircuit(8)
    circuit.h(range(8))
    circuit.measure_all()
    options = {"environment": {"private": True}}
    made = SamplerV2(service.backend("statevector"), options=options).run([circuit], shots=500)
    made.wait_for_final_state(60)
    return made


def kept(service: QiskitRuntimeService) -> list[Path]:
    """The files of private results on disk."""
    return sorted((service.client.settings.state_folder / "private").glob("*"))


def test_a_second_handle_reads_the_file(
    failing: LocalService, service: QiskitRuntimeService, job: RestJob
) -> None:
    """It is written before decoding, for its owner only, and any process reads it."""
    result = job.result()
    (file,) = kept(service)
    assert file.stat().st_mode & 0o077 == 0
    assert file.read_bytes() == job.raw_result()
    again = service.job(job.job_id())
    assert again.private
    np.testing.assert_array_equal(again.result()[0].data.meas.array, result[0].data.meas.array)


def test_simultaneous_handles_download_once(
    failing: LocalService, service: QiskitRuntimeService, job: RestJob
) -> None:
    """Eight threads, four handles: each has the result."""
    failing.faults.add("GET", "/jobs/*/results", delay=0.2)
    handles = [service.job(job.job_id()) for _ in range(4)]
    counts: list[dict[str, int]] = []
    threads = [
        threading.Thread(
            target=lambda one=one: counts.append(one.result(timeout=60)[0].data.meas.get_counts())
        )
        for one in handles * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counts) == 8
    assert all(same == counts[0] for same in counts)
    assert sum("/results" in hit for hit in failing.faults.hits) == 1
    assert len(kept(service)) == 1


def test_an_incomplete_download_is_kept(
    failing: LocalService,
    service: QiskitRuntimeService,
    job: RestJob,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The connection breaks, and the service deletes its copy: the error names the partial file."""
    monkeypatch.setattr(retry_policies, "MISSING", retry_policies.Limit(0.3))
    failing.faults.add("GET", "/jobs/*/results", truncate=True, count=1)
    with pytest.raises(ProtocolError, match=r"part1") as problem:
        job.result(timeout=60)
    (part,) = kept(service)
    assert str(part) in str(problem.value)
    assert part.read_bytes().startswith(b'{"__type__":"PrimitiveResult"')


def test_undecodable_bytes_are_kept_and_not_downloaded_again(
    failing: LocalService, service: QiskitRuntimeService, job: RestJob
) -> None:
    """The file keeps the bytes unchanged."""
    failing.faults.add("GET", "/jobs/*/results", corrupt=True, count=1)
    with pytest.raises(ProtocolError):
        job.result(timeout=60)
    (file,) = kept(service)
    assert job.raw_result() == file.read_bytes()
    assert sum("/results" in hit for hit in failing.faults.hits) <= 1 + 1


def test_an_unwritable_folder_is_an_error_before_the_download(
    service: QiskitRuntimeService, job: RestJob, tmp_path: Path
) -> None:
    """The result is not requested if it can't be stored; the handle works once it can."""
    tmp_path.joinpath("state").mkdir(exist_ok=True)
    private = service.client.settings.state_folder / "private"
    private.write_text("a file in the way")
    with pytest.raises(RestPrimitivesError, match="QISKIT_REST_STATE"):
        job.result(timeout=60)
    private.unlink()
    assert job.result(timeout=60)[0].data.meas.num_shots == 500


def test_deleting_a_job_deletes_the_copy(service: QiskitRuntimeService, job: RestJob) -> None:
    """The local copy is deleted, too; copies of other jobs stay."""
    job.result()
    other = private_result(service.client.settings, "another")
    other.write_bytes(b"{}")
    service.delete_job(job.job_id())
    assert kept(service) == [other]


def test_others_can_no_longer_write_to_the_folder(
    service: QiskitRuntimeService, job: RestJob
) -> None:
    """A link there would make this package write to the file that it leads to."""
    private = service.client.settings.state_folder / "private"
    private.mkdir(parents=True, exist_ok=True)
    private.chmod(0o777)
    job.result()
    assert private.stat().st_mode & 0o022 == 0
