"""Options against the embedded service: accepted, recorded and applied."""

from typing import Any

import pytest
import requests
from qiskit.circuit import QuantumCircuit

from qiskit_rest_primitives import EstimatorV2, RestBackend, SamplerV2
from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.local import LocalService
from tests.options.test_options import JOB_ROWS, JOB_TABLE, ROWS, TABLE, nested, plain


def bell() -> QuantumCircuit:
    """A Bell pair."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    return circuit


def run(backend: RestBackend, program: str, options: Any) -> Any:
    """Submits a small job."""
    if program == "sampler":
        return SamplerV2(backend, options=options).run([bell().measure_all(inplace=False)])
    return EstimatorV2(backend, options=options).run([(bell(), "ZZ")])


def recorded(local: LocalService, job_id: str) -> dict[str, Any]:
    """The job as the service recorded it."""
    headers = {
        "Authorization": f"Bearer {local.token}",
        "Service-CRN": local.instance,
        "IBM-API-Version": "2026-04-15",
    }
    reply = requests.get(f"{local.url}/jobs/{job_id}", headers=headers, timeout=30)
    assert reply.status_code == 200
    return reply.json()


@pytest.mark.parametrize(("program", "path"), ROWS)
def test_every_option_is_accepted_and_recorded(
    program: str, path: str, backend: RestBackend, local: LocalService
):
    """A job with one option set is accepted, and the service's record of it has the option."""
    value = TABLE[program][path][0][0]
    job = run(backend, program, nested(path, value))
    found: Any = recorded(local, job.job_id())["params"]
    for name in path.split(".") if path == "resilience_level" else ["options", *path.split(".")]:
        found = found[name]
    assert found == plain(value)


@pytest.mark.parametrize(("program", "path"), JOB_ROWS)
def test_options_of_the_job_are_accepted(program: str, path: str, backend: RestBackend):
    """A job with an option beside params is accepted."""
    assert run(backend, program, nested(path, JOB_TABLE[path][1][0])).job_id()


@pytest.mark.parametrize("program", ["sampler", "estimator"])
def test_wrong_options_send_nothing(
    program: str, backend: RestBackend, monkeypatch: pytest.MonkeyPatch
):
    """If options became invalid after construction, run() raises before any request."""
    primitive: Any = (SamplerV2 if program == "sampler" else EstimatorV2)(backend)
    primitive.options.environment.job_tags = ["a"]
    primitive.options.environment.job_tags.append("x" * 87)
    monkeypatch.setattr(requests.Session, "send", lambda *_, **__: pytest.fail("a request"))
    pub = (bell().measure_all(inplace=False),) if program == "sampler" else (bell(), "ZZ")
    with pytest.raises(OptionsError, match="job_tags"):
        primitive.run([pub])


def test_default_shots_are_applied(backend: RestBackend):
    """default_shots applies to PUBs without shots; those of PUBs and run() take precedence."""
    sampler = SamplerV2(backend, options={"default_shots": 11})
    circuit = bell().measure_all(inplace=False)
    result = sampler.run([circuit, (circuit, None, 7)]).result(timeout=60)
    assert [pub.data.meas.num_shots for pub in result] == [11, 7]
    assert sampler.run([circuit], shots=3).result(timeout=60)[0].data.meas.num_shots == 3


def test_a_seed_repeats_and_a_generator_does_not(backend: RestBackend):
    """An int seed gives the same counts each time, a Generator new ones."""
    import numpy as np

    circuit = bell().measure_all(inplace=False)

    def counts(seed: Any) -> list[Any]:
        sampler = SamplerV2(backend, options={"simulator": {"seed_simulator": seed}})
        jobs = [sampler.run([circuit], shots=2000) for _ in range(2)]
        return [job.result(timeout=60)[0].data.meas.array.tolist() for job in jobs]

    first, second = counts(5)
    assert first == second
    first, second = counts(np.random.default_rng(5))
    assert first != second
