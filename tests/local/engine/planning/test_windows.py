"""The execution spans of a sampler's result."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import numpy as np
import pytest
from qiskit import transpile
from qiskit.circuit import Parameter, QuantumCircuit

from qiskit_rest_primitives import EstimatorV2, QiskitRuntimeService, SamplerV2
from qiskit_rest_primitives.local import LocalService
from tests.local.conftest import Api


@pytest.fixture(scope="module")
def service(local: LocalService) -> QiskitRuntimeService:
    """The service, for our client."""
    return QiskitRuntimeService(url=local.url, token=local.token)


def turned() -> QuantumCircuit:
    """A measured qubit, turned by a parameter."""
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("a"), 0)
    circuit.measure_all()
    return circuit


@pytest.mark.parametrize("twirled", [False, True])
def test_one_span_a_pub_while_the_job_ran(service: QiskitRuntimeService, twirled: bool) -> None:
    """It covers all points and shots of its PUB, and lies within the job's own times."""
    device = service.backend("fake_5q")
    sampler = SamplerV2(device)
    sampler.options.twirling.enable_measure = twirled
    isa = transpile(turned(), device)
    before = datetime.now(timezone.utc)
    pubs = [(isa, np.linspace(0, 1, 6).reshape(2, 3, 1), 20), (isa, [0.5], 30)]
    result = sampler.run(pubs).result()
    spans = result.metadata["execution"]["execution_spans"]
    assert spans.pub_idxs == [0, 1]
    assert [span.size for span in spans] == [6 * 20, 30]
    for index, span in enumerate(spans):
        bits = result[index].data.meas
        assert span.mask(index).shape == (*bits.shape, bits.num_shots)
        assert span.mask(index).all()
    assert before <= spans.start <= spans.stop <= datetime.now(timezone.utc)


def test_only_samples_have_spans(service: QiskitRuntimeService, api: Api) -> None:
    """Expectation values have none, nor has plain JSON, which has no form for them."""
    circuit = turned().remove_final_measurements(inplace=False)
    estimator = EstimatorV2(service.backend("statevector"))
    assert "execution" not in estimator.run([(circuit, "Z", [0.5])]).result().metadata
    plain = api.json(f"/jobs/{api.run()}/results")
    assert plain["metadata"] == {"version": 2}


def test_the_official_client_reads_windows(service: QiskitRuntimeService, api: Api) -> None:
    """Its classes give the same times and masks."""
    runtime = pytest.importorskip("qiskit_ibm_runtime")
    job = SamplerV2(service.backend("statevector")).run([(turned(), [0.1], 50)])
    [ours] = job.result().metadata["execution"]["execution_spans"]
    body = api.call("GET", f"/jobs/{job.job_id()}/results").text
    [theirs] = json.loads(body, cls=runtime.RuntimeDecoder).metadata["execution"]["execution_spans"]
    assert (ours.start, ours.stop, ours.size) == (theirs.start, theirs.stop, theirs.size)
    np.testing.assert_array_equal(ours.mask(0), theirs.mask(0))
