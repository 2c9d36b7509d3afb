"""A device has a calibration for each day; queries and jobs can name one. Plain requests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.simulators.devices import calibration_days
from qiskit_rest_primitives.local.simulators.devices.calibration_days import FIRST_DAY
from qiskit_rest_primitives.local.simulators.devices.fake_devices import FakeDevice
from tests.local.conftest import ALICE, Api

TODAY = FIRST_DAY + timedelta(days=9)


@pytest.fixture
def tenth_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the tenth day of the devices."""
    monkeypatch.setattr(calibration_days, "today", lambda: TODAY)


def t1_of(properties: dict[str, list[list[dict[str, object]]]]) -> object:
    """T1 of the first qubit, in microseconds."""
    return next(value["value"] for value in properties["qubits"][0] if value["name"] == "T1")


def expected_t1(day: date, noise: float = 1.0) -> object:
    """The same from the device's target of that day."""
    return pytest.approx(1e6 * FakeDevice(5, day, noise).calibration.target.qubit_properties[0].t1)


@pytest.mark.usefixtures("tenth_day")
class TestDays:
    def test_properties_are_todays(self, api: Api) -> None:
        """Without a query, the newest calibration; its date says so."""
        found = api.json("/backends/fake_5q/properties")
        assert found["last_update_date"].startswith(TODAY.isoformat())
        assert t1_of(found) == expected_t1(TODAY)

    @pytest.mark.parametrize(
        ("before", "day"),
        [
            ("2026-01-04T12:00:00Z", date(2026, 1, 4)),
            ("2026-01-04T00:00:00Z", date(2026, 1, 4)),
            ("2026-01-03T23:59:59Z", date(2026, 1, 3)),
            ("2026-01-04T01:00:00+02:00", date(2026, 1, 3)),
            ("2030-01-01T00:00:00Z", TODAY),
            ("9999-12-31T23:59:59Z", TODAY),
        ],
    )
    def test_an_earlier_time_has_an_earlier_calibration(
        self, api: Api, before: str, day: date
    ) -> None:
        """updated_before gives the last one up to that time."""
        found = api.json("/backends/fake_5q/properties", updated_before=before)
        assert found["last_update_date"].startswith(day.isoformat())
        assert t1_of(found) == expected_t1(day)

    def test_an_id_is_a_day(self, api: Api) -> None:
        """calibration_id gives that day's properties, and the configuration, which stays."""
        found = api.json("/backends/fake_5q/properties", calibration_id="2026-01-02")
        assert t1_of(found) == expected_t1(date(2026, 1, 2))
        assert api.json("/backends/fake_5q/configuration", calibration_id="2026-01-02") == api.json(
            "/backends/fake_5q/configuration"
        )

    def test_an_id_must_be_from_before_the_time(self, api: Api) -> None:
        """With both, a calibration after that time is 404."""
        query = {"calibration_id": "2026-01-05", "updated_before": "2026-01-04"}
        assert api.get("/backends/fake_5q/properties", **query).status_code == 404
        query["updated_before"] = "2026-01-06"
        assert t1_of(api.json("/backends/fake_5q/properties", **query)) == expected_t1(
            date(2026, 1, 5)
        )

    @pytest.mark.parametrize(
        "unknown", ["2025-12-31", "2026-01-11", "20260102", "2026-1-2", "newest", ""]
    )
    @pytest.mark.parametrize("part", ["configuration", "properties"])
    def test_other_ids_are_404(self, api: Api, part: str, unknown: str) -> None:
        """Days before the first and after today, and other texts; the cure names the ids."""
        reply = api.get(f"/backends/fake_5q/{part}", calibration_id=unknown)
        assert reply.status_code == 404
        [error] = reply.json()["errors"]
        assert "from 2026-01-01 to 2026-01-10" in error["solution"]

    def test_a_simulator_has_one_calibration(self, api: Api) -> None:
        """It has no id, so each one is 404."""
        reply = api.get("/backends/statevector/properties", calibration_id="2026-01-02")
        assert reply.status_code == 404
        assert "one calibration" in reply.json()["errors"][0]["solution"]

    def test_a_backend_must_exist(self, api: Api) -> None:
        """An unknown name is 1007 with an id too."""
        reply = api.get("/backends/ibm_nowhere/properties", calibration_id="2026-01-02")
        assert reply.status_code == 404
        assert reply.json()["errors"][0]["code"] == 1007

    def test_a_job_keeps_its_calibration(self, api: Api) -> None:
        """The reply of the submission and the job's details have the id."""
        reply = api.post_job(backend="fake_5q", calibration_id="2026-01-02", params=params(0))
        assert reply.json()["calibration_id"] == "2026-01-02"
        assert api.wait(reply.json()["id"])["calibration_id"] == "2026-01-02"
        plain = api.run(backend="fake_5q", params=params(0))
        assert "calibration_id" not in api.json(f"/jobs/{plain}")


def params(qubit: int, shots: int = 10) -> dict[str, object]:
    """One qubit, measured after its preparation, with a seed."""
    text = f'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; c[0] = measure ${qubit};'
    return {
        "pubs": [[text, None, shots]],
        "version": 2,
        "options": {"simulator": {"seed_simulator": 5}},
    }


def test_a_job_runs_with_the_calibration_of_its_day(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readout errors of the first day and of a later one, each within 5 standard errors."""
    shots = 100_000
    days = [FIRST_DAY + timedelta(days=number) for number in range(30)]
    first = FakeDevice(5).calibration.target["measure"]
    qubit = max(range(5), key=lambda qubit: first[qubit,].error)
    errors = {day: FakeDevice(5, day).calibration.target["measure"][qubit,].error for day in days}
    low, high = min(days, key=lambda day: errors[day]), max(days, key=lambda day: errors[day])
    named = {"calibration_id": low.isoformat()}
    for members, day, today in (({}, high, high), (named, low, days[-1])):
        monkeypatch.setattr(calibration_days, "today", lambda today=today: today)
        job_id = api.run(backend="fake_5q", params=params(qubit, shots), **members)
        samples = api.json(f"/jobs/{job_id}/results")["results"][0]["data"]["c"]["samples"]
        found = samples.count("0x1") / shots
        bound = 5 * (errors[day] * (1 - errors[day]) / shots) ** 0.5
        assert found == pytest.approx(errors[day], abs=bound)
    assert errors[high] - errors[low] > 10 * (errors[high] / shots) ** 0.5


@pytest.mark.slow
def test_a_restarted_job_keeps_its_calibration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its samples are those of the calibration that was named; one that is gone fails the job."""
    monkeypatch.setattr(calibration_days, "today", lambda: TODAY)
    named = ["2026-01-02", TODAY.isoformat()]
    with LocalService(users=[ALICE], folder=tmp_path) as first:
        api = Api(first, ALICE)
        core: Any = first._core
        core.stopping = True
        core.engine.close()
        kept, lost = (
            api.submit(backend="fake_5q", params=params(4, 20_000), calibration_id=day)
            for day in named
        )
        api.session.close()
    monkeypatch.setattr(calibration_days, "today", lambda: date(2026, 1, 5))
    with LocalService(users=[ALICE], folder=tmp_path) as second:
        api = Api(second, ALICE)
        again = api.run(backend="fake_5q", params=params(4, 20_000), calibration_id=named[0])
        other = api.run(backend="fake_5q", params=params(4, 20_000))
        api.wait(kept)
        samples = [
            api.json(f"/jobs/{job_id}/results")["results"][0]["data"]["c"]["samples"]
            for job_id in (kept, again, other)
        ]
        assert samples[0] == samples[1] != samples[2]
        state = api.json(f"/jobs/{lost}")["state"]
        assert state["status"] == "Failed"
        assert f"Calibration {TODAY.isoformat()} of backend fake_5q not found" in state["reason"]
        api.session.close()


def test_a_clock_before_the_first_day_has_the_first_calibration(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine whose clock is wrong still has devices."""
    monkeypatch.setattr(calibration_days, "today", lambda: date(1970, 1, 1))
    found = api.json("/backends/fake_5q/properties")
    assert found["last_update_date"].startswith(FIRST_DAY.isoformat())


@pytest.fixture(scope="module")
def noisy() -> Iterator[Api]:
    """A service with devices of other noise."""
    noise = {"fake_5q": 2.0, "fake_6q": 0.0}
    with LocalService(users=[ALICE], noise=noise) as running:
        yield Api(running, ALICE)


class TestNoise:
    def test_properties_are_scaled(self, noisy: Api) -> None:
        """Twice the rate of relaxation; other devices stay as they are."""
        assert t1_of(noisy.json("/backends/fake_5q/properties")) == expected_t1(FIRST_DAY, 2.0)
        seven = noisy.json("/backends/fake_7q/properties")
        first = FakeDevice(7).calibration.target.qubit_properties[0]
        assert t1_of(seven) == pytest.approx(1e6 * first.t1)

    def test_scaled_devices_are_listed(self, noisy: Api) -> None:
        """A size that is not in the list by itself is there too; none is there twice."""
        names = [entry["name"] for entry in noisy.json("/backends")["devices"]]
        assert names.count("fake_6q") == names.count("fake_5q") == 1

    def test_without_noise_nothing_is_wrong(self, noisy: Api) -> None:
        """Factor 0: a chain of gates gives one outcome; T1 is not reported."""
        text = 'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; x $0; '
        text += "".join("sx $1; cz $0, $1; cz $0, $1; sx $1; " for _ in range(50))
        text += "delay[100us] $0; c[0] = measure $0; c[1] = measure $1;"
        job_id = noisy.run(backend="fake_6q", params={"pubs": [[text, None, 1000]], "version": 2})
        samples = noisy.json(f"/jobs/{job_id}/results")["results"][0]["data"]["c"]["samples"]
        assert set(samples) == {"0x1"}
        qubits = noisy.json("/backends/fake_6q/properties")["qubits"]
        assert not [value for row in qubits for value in row if value["name"] == "T1"]


class TestDescription:
    def test_faulty_parts_are_reported(self, api: Api) -> None:
        """Operational is 0 for a qubit, and for the gates of an edge, whose errors are 1."""
        found = api.json("/backends/fake_133q/properties")
        calibration = FakeDevice(133).calibration
        faulty = [
            qubit
            for qubit, row in enumerate(found["qubits"])
            if any(value["name"] == "operational" and not value["value"] for value in row)
        ]
        assert faulty == list(calibration.faulty_qubits)
        gates = {
            (gate["gate"], tuple(sorted(gate["qubits"])))
            for gate in found["gates"]
            for value in gate["parameters"]
            if value["name"] == "operational" and not value["value"]
        }
        [edge] = calibration.faulty_edges
        assert gates == {("cz", edge), ("rzz", edge)}

    def test_metrics_are_those_of_what_works(self, api: Api) -> None:
        """Errors of faulty edges do not count."""
        [entry] = [
            entry for entry in api.json("/backends")["devices"] if entry["name"] == "fake_156q"
        ]
        target = FakeDevice(156).calibration.target
        errors = sorted(known.error for known in target["cz"].values())
        metrics = entry["performance_metrics"]
        assert metrics["two_q_error_best"]["value"] == pytest.approx(errors[0])
        assert metrics["two_q_error_layered"]["value"] == pytest.approx(sum(errors) / len(errors))

    def test_coordinates_are_columns_and_rows(self, api: Api) -> None:
        """From 1, as IBM's configurations have them."""
        coordinates = api.json("/backends/fake_7q/configuration")["coords"]
        assert coordinates == [[1, 1], [2, 1], [3, 1], [2, 2], [1, 3], [2, 3], [3, 3]]
        assert api.json("/backends/statevector/configuration")["coords"] == []
