"""estimate(): what a run takes, against what the embedded service runs and charges for it."""

from __future__ import annotations

from typing import Any

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

from qiskit_rest_primitives import (
    EncodeError,
    EstimatorV2,
    ISAError,
    QiskitRuntimeService,
    RunEstimate,
    SamplerV2,
)
from qiskit_rest_primitives.mitigation.base.device_time import JOB_OVERHEAD_SECONDS
from qiskit_rest_primitives.primitives import request

# Without the pause of 250 µs the lengths of circuits decide.
NO_PAUSE: dict[str, Any] = {"execution": {"rep_delay": 0, "init_qubits": False}}
DECOUPLED = {"dynamical_decoupling": {"enable": True}}


def ansatz(num_qubits: int = 4, depth: int = 2) -> QuantumCircuit:
    """Layers of rotations and entangling gates, with one parameter."""
    circuit, theta = QuantumCircuit(num_qubits), Parameter("theta")
    for _ in range(depth):
        for qubit in range(num_qubits):
            circuit.rx(theta, qubit)
        for qubit in range(num_qubits - 1):
            circuit.cx(qubit, qubit + 1)
    return circuit


def dynamic() -> QuantumCircuit:
    """A measurement decides between a long and a short branch; a loop follows."""
    circuit = QuantumCircuit(QuantumRegister(2, "q"), ClassicalRegister(2, "c"))
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        for _ in range(5):
            circuit.sx(1)
    with otherwise:
        circuit.x(1)
    with circuit.for_loop(range(3)):
        circuit.x(1)
    circuit.measure(1, 1)
    return circuit


def charged(job: Any) -> float:
    """Seconds on the device that a job was charged, without the overhead of a job."""
    job.result()
    return job.usage() - JOB_OVERHEAD_SECONDS


def within_a_fifth(estimate: RunEstimate, job: Any) -> None:
    """Compares an estimate with the charge, both without the overhead, which hides differences."""
    seconds = charged(job)
    assert estimate.seconds is not None
    assert estimate.seconds - JOB_OVERHEAD_SECONDS == pytest.approx(seconds, rel=0.2)
    assert job.usage_estimation["quantum_seconds"] == pytest.approx(estimate.seconds, rel=0.02)


def compared(service: QiskitRuntimeService, options: dict[str, Any]) -> RunEstimate:
    """The estimate of two observables at two points on a device, after it was run."""
    device = service.backend("fake_5q")
    isa = transpile(ansatz(3), device, seed_transpiler=1)
    observables = [[SparsePauliOp(text).apply_layout(isa.layout)] for text in ("ZZI", "XIX")]
    options = {**NO_PAUSE, "default_shots": 256, "seed_estimator": 7, **options}
    estimator = EstimatorV2(device, options=options)
    pubs = [(isa, observables, [[0.1], [0.2]])]
    estimate = estimator.estimate(pubs)
    within_a_fifth(estimate, estimator.run(pubs))
    return estimate


@pytest.mark.parametrize("name", ["fake_5q", "fake_27q"])
@pytest.mark.parametrize(
    "options",
    [{}, {"twirling": {"enable_measure": True}}],
    ids=str,
)
def test_a_sampler_is_charged_what_was_estimated(
    service: QiskitRuntimeService, name: str, options: dict[str, Any]
) -> None:
    """With and without twirling; each random version counts its shots."""
    device = service.backend(name)
    isa = transpile(ansatz().measure_all(inplace=False), device, seed_transpiler=1)
    sampler = SamplerV2(device, options={**NO_PAUSE, **DECOUPLED, **options})
    pubs = [(isa, [[0.1], [0.2], [0.3]]), (isa, [0.4], 100)]
    estimate = sampler.estimate(pubs, shots=256)
    within_a_fifth(estimate, sampler.run(pubs, shots=256))
    assert (estimate.circuits, estimate.shots) == (4, 3 * 256 + 100)


@pytest.mark.parametrize(
    "options",
    [{"resilience_level": 0}, {"resilience_level": 1}, {"resilience_level": 1, **DECOUPLED}],
    ids=str,
)
def test_an_estimator_is_charged_what_was_estimated(
    service: QiskitRuntimeService, options: dict[str, Any]
) -> None:
    """With the circuits that calibrate the measurements; `tests.mitigation` has the extra's."""
    estimate = compared(service, options)
    assert estimate.shots == 2 * 2 * 256


def test_of_branches_the_longest_counts(service: QiskitRuntimeService) -> None:
    """A dynamic circuit is charged as estimated; loops count as often as they run."""
    device = service.backend("fake_5q")
    isa = transpile(dynamic(), device, initial_layout=[0, 1], optimization_level=0)
    sampler = SamplerV2(device, options=NO_PAUSE)
    estimate = sampler.estimate([isa], shots=1000)
    within_a_fifth(estimate, sampler.run([isa], shots=1000))
    gate, measurement = 32e-9, 1560e-9
    length = gate + measurement + (5 + 3) * gate + measurement
    assert estimate.seconds == pytest.approx(JOB_OVERHEAD_SECONDS + 1000 * length)


def test_a_while_loop_counts_once_and_is_named(service: QiskitRuntimeService) -> None:
    """Nobody knows how often it will run; the note says so."""
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.x(0)
        circuit.measure(0, 0)
    device = service.backend("fake_5q")
    estimate = SamplerV2(device).estimate([transpile(circuit, device)])
    assert any("while loop" in note for note in estimate.notes)


def test_pauses_and_resets_are_options(service: QiskitRuntimeService) -> None:
    """rep_delay replaces the device's default; init_qubits=False leaves the reset out."""
    device = service.backend("fake_5q")
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    isa = transpile(circuit, device)

    def each(**execution: Any) -> float:
        sampler = SamplerV2(device, options={"execution": execution})
        seconds = sampler.estimate([isa], shots=1000).seconds
        assert seconds is not None
        return (seconds - JOB_OVERHEAD_SECONDS) / 1000

    assert each() == pytest.approx(250e-6 + 1.6e-6 + 1.56e-6)
    assert each(rep_delay=1e-4) == pytest.approx(100e-6 + 1.6e-6 + 1.56e-6)
    assert each(rep_delay=0, init_qubits=False) == pytest.approx(1.56e-6)


def test_bytes_are_those_of_the_requests(
    service: QiskitRuntimeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one job, and of the parts of a run that is split."""
    sent: list[int] = []
    submit = request.submit

    def counted(client: Any, body: bytes, **keywords: Any) -> Any:
        sent.append(len(body))
        return submit(client, body, **keywords)

    monkeypatch.setattr(request, "submit", counted)
    monkeypatch.setattr("qiskit_rest_primitives.primitives.encoded_pubs.MAX_EXECUTIONS", 100)
    backend = service.backend("statevector")
    sampler = SamplerV2(backend, options={"split": True})
    circuit = ansatz(2).measure_all(inplace=False)
    estimate = sampler.estimate([(circuit, [[0.1], [0.2], [0.3]])], shots=40)
    assert sent == []
    sampler.run([(circuit, [[0.1], [0.2], [0.3]])], shots=40).result()
    assert (estimate.jobs, estimate.bytes) == (len(sent), sum(sent)) == (2, sum(sent))


def test_simulators_have_no_seconds(service: QiskitRuntimeService) -> None:
    """The note says why; exact values take no shots."""
    backend = service.backend("statevector")
    estimate = EstimatorV2(backend).estimate([(ansatz(2), ["ZZ", "XX"], [0.1])], precision=0)
    assert estimate.seconds is None
    assert "simulator" in estimate.notes[0]
    assert (estimate.circuits, estimate.shots, estimate.executions) == (2, 0, 0)


def test_mistakes_are_those_of_run(service: QiskitRuntimeService) -> None:
    """What run() refuses, estimate() refuses in the same words; nothing to run takes nothing."""
    device = service.backend("fake_5q")
    with pytest.raises(ISAError, match="PUB 0"):
        SamplerV2(device).estimate([(ansatz(2).measure_all(inplace=False), [0.1])])
    circuit = transpile(QuantumCircuit(1).measure_all(inplace=False), device)
    with pytest.raises(EncodeError, match="10,000,000"):
        SamplerV2(device).estimate([circuit], shots=10_000_001)
    nothing = SamplerV2(device).estimate([])
    assert (nothing.jobs, nothing.executions, nothing.seconds) == (0, 0, 0)


def test_the_client_s_mitigation_is_counted_too(service: QiskitRuntimeService) -> None:
    """Its sampler jobs are charged what was estimated for the whole run."""
    device = service.backend("fake_5q")
    isa = transpile(ansatz(2), device, seed_transpiler=1)
    observable = SparsePauliOp("ZZ").apply_layout(isa.layout)
    options = {**NO_PAUSE, "mitigation": "client", "default_shots": 500}
    estimator = EstimatorV2(device, options=options)
    estimate = estimator.estimate([(isa, observable, [0.1])])
    seconds = charged(estimator.run([(isa, observable, [0.1])]))
    assert estimate.seconds is not None
    assert estimate.seconds - JOB_OVERHEAD_SECONDS == pytest.approx(seconds, rel=0.2)
    # 8 random versions of 64 shots, and 32 of them that calibrate the measurements.
    assert estimate.executions == (8 + 32) * 64


def test_a_notebook_shows_a_table(service: QiskitRuntimeService) -> None:
    """With the numbers, and the notes as text."""
    backend = service.backend("statevector")
    estimate = SamplerV2(backend).estimate(
        [ansatz(2).measure_all(inplace=False).assign_parameters([0])]
    )
    shown = estimate._repr_html_()
    assert "4,096" in shown
    assert "not known" in shown
    assert "is a simulator" in shown
