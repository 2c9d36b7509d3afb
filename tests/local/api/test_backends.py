"""The endpoints below /backends, called with plain requests."""

from __future__ import annotations

import pytest

from qiskit_rest_primitives.local import LocalService
from tests.local.conftest import ALICE, Api, HeldExecutor

REQUIRED = {
    "backend_name",
    "backend_version",
    "basis_gates",
    "conditional",
    "coupling_map",
    "gates",
    "local",
    "memory",
    "n_qubits",
    "online_date",
}


def test_the_list_has_devices(api: Api) -> None:
    """Each device has what the contract requires."""
    devices = api.json("/backends")["devices"]
    for device in devices:
        assert {"name", "status", "queue_length", "is_simulator", "qubits"} <= set(device)
        assert device["status"]["name"] == "online"
    assert "statevector" in [device["name"] for device in devices]


def test_fields_are_wait_times_only(api: Api) -> None:
    """fields=wait_time_seconds is known, others are 400; unknown keys are ignored."""
    assert api.get("/backends", fields="wait_time_seconds").status_code == 200
    assert api.get("/backends", include_mocks="True").status_code == 200
    assert api.get("/backends", fields="color").status_code == 400


def test_the_oldest_version_lists_names(local: LocalService) -> None:
    """Before 2025-01-01, and without IBM-API-Version, the list has only names."""
    devices = Api(local, ALICE, version=None).json("/backends")["devices"]
    assert "statevector" in devices


@pytest.mark.parametrize("name", ["statevector", "fake_5q"])
def test_each_is_described(api: Api, name: str) -> None:
    """Configuration, properties, status, and null for defaults."""
    configuration = api.json(f"/backends/{name}/configuration")
    assert set(configuration) >= REQUIRED
    assert configuration["backend_name"] == name
    properties = api.json(f"/backends/{name}/properties", updated_before="2026-01-01T00:00:00Z")
    assert {"backend_name", "gates", "qubits", "general", "last_update_date"} <= set(properties)
    status = api.json(f"/backends/{name}/status")
    assert status["state"] is True
    assert status["status"] == "active"
    defaults = api.get(f"/backends/{name}/defaults")
    assert (defaults.status_code, defaults.content) == (200, b"null")


@pytest.mark.parametrize("part", ["configuration", "properties", "status", "defaults"])
def test_an_unknown_one_is_1007(api: Api, part: str) -> None:
    """404 with the registry's code."""
    reply = api.get(f"/backends/ibm_nowhere/{part}")
    assert reply.status_code == 404
    assert reply.json()["errors"][0]["code"] == 1007


def test_a_wrong_time_is_400(api: Api) -> None:
    """updated_before is ISO 8601."""
    assert api.get("/backends/statevector/properties", updated_before="now").status_code == 400


def test_there_are_no_properties_from_before_the_calibration(api: Api) -> None:
    """A time before the calibration is 404; the calibration's time is not."""
    date = api.json("/backends/fake_5q/properties")["last_update_date"]
    reply = api.get("/backends/fake_5q/properties", updated_before="2020-01-01")
    assert reply.status_code == 404
    assert date in reply.json()["errors"][0]["solution"]
    api.json("/backends/fake_5q/properties", updated_before=date)


@pytest.mark.parametrize(("name", "most"), [("fake_5q", 100_000), ("statevector", 20_000_000)])
def test_max_shots_is_the_most_that_a_backend_runs(api: Api, name: str, most: int) -> None:
    """max_shots of the configuration runs on a device; one more fails the job with a reason."""
    assert api.json(f"/backends/{name}/configuration")["max_shots"] == most
    text = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'
    job = api.wait(api.submit(backend=name, params={"pubs": [[text], [text, None, most + 1]]}))
    assert job["state"]["status"] == "Failed"
    assert job["state"]["reason_code"] == 1002
    assert f"PUB 1: {most + 1:,} shots; {name} runs at most {most:,}" in job["state"]["reason"]
    if name == "fake_5q":
        job_id = api.run(backend=name, params={"pubs": [[text, None, most]]})
        assert (
            len(api.json(f"/jobs/{job_id}/results")["results"][0]["data"]["c"]["samples"]) == most
        )


def test_the_queue_is_counted(held: tuple[Api, HeldExecutor]) -> None:
    """The queue length is the number of jobs that are not final."""
    api, _ = held
    for _ in range(3):
        api.submit()
    devices = {device["name"]: device for device in api.json("/backends")["devices"]}
    assert devices["statevector"]["queue_length"] == 3
    assert api.json("/backends/statevector/status")["length_queue"] == 3
