"""What a job on a device is charged: the time of its circuits, not that of the simulation."""

from __future__ import annotations

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.providers.fake_provider import GenericBackendV2

from qiskit_rest_primitives import EstimatorV2, JobRanTooLongError, QiskitRuntimeService, SamplerV2
from qiskit_rest_primitives.mitigation.base.device_time import JOB_OVERHEAD_SECONDS, DeviceTime
from qiskit_rest_primitives.service.embedded import served_backend


def measured(device: object) -> QuantumCircuit:
    """One qubit, measured: 1.56 us, after a reset of 1.6 us and a pause of 250 us."""
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    return transpile(circuit, device)


def test_a_device_is_charged_by_its_clock(service: QiskitRuntimeService) -> None:
    """Overhead, and for each shot pause, reset and circuit; the same in usage and metrics."""
    device = service.backend("fake_5q")
    before = service.usage()["usage_consumed_seconds"]
    job = SamplerV2(device).run([measured(device)], shots=1000)
    job.result()
    expected = JOB_OVERHEAD_SECONDS + 1000 * (250e-6 + 1.6e-6 + 1.56e-6)
    assert job.usage() == pytest.approx(expected)
    # Whole seconds, so that each of the two is rounded up.
    assert service.usage()["usage_consumed_seconds"] - before == pytest.approx(expected, abs=1)
    assert job.usage_estimation["quantum_seconds"] == pytest.approx(expected)


def test_a_simulator_has_no_estimate(service: QiskitRuntimeService) -> None:
    """Its jobs are charged the time that the simulation takes."""
    backend = service.backend("statevector")
    job = SamplerV2(backend).run([measured(backend)])
    job.result()
    assert 0 < job.usage() < JOB_OVERHEAD_SECONDS
    assert job.usage_estimation == {"quantum_seconds": None}


def test_a_device_s_job_ends_at_its_limit(service: QiskitRuntimeService) -> None:
    """2.5 s of executions, but one second allowed: cancelled and charged up to the limit."""
    device = service.backend("fake_5q")
    sampler = SamplerV2(device, options={"max_execution_time": 1})
    job = sampler.run([measured(device)], shots=10_000)
    with pytest.raises(JobRanTooLongError, match=r"hold the device for 2\.53 s.*limit of 1 s"):
        job.result()
    assert job.usage() == JOB_OVERHEAD_SECONDS + 1
    sampler.run([measured(device)], shots=3000).result()


def test_a_failed_plan_is_not_charged(service: QiskitRuntimeService) -> None:
    """A circuit that the device can't run never held it."""
    device = service.backend("fake_5q")
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.measure_all()
    job = SamplerV2(device, options={"isa_check": False}).run([circuit])
    job.wait_for_final_state()
    assert job.usage() == 0


def test_a_device_that_was_handed_in_has_a_clock_too() -> None:
    """Its level of mitigation is 0 unless it is set, and the estimate knows it."""
    device = served_backend(GenericBackendV2(2, seed=1, control_flow=False))
    circuit = transpile(QuantumCircuit(2), device)
    estimator = EstimatorV2(device, options={"default_shots": 100})
    pubs = [(circuit, "ZZ")]
    estimate = estimator.estimate(pubs)
    job = estimator.run(pubs)
    job.result()
    assert estimate.executions == 100
    assert estimate.seconds == pytest.approx(job.usage(), rel=1e-6)


def test_instructions_without_a_duration_are_named() -> None:
    """They count as nothing, and the clock says which they were."""
    device = GenericBackendV2(2, seed=1)
    clock = DeviceTime.of(device.target, None)
    assert clock is not None
    circuit = QuantumCircuit(2)
    circuit.ch(0, 1)
    assert clock.circuit_seconds(circuit) == 0
    assert "ch" in next(iter(clock.unknown))
