"""Earlier calibrations of a device, as users of the client ask for them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from qiskit import QuantumCircuit, transpile

from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2
from qiskit_rest_primitives.errors import BackendError
from qiskit_rest_primitives.local.simulators.devices import calibration_days
from qiskit_rest_primitives.local.simulators.devices.calibration_days import FIRST_DAY
from qiskit_rest_primitives.local.simulators.devices.fake_devices import FakeDevice
from tests.wire.target.test_target import facts

TODAY = FIRST_DAY + timedelta(days=9)
THIRD_DAY = FIRST_DAY + timedelta(days=2)


@pytest.fixture(autouse=True)
def _tenth_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration_days, "today", lambda: TODAY)


def noon(day) -> datetime:
    """The middle of a day in UTC."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=timezone.utc)


def test_properties_of_a_time_are_those_of_its_day(service: QiskitRuntimeService) -> None:
    """T1 of every qubit; without a time they are today's."""
    device = service.backend("fake_7q")
    for moment, day in ((noon(THIRD_DAY), THIRD_DAY), (None, TODAY)):
        found = device.properties(datetime=moment)
        assert found is not None
        assert found.last_update_date == noon(day) - timedelta(hours=12)
        for qubit, known in enumerate(FakeDevice(7, day).calibration.target.qubit_properties):
            assert found.t1(qubit) == pytest.approx(known.t1)


def test_the_target_of_a_time_is_that_of_its_day(service: QiskitRuntimeService) -> None:
    """Every instruction, error and duration, faulty parts left out."""
    device = service.backend("fake_133q", use_fractional_gates=True)
    for moment, day in ((noon(THIRD_DAY), THIRD_DAY), (None, TODAY)):
        assert facts(device.target_history(datetime=moment)) == facts(
            FakeDevice(133, day).calibration.target
        )


def test_no_properties_are_from_before_the_first_day(service: QiskitRuntimeService) -> None:
    """None, as for a device that never reported any."""
    device = service.backend("fake_7q")
    assert device.properties(datetime=noon(FIRST_DAY - timedelta(days=1))) is None


def test_a_named_calibration_is_that_of_target_and_jobs(service: QiskitRuntimeService) -> None:
    """The id is the day; the job is sent with it."""
    device = service.backend("fake_7q", calibration_id=THIRD_DAY.isoformat())
    known = FakeDevice(7, THIRD_DAY).calibration.target["sx"][0,]
    assert device.target["sx"][0,].error == pytest.approx(known.error)
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    job = SamplerV2(device).run([transpile(circuit, device)], shots=10)
    job.result()
    described = service.client.job(job.job_id())
    assert described["calibration_id"] == THIRD_DAY.isoformat()


def test_an_unknown_calibration_says_which_there_are(service: QiskitRuntimeService) -> None:
    """When the backend is asked for, before anything is sent to it."""
    with pytest.raises(BackendError, match="from 2026-01-01 to 2026-01-10"):
        service.backend("fake_7q", calibration_id="2027-01-01")
