"""EstimatorV2 with options.mitigation = "client": sampler jobs only, the same values."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.primitives import StatevectorEstimator
from qiskit.primitives.containers import DataBin, PubResult
from qiskit.providers import JobError

from qiskit_rest_primitives import (
    EncodeError,
    EstimatorV2,
    JobCancelledError,
    JobFailedError,
    JobStateError,
    JobTimeoutError,
    OptionsError,
    QiskitRuntimeService,
    RestBackend,
)
from qiskit_rest_primitives.jobs.mitigated_job import MitigatedJob
from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.mitigation.base.steps import Finished, Run
from qiskit_rest_primitives.options import SamplerOptions
from qiskit_rest_primitives.primitives import client_mitigation
from tests.local.conftest import HeldExecutor

CLIENT = {"mitigation": "client"}


def ansatz() -> QuantumCircuit:
    """Two qubits, two parameters."""
    circuit = QuantumCircuit(2, metadata={"name": "ansatz"})
    circuit.ry(Parameter("a"), 0)
    circuit.cx(0, 1)
    circuit.rx(Parameter("b"), 1)
    return circuit


PUB = (
    ansatz(),
    [["ZZ"], ["XX"], [{"IY": 1.5, "ZI": -0.5}]],
    np.linspace(0, 2, 8).reshape(1, 4, 2),
)


def device_circuit() -> QuantumCircuit:
    """Two qubits of a device in (00 + 11) / sqrt(2), the fifth in 1."""
    circuit = QuantumCircuit(5)
    circuit.x(4)
    for qubit in (0, 1):
        circuit.rz(np.pi / 2, qubit)
        circuit.sx(qubit)
        circuit.rz(np.pi / 2, qubit)
    circuit.cz(0, 1)
    circuit.rz(np.pi / 2, 1)
    circuit.sx(1)
    circuit.rz(np.pi / 2, 1)
    return circuit


@pytest.fixture
def device(service: QiskitRuntimeService) -> RestBackend:
    """A device of five qubits."""
    return service.backend("fake_5q")


def test_values_are_the_exact_ones_within_their_errors(backend: RestBackend) -> None:
    """Without options the observables are measured in grouped bases, with one sampler job."""
    options = {**CLIENT, "environment": {"job_tags": ["mine"]}}
    job = EstimatorV2(backend, options=options).run([PUB, (ansatz(), "ZI", [0.1, 0.2])])
    assert isinstance(job, MitigatedJob)
    result = job.result(timeout=60)
    exact = StatevectorEstimator().run([PUB], precision=0).result()[0].data.evs
    assert result[0].data.evs.shape == (3, 4)
    assert (np.abs(result[0].data.evs - exact) < 5 * result[0].data.stds + 1e-9).all()
    assert result[0].data.stds.max() < 0.04
    assert result[0].metadata["circuit_metadata"] == {"name": "ansatz"}
    assert result[0].metadata["target_precision"] == 1 / 64
    [part] = job.parts
    assert part.primitive_id == "sampler"
    assert job.job_id() == part.job_id()
    assert job.tags == ["mine", job.mitigation_tag]
    assert (job.status(), job.done()) == ("DONE", True)


def test_its_jobs_are_found_by_their_tag(
    service: QiskitRuntimeService, backend: RestBackend
) -> None:
    """Their ids are on the handle, too; the tag stays when the user changes theirs."""
    job = EstimatorV2(backend, options=CLIENT).run([(ansatz(), "ZI", [0.1, 0.2])])
    assert job.update_tags(["new"]) == ["new", job.mitigation_tag]
    found = service.jobs(job_tags=[job.mitigation_tag])
    assert [one.job_id() for one in found] == [part.job_id() for part in job.parts]
    assert job.result(timeout=60)[0].data.evs.shape == ()
    assert job.usage() >= 0
    assert len(job.metrics()["parts"]) == 1
    assert job.logs().startswith(f"job {job.job_id()}:")
    assert job.error_message() is None
    assert job.backend() is backend
    assert job.session_id is None
    with pytest.raises(JobError, match=r"job\.parts"):
        job.raw_result()
    with pytest.raises(JobStateError, match="final"):
        job.cancel()


@pytest.mark.parametrize("level", [0, 1])
def test_a_device_gives_what_the_service_gives(device: RestBackend, level: int) -> None:
    """The same options give the same values within their errors, and the same metadata."""
    compare_with_the_service(device, level)


def compare_with_the_service(device: RestBackend, level: int) -> None:
    """Runs the same PUB with and without mitigation on the client."""
    pub = (device_circuit(), ["IIIZZ", "IIIXX", "ZIIII", "IIIYY"])
    options = {"resilience_level": level, "seed_estimator": 3}
    theirs = EstimatorV2(device, options=options).run([pub], precision=0.03).result()
    ours = EstimatorV2(device, options=options | CLIENT).run([pub], precision=0.03).result()
    difference = np.abs(ours[0].data.evs - theirs[0].data.evs)
    assert (difference < 5 * np.hypot(ours[0].data.stds, theirs[0].data.stds) + 0.02).all()
    if level:
        assert set(ours[0].data.keys()) == set(theirs[0].data.keys())
        assert ours[0].metadata == theirs[0].metadata
        assert ours.metadata == theirs.metadata


def test_a_loaded_handle_gives_the_same_result(backend: RestBackend) -> None:
    """A pickled handle has the jobs that were sent, and puts the result together again."""
    job = EstimatorV2(backend, options=CLIENT).run([PUB])
    copy = pickle.loads(pickle.dumps(job))
    assert copy.job_id() == job.job_id()
    assert np.array_equal(copy.result(60)[0].data.evs, job.future().result(60)[0].data.evs)


def test_contradictions_are_refused_before_anything_is_sent(
    service: QiskitRuntimeService, device: RestBackend
) -> None:
    """Both with the service's mitigation and with the client's."""
    resilience = {"zne_mitigation": True, "pec_mitigation": True}
    for more in ({}, CLIENT):
        estimator = EstimatorV2(device, options={"resilience": resilience, **more})
        with pytest.raises(OptionsError, match="exclude each other"):
            estimator.run([(device_circuit(), "IIIIZ")])


def test_exact_values_are_refused(backend: RestBackend) -> None:
    """A sampler has none."""
    with pytest.raises(EncodeError, match="PUB 0: precision 0 asks for exact values"):
        EstimatorV2(backend, options=CLIENT).run([PUB], precision=0)


def test_a_missing_extra_is_named(device: RestBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it; what does not need it runs without."""
    monkeypatch.setattr(client_mitigation, "extra_is_installed", lambda: False)
    estimator = EstimatorV2(device, options={**CLIENT, "resilience_level": 2})
    with pytest.raises(OptionsError, match=r"pip install 'qiskit-rest-primitives\[mitigation\]'"):
        estimator.run([(device_circuit(), "IIIIZ")])
    estimator.options.resilience_level = 0
    result = estimator.run([(device_circuit(), "ZIIII")], precision=0.1).result(60)
    assert result[0].data.evs < -0.8


def test_an_option_that_gives_way_is_warned_of(device: RestBackend) -> None:
    """When it is asked for, not with the result."""
    options = {"twirling": {"enable_measure": False}, "resilience_level": 1}
    with pytest.warns(UserWarning, match=r"needs twirling\.enable_measure, so False is ignored"):
        job = EstimatorV2(device, options=options).run([(device_circuit(), "IIIIZ")], precision=0.1)
    assert job.result(60)[0].data.stds < 0.3


@dataclass(frozen=True)
class Twice:
    """A step that samples a coin, then as often as it has shown heads."""

    runs: list[Run]
    last: bool = False

    def advance(self, samples: Any) -> Any:
        """Heads of the first job are the shots of the second, whose heads are the result."""
        heads = int(samples[0]["c"].array.sum())
        if self.last:
            return Finished([PubResult(DataBin(evs=np.array(heads)))], {"version": 2})
        return Twice([Run(self.runs[0].circuit, np.zeros((1, 0)), heads, 0)], last=True)


def coin(backend: RestBackend) -> MitigatedJob:
    """A job of two steps, of a coin with two heads."""
    circuit = QuantumCircuit(QuantumRegister(1), ClassicalRegister(1, "c"))
    circuit.x(0)
    circuit.measure(0, 0)
    submit = client_mitigation.Submit(backend, SamplerOptions(environment={"job_tags": ["t"]}))
    first = Twice([Run(circuit, np.zeros((1, 0)), 9, 0)])
    return MitigatedJob("t", first, submit, backend, "estimator")


def test_the_next_job_follows_from_the_results_of_the_one_before(backend: RestBackend) -> None:
    """Two jobs behind one handle, which sends the second by itself."""
    job = coin(backend)
    assert job.result(60)[0].data.evs == 9
    assert len(job.parts) == 2
    assert job.job_id() == ",".join(part.job_id() for part in job.parts)
    assert len(job.metrics()["parts"]) == 2


def test_a_mitigated_run_tells_what_was_submitted(device: RestBackend) -> None:
    """The program and the PUBs are those of the estimator; times and use are of its jobs."""
    circuit = device_circuit()
    job = EstimatorV2(device, options=CLIENT).run([(circuit, "IIIZZ")], precision=0.1)
    assert (job.primitive_id, job.program_id, job.backend_name) == (
        "estimator",
        "estimator",
        "fake_5q",
    )
    assert isinstance(job, MitigatedJob)
    first = job.parts[0]
    assert first.primitive_id == "sampler"
    assert job.instance == first.instance is not None
    assert (job.image, job.private) == ("", False)
    ((own, observables, values, precision),) = job.inputs["pubs"]
    assert own is circuit
    assert (observables, values.shape, precision) == ({"IIIZZ": 1.0}, (0,), 0.1)
    loaded = pickle.loads(pickle.dumps(job))
    assert loaded.primitive_id == "estimator"
    assert loaded.inputs == {**job.inputs, "pubs": None}
    job.result(60)
    job.refresh(params=True)
    assert job.creation_date == first.creation_date is not None
    assert job.usage_estimation["quantum_seconds"] > 0
    assert job.usage_estimation == first.usage_estimation
    assert job.properties() == first.properties() is not None


def test_a_failed_job_is_the_runs_failure(service: QiskitRuntimeService) -> None:
    """The service's reason is raised and reported."""
    too_wide = QuantumCircuit(30)
    too_wide.h(range(30))
    too_wide.cx(range(29), range(1, 30))
    estimator = EstimatorV2(service.backend("aer_density_matrix"), options=CLIENT)
    job = estimator.run([(too_wide, "Z" * 30)], precision=0.5)
    with pytest.raises(JobFailedError, match="PUB 0"):
        job.result(60)
    assert job.status() == "ERROR"
    assert "PUB 0" in str(job.error_message())


@pytest.fixture
def held() -> Iterator[RestBackend]:
    """A backend whose jobs run without end."""
    with LocalService(executor=HeldExecutor()) as local:
        service = QiskitRuntimeService(url=local.url, token=local.token, instance=local.instance)
        yield service.backend("statevector")


def test_a_cancelled_run_sends_no_more(held: RestBackend) -> None:
    """The job that runs is cancelled; waiting for less than it takes is a timeout."""
    job = coin(held)
    with pytest.raises(JobTimeoutError, match=job.job_id()):
        job.result(timeout=0.01)
    assert job.status() in ("QUEUED", "RUNNING")
    assert job.cancel()
    with pytest.raises(JobCancelledError):
        job.result(60)
    assert job.status() == "CANCELLED"
    assert len(job.parts) == 1
