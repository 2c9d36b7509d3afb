"""SamplerV2 through the program executor: the same result, on services that have no sampler."""

from __future__ import annotations

import re

import msgspec
import numpy as np
import pytest
import requests
import responses
from qiskit import transpile

from qiskit_rest_primitives import (
    InvalidRequestError,
    QiskitRuntimeService,
    RestBackend,
    SamplerV2,
)
from qiskit_rest_primitives.jobs.mitigated_job import MitigatedJob
from qiskit_rest_primitives.jobs.split_job import SplitJob
from tests.primitives.test_executor import bell, sweep


def test_the_result_is_that_of_the_sampler_program(
    service: QiskitRuntimeService, backend: RestBackend
) -> None:
    """Registers, shapes and metadata are equal; deterministic bits too; also from the job's id."""
    circuit, values = sweep()
    sampler = SamplerV2(backend)
    expected = sampler.run([(circuit, values)], shots=20).result()
    sampler.options.program = "executor"
    job = sampler.run([(circuit, values)], shots=20)
    assert job.primitive_id == "executor"
    for result in (job.result(), service.job(job.job_id()).result()):
        assert list(result[0].data) == list(expected[0].data)
        for name in "abe":
            ours, theirs = result[0].data[name], expected[0].data[name]
            assert ours.shape == theirs.shape
            assert ours.num_bits == theirs.num_bits
            np.testing.assert_array_equal(ours.array, theirs.array)
        assert result[0].metadata == expected[0].metadata
        assert result.metadata.keys() == expected.metadata.keys()


def test_pubs_with_different_shots_are_several_programs(backend: RestBackend) -> None:
    """One handle has the result of all, in the order of the PUBs."""
    sampler = SamplerV2(backend, {"program": "executor"})
    job = sampler.run([(bell(), None, 5), (*sweep(), 7), (bell(), None, 5)])
    assert isinstance(job, SplitJob)
    assert len(job.parts) == 2
    assert job.primitive_id == "executor"
    assert [shots for _, _, shots in job.inputs["pubs"]] == [5, 7, 5]
    result = job.result()
    assert [pub.data.shape for pub in result] == [(), (2, 3), ()]
    assert result[1].data.a.num_shots == 7
    assert result[1].data.a.get_int_counts((1, 0)) == {1: 7}


def test_twirling_and_decoupling_act_on_the_client(service: QiskitRuntimeService) -> None:
    """The circuits of the random versions are sent as a quantum program."""
    device = service.backend("fake_5q")
    options = {
        "program": "executor",
        "twirling": {"enable_measure": True},
        "dynamical_decoupling": {"enable": True},
    }
    sampler, circuit = SamplerV2(device, options), transpile(bell(), device)
    assert sampler.estimate([circuit], shots=320).executions == 320
    job = sampler.run([circuit], shots=320)
    assert isinstance(job, MitigatedJob)
    assert (job.primitive_id, job.parts[0].primitive_id) == ("sampler", "executor")
    counts = job.result()[0].data.meas.get_counts()
    assert counts.get("00", 0) + counts.get("11", 0) > 240


def test_a_service_without_sampler(service: QiskitRuntimeService, backend: RestBackend) -> None:
    """Its refusal sends the run to executor, and so do all later ones; a forced sampler fails."""
    asked: list[str] = []

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        body = msgspec.json.decode(request.body or b"")
        asked.append(body["program_id"])
        if body["program_id"] == "executor":
            return 200, {}, b'{"id": "abc", "backend": "statevector"}'
        error = {"code": 1002, "message": "program_id: Invalid enum value 'sampler'"}
        return 400, {}, msgspec.json.encode({"errors": [error]})

    backend.status()
    sampler = SamplerV2(backend)
    with responses.RequestsMock() as mock:
        mock.passthru_prefixes = ()
        mock.add_callback("POST", re.compile(r".*/jobs$"), callback=answer)
        mock.add_passthru(re.compile(r".*/(backends|jobs/|jobs\?).*"))
        assert sampler.run([bell()], shots=5).job_id() == "abc"
        assert sampler.run([bell()], shots=5).job_id() == "abc"
        sampler.options.program = "sampler"
        with pytest.raises(InvalidRequestError, match=r"options\.program = 'auto'"):
            sampler.run([bell()], shots=5)
    assert asked == ["sampler", "executor", "executor", "sampler"]
