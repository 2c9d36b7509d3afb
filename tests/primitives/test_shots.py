"""The number of shots that options set, through real HTTP."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import requests
from qiskit import QuantumCircuit, qasm3

from qiskit_rest_primitives import EstimatorV2, QiskitRuntimeService, RestBackend, SamplerV2
from qiskit_rest_primitives.local import LocalService

BOTH = {"num_randomizations": 16, "shots_per_randomization": 100}


def plus(num_qubits: int = 1) -> QuantumCircuit:
    """The first qubit in a superposition, by a gate that devices have."""
    circuit = QuantumCircuit(num_qubits)
    circuit.sx(0)
    return circuit


@pytest.mark.parametrize("shots", [3, 10, 1000, 4096, 9999])
def test_the_estimator_runs_default_shots(backend: RestBackend, shots: int) -> None:
    """Rounding adds no shot: 1,000 stay 1,000."""
    estimator = EstimatorV2(backend, options={"default_shots": shots})
    assert estimator.run([(plus(), "Z")]).result()[0].metadata["shots"] == shots


def test_a_device_measures_default_shots(service: QiskitRuntimeService) -> None:
    """The mean of 1,000 values of +1 and -1 is a whole number of thousandths."""
    options = {"default_shots": 1000, "resilience_level": 0}
    estimator = EstimatorV2(service.backend("fake_5q"), options=options)
    [result] = estimator.run([(plus(5), "IIIIZ")]).result()
    ups = float(result.data.evs + 1) / 2 * 1000
    assert ups == pytest.approx(round(ups), abs=1e-9)
    assert result.data.stds == pytest.approx(((1 - result.data.evs**2) / 1000) ** 0.5)


@pytest.mark.parametrize(("number", "each"), [(16, 100), (7, 3)])
def test_the_product_of_twirling_is_the_number_of_shots(
    backend: RestBackend, number: int, each: int
) -> None:
    """It takes precedence over default_shots and default_precision, for both primitives."""
    group = {"num_randomizations": number, "shots_per_randomization": each}
    options: dict[str, Any] = {"twirling": {"enable_gates": True, **group}, "default_shots": 400}
    sampler, estimator = SamplerV2(backend, options=options), EstimatorV2(backend, options=options)
    estimator.options.default_precision = 0.5
    assert sampler.default_shots == number * each
    assert estimator.default_precision == pytest.approx((number * each) ** -0.5)
    with pytest.warns(UserWarning, match=r"options\.twirling\.enable_gates"):
        [sampled] = sampler.run([plus().measure_all(inplace=False)]).result()
    assert sampled.data.meas.num_shots == number * each
    assert sampled.metadata["shots"] == number * each
    with pytest.warns(UserWarning, match=r"options\.twirling\.enable_gates"):
        [estimated] = estimator.run([(plus(), "Z")]).result()
    assert estimated.metadata["shots"] == number * each
    assert estimated.metadata["num_randomizations"] == number


def test_pubs_and_run_override_twirling(backend: RestBackend) -> None:
    """Twirling's product does not override the shots of a PUB or run()."""
    options = {"twirling": {"enable_measure": True, **BOTH}}
    measured = plus().measure_all(inplace=False)
    job = SamplerV2(backend, options=options).run([(measured, None, 9), measured], shots=30)
    with pytest.warns(UserWarning, match="did not act"):
        sampled = job.result()
    assert [result.data.meas.num_shots for result in sampled] == [9, 30]
    job = EstimatorV2(backend, options=options).run([(plus(), "Z")], precision=0.1)
    with pytest.warns(UserWarning, match="did not act"):
        [estimated] = job.result()
    assert estimated.metadata["shots"] == 100


def test_jobs_of_other_clients_are_read_with_their_shots(
    local: LocalService, service: QiskitRuntimeService
) -> None:
    """A fetched job whose PUBs have no shots gets them from its options."""
    text = qasm3.dumps(plus().measure_all(inplace=False))
    headers = {
        "Authorization": f"Bearer {local.token}",
        "Service-CRN": local.instance,
        "IBM-API-Version": "2026-04-15",
    }
    for program, pub in (("sampler", [text]), ("estimator", [text, "Z"])):
        params = {
            "pubs": [pub],
            "options": {"twirling": {"enable_measure": True, **BOTH}, "default_shots": 7},
            "support_qiskit": True,
        }
        body = {"program_id": program, "backend": "statevector", "params": params}
        reply = requests.post(f"{local.url}/jobs", json=body, headers=headers, timeout=30)
        with pytest.warns(UserWarning, match="did not act"):
            [result] = service.job(reply.json()["id"]).result()
        assert result.metadata["shots"] == 1600
        if program == "sampler":
            assert result.data.meas.num_shots == 1600
        else:
            assert result.metadata["target_precision"] == np.sqrt(1 / 1600)
