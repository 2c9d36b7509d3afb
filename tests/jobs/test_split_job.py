"""Runs that are too large for one job: divided by PUBs, points and shots, and joined exactly."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.primitives import StatevectorEstimator, StatevectorSampler
from qiskit.providers import JobError

from qiskit_rest_primitives import (
    EncodeError,
    EstimatorV2,
    JobStateError,
    QiskitRuntimeService,
    RestBackend,
    SamplerV2,
    SplitJob,
    TransportError,
    wait,
)
from qiskit_rest_primitives.circuits import encode_circuit
from qiskit_rest_primitives.primitives import encoded_pubs
from qiskit_rest_primitives.primitives.encoded_pubs import EncodedSamplerPub, pack


def rotation() -> QuantumCircuit:
    """One qubit turned by a parameter, measured into two registers."""
    circuit = QuantumCircuit(
        QuantumRegister(1), ClassicalRegister(1, "a"), ClassicalRegister(9, "b")
    )
    circuit.ry(Parameter("t"), 0)
    circuit.measure(0, 0)
    circuit.metadata = {"kept": True}
    return circuit


def test_a_sweep_is_divided_and_joined_exactly(
    backend: RestBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The joined result has the bits of the seeded reference."""
    monkeypatch.setattr(encoded_pubs, "MAX_EXECUTIONS", 100)
    values = np.linspace(0, 3, 12).reshape(3, 4, 1)
    pubs = [(rotation(), values, 20), (rotation(), [1.0], 5), (rotation(), [0.5], 250)]
    options = {"simulator": {"seed_simulator": 5}, "split": True}
    job = SamplerV2(backend, options=options).run(pubs)
    assert isinstance(job, SplitJob)
    assert len(job.parts) > 3
    result = job.result(timeout=60)
    assert job.done()
    reference = StatevectorSampler(seed=5).run(pubs).result()
    for index in (0, 1):
        for name in ("a", "b"):
            expected = reference[index].data[name]
            np.testing.assert_array_equal(result[index].data[name].array, expected.array)
        assert result[index].metadata["circuit_metadata"] == {"kept": True}
    # Shots of one point come from several jobs of one seed: their number counts.
    assert result[2].data.a.num_shots == 250
    assert result[2].metadata["shots"] == 250
    assert job.parts[0].result()[0].data.a.shape == (5,)


def test_observables_are_divided_with_the_values(
    backend: RestBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broadcast observables and values stay together."""
    monkeypatch.setattr(encoded_pubs, "MAX_BODY_BYTES", 5_000)
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("t"), 0)
    pub = (circuit, [["Z"], ["X"]], np.linspace(0, 3, 40).reshape(1, 40, 1))
    estimator = EstimatorV2(backend, options={"split": True})
    job = estimator.run([pub, (circuit, "Z", [0.0])], precision=0)
    assert len(job.parts) > 1
    result = job.result(timeout=60)
    expected = StatevectorEstimator().run([pub], precision=0).result()[0]
    np.testing.assert_allclose(result[0].data.evs, expected.data.evs, atol=1e-12)
    assert result[1].data.evs == pytest.approx(1)


def test_a_small_run_stays_one_job(backend: RestBackend) -> None:
    """A run below the limit is not divided."""
    job = SamplerV2(backend, options={"split": True}).run([(rotation(), [0.1], 3)])
    assert not isinstance(job, SplitJob)
    assert job.result()[0].data.a.num_shots == 3


def test_without_the_option_the_limit_is_an_error(
    backend: RestBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message has both sizes and the cure."""
    monkeypatch.setattr("qiskit_rest_primitives.primitives.request.MAX_BODY_BYTES", 200)
    with pytest.raises(
        EncodeError, match=r"MB, but the service accepts at most 0 MB.*options.split"
    ):
        SamplerV2(backend).run([(rotation(), [0.1], 3)])


def test_ids_of_parts_survive_a_failed_submission(
    backend: RestBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the jobs that already exist."""
    monkeypatch.setattr(encoded_pubs, "MAX_EXECUTIONS", 10)
    from qiskit_rest_primitives.primitives import request

    real, posted = request.submit, []

    def submit_one(*args, **more):
        if posted:
            raise TransportError("the network is gone.")
        posted.append(real(*args, **more))
        return posted[0]

    monkeypatch.setattr(request, "submit", submit_one)
    with pytest.raises(
        TransportError, match="Of its 3 jobs, these were submitted before: "
    ) as problem:
        SamplerV2(backend, options={"split": True}).run([(rotation(), [[0.1]] * 3, 10)])
    assert posted[0].job_id in str(problem.value)


def test_cancelling_and_waiting_reach_all_parts(
    backend: RestBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handle of several jobs behaves like that of one."""
    monkeypatch.setattr(encoded_pubs, "MAX_EXECUTIONS", 10)
    job = SamplerV2(backend, options={"split": True}).run([(rotation(), [[0.1]] * 3, 10)])
    job.wait_for_final_state(timeout=30)
    assert job.in_final_state()
    with pytest.raises(JobStateError, match="DONE"):
        job.cancel()
    assert not job.running()
    assert not job.cancelled()
    assert job.job_id().count(",") == len(job.parts) - 1 == 2
    assert [len(pieces) for pieces in job.pieces] == [1, 1, 1]
    assert job.future().result(timeout=30)[0].data.a.shape == (3,)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 25)), max_size=5), st.integers(1, 60))
def test_packing_covers_every_shot_once(pubs: list[tuple[int, int]], limit: int) -> None:
    """With any limit, each point's shots are run once, and no job exceeds the limit."""
    circuit = encode_circuit(rotation())
    works = [EncodedSamplerPub(circuit, np.zeros((n, 1)), shots, None) for n, shots in pubs]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoded_pubs, "MAX_EXECUTIONS", limit)
        jobs = pack(works)
    seen = [np.zeros((n, shots), int) for n, shots in pubs]
    for pieces in jobs:
        assert sum((p.stop - p.start) * p.shots for p in pieces) <= limit
        for p in pieces:
            seen[p.pub][p.start : p.stop, p.first_shot : p.first_shot + p.shots] += 1
    assert all((counts == 1).all() for counts in seen)


def test_a_split_run_has_the_methods_of_a_job(
    backend: RestBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Usage is summed, logs are joined, tags go to all parts; there is no single body."""
    monkeypatch.setattr(encoded_pubs, "MAX_EXECUTIONS", 100)
    options = {"simulator": {"seed_simulator": 5}, "split": True}
    job = SamplerV2(backend, options=options).run([(rotation(), [0.5], 150)])
    job.result(timeout=60)
    assert isinstance(job, SplitJob)
    assert job.usage() == pytest.approx(sum(part.usage() for part in job.parts))
    assert job.metrics() == {"parts": [part.metrics() for part in job.parts]}
    assert all(part.logs() in job.logs() for part in job.parts)
    assert job.error_message() is None
    assert job.backend() is backend
    assert job.update_tags(["mine"]) == ["mine"] == job.parts[-1].tags
    with pytest.raises(JobError, match="parts"):
        job.raw_result()
    with pytest.raises(TypeError, match="parts of a SplitJob"):
        wait([job])


def test_a_split_run_tells_what_was_submitted(
    backend: RestBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The PUBs are those of the run, not their pieces; a pickled handle has those of its parts."""
    monkeypatch.setattr(encoded_pubs, "MAX_EXECUTIONS", 10)
    options = {"simulator": {"seed_simulator": 5}, "split": True}
    circuit = rotation()
    job = SamplerV2(backend, options=options).run([(circuit, [[0.1], [0.2]], 10)])
    assert isinstance(job, SplitJob)
    assert (job.primitive_id, job.program_id, job.backend_name) == (
        "sampler",
        "sampler",
        "statevector",
    )
    assert job.instance == job.parts[0].instance is not None
    assert (job.image, job.private) == ("", False)
    ((own, values, shots),) = job.inputs["pubs"]
    assert own is circuit
    assert (values.tolist(), shots) == ([[0.1], [0.2]], 10)
    assert job.inputs["options"] == {"simulator": {"seed_simulator": 5}}
    loaded = pickle.loads(pickle.dumps(job))
    assert loaded.inputs == {**job.inputs, "pubs": None}
    loaded.refresh(params=True)
    assert [len(part.inputs["pubs"]) for part in loaded.parts] == [1, 1]
    assert loaded.inputs["options"] == job.inputs["options"]


def test_a_split_run_began_with_its_first_part(
    service: QiskitRuntimeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Creation and properties are those of the first part, the estimated use is the sum."""
    monkeypatch.setattr(encoded_pubs, "MAX_EXECUTIONS", 10)
    device = service.backend("fake_5q")
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    job = SamplerV2(device, options={"split": True}).run([circuit] * 2, shots=10)
    assert isinstance(job, SplitJob)
    assert job.creation_date is not None
    job.result(timeout=60)
    job.refresh()
    first, second = job.parts
    assert first.creation_date is not None
    assert second.creation_date is not None
    assert job.creation_date == first.creation_date < second.creation_date
    seconds = [part.usage_estimation["quantum_seconds"] for part in job.parts]
    assert min(seconds) > 0
    assert job.usage_estimation == {"quantum_seconds": sum(seconds)}
    assert job.properties() == first.properties() is not None


def test_a_run_without_pubs_has_the_members_of_a_job(service: QiskitRuntimeService) -> None:
    """There is no job that could tell, so the run itself does."""
    device = service.backend("fake_5q")
    job = EstimatorV2(device).run([])
    job.refresh()
    assert (job.primitive_id, job.image, job.private) == ("estimator", "", False)
    assert job.inputs == {"pubs": []}
    assert job.creation_date is None
    assert job.usage_estimation == {"quantum_seconds": 0}
    assert job.properties() == device.properties()
