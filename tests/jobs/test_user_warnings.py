"""The client warns about options that the service did not act on."""

from __future__ import annotations

import asyncio
import copy
import pickle
import warnings
from typing import Any

import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives import QiskitRuntimeService, RestBackend, SamplerV2, SplitJob
from qiskit_rest_primitives.primitives import encoded_pubs

OPTIONS: dict[str, Any] = {
    "dynamical_decoupling": {"enable": True, "sequence_type": "XY4"},
    "execution": {"rep_delay": 1e-4},
}
NAMES = (
    r"options\.dynamical_decoupling\.enable, options\.dynamical_decoupling\.sequence_type, "
    r"options\.execution\.rep_delay$"
)


def measured() -> QuantumCircuit:
    """One qubit."""
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    return circuit


def test_only_the_first_result_warns(backend: RestBackend) -> None:
    """The warning has their names and the job's id, and points at the caller's line."""
    job = SamplerV2(backend, options=OPTIONS).run([measured()])
    job.wait_for_final_state()
    with pytest.warns(UserWarning, match=f"job {job.job_id()}: .*: {NAMES}") as caught:
        first = job.result()
    assert [warning.filename for warning in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert job.result()[0].data.meas.get_counts() == first[0].data.meas.get_counts()
        copy.copy(job).result()
        pickle.loads(pickle.dumps(job)).result()


def test_a_job_fetched_by_its_id_warns_too(
    backend: RestBackend, service: QiskitRuntimeService
) -> None:
    """The warning depends on the service's metadata, not on this process's request."""
    sent = SamplerV2(backend, options=OPTIONS).run([measured()])
    with pytest.warns(UserWarning, match=NAMES):
        service.job(sent.job_id()).result()


def test_an_awaited_job_warns(backend: RestBackend) -> None:
    """With await and with future()."""

    async def wait(job: Any) -> Any:
        return await job

    with pytest.warns(UserWarning, match=NAMES):
        asyncio.run(wait(SamplerV2(backend, options=OPTIONS).run([measured()])))


def test_the_parts_of_one_run_warn_once(
    backend: RestBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All parts have the same options."""
    monkeypatch.setattr(encoded_pubs, "MAX_EXECUTIONS", 10)
    job = SamplerV2(backend, options={**OPTIONS, "split": True}).run([measured()] * 3, shots=10)
    assert isinstance(job, SplitJob)
    assert len(job.parts) == 3
    with pytest.warns(UserWarning, match=NAMES) as caught:
        job.result()
    assert [warning.filename for warning in caught] == [__file__]


def test_applied_options_give_no_warning(backend: RestBackend) -> None:
    """Nor do options that are set to their default behaviour."""
    options: dict[str, Any] = {
        "simulator": {"seed_simulator": 1},
        "default_shots": 10,
        "dynamical_decoupling": {"enable": False},
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SamplerV2(backend, options=options).run([measured()]).result()
