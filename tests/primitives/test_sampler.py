"""SamplerV2 beside Qiskit's StatevectorSampler, through real HTTP."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.primitives import BaseSamplerV2, BitArray, PrimitiveResult, StatevectorSampler

from qiskit_rest_primitives import (
    BackendError,
    EncodeError,
    JobStateError,
    QiskitRuntimeService,
    RestBackend,
    SamplerV2,
)

SEED = 11


def sweep_circuit() -> QuantumCircuit:
    """Two registers, two parameters, three measured qubits of four."""
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(
        QuantumRegister(4, "q"), ClassicalRegister(2, "alpha"), ClassicalRegister(9, "beta")
    )
    circuit.ry(a, 0)
    circuit.cx(0, 1)
    circuit.rx(2 * b + a, 2)
    circuit.measure([0, 1, 2], [1, 0, 5])
    circuit.metadata = {"run": 3}
    return circuit


def assert_same(ours: PrimitiveResult, reference: PrimitiveResult) -> None:
    """The same arrays, widths, names in the same order, shapes and metadata."""
    assert len(ours) == len(reference)
    for got, expected in zip(ours, reference, strict=True):
        assert list(got.data) == list(expected.data)
        assert got.data.shape == expected.data.shape
        for name, bits in expected.data.items():
            assert isinstance(got.data[name], BitArray)
            assert got.data[name].num_bits == bits.num_bits
            np.testing.assert_array_equal(got.data[name].array, bits.array)
        for key, value in expected.metadata.items():
            assert got.metadata[key] == value


@pytest.mark.parametrize(
    "shape", [(), (5,), (3, 4), (0,)], ids=["one point", "sweep", "grid", "nothing"]
)
def test_results_equal_the_seeded_reference(backend: RestBackend, shape: tuple[int, ...]) -> None:
    """A seeded sampler gives the reference's bits for every PUB shape."""
    circuit = sweep_circuit()
    values = np.random.default_rng(0).uniform(-3, 3, (*shape, 2))
    sampler = SamplerV2(backend, options={"simulator": {"seed_simulator": SEED}})
    pubs = [(circuit, values), (circuit, values, 7)]
    reference = StatevectorSampler(seed=SEED).run(pubs, shots=50).result()
    assert_same(sampler.run(pubs, shots=50).result(), reference)


def test_the_sampler_is_a_base_sampler(backend: RestBackend) -> None:
    """Checks by isinstance of Qiskit's consumers hold."""
    assert isinstance(SamplerV2(backend), BaseSamplerV2)


def test_shots_come_from_the_pub_then_run_then_options(backend: RestBackend) -> None:
    """PUB before run() before options before the service's 4096."""
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    sampler = SamplerV2(backend, options={"default_shots": 30})
    assert sampler.default_shots == 30
    first, second = sampler.run([circuit, (circuit, None, 10)]).result()
    assert (first.metadata["shots"], second.metadata["shots"]) == (30, 10)
    assert sampler.run([circuit], shots=np.int64(20)).result()[0].data.meas.num_shots == 20
    assert SamplerV2(backend).default_shots == 4096


@pytest.mark.parametrize("bad_shots", [-1, 1.5, "many"])
def test_bad_shots_raise_what_the_reference_raises(backend: RestBackend, bad_shots: object) -> None:
    """The exception class is that of StatevectorSampler."""
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    with pytest.raises((ValueError, TypeError)) as reference:
        StatevectorSampler().run([(circuit, None, bad_shots)]).result()
    with pytest.raises(reference.type):
        SamplerV2(backend).run([(circuit, None, bad_shots)])


@pytest.mark.parametrize(
    "bad_pub",
    [
        3,
        "OPENQASM 3;",
        (),
        (sweep_circuit(), [1.0]),
        (sweep_circuit(), None),
        (sweep_circuit(), [1, 2], 3, 4),
        (sweep_circuit(), {"a": 1.0, "c": 2.0}),
    ],
    ids=["number", "text", "empty", "one value", "no values", "too long", "unknown name"],
)
def test_bad_pubs_raise_what_the_reference_raises(backend: RestBackend, bad_pub: object) -> None:
    """The exception class is that of StatevectorSampler, before anything is sent."""
    with pytest.raises(Exception) as reference:  # noqa: PT011 - the reference decides which
        StatevectorSampler().run([bad_pub]).result()
    with pytest.raises(reference.type):
        SamplerV2(backend).run([bad_pub])


def test_a_circuit_without_registers_warns_as_the_reference_does(backend: RestBackend) -> None:
    """The result is empty, and run() warns."""
    circuit = QuantumCircuit(1)
    with pytest.warns(UserWarning, match="no output classical registers"):
        job = SamplerV2(backend).run([circuit], shots=5)
    assert list(job.result()[0].data) == []


def test_no_pubs_give_no_results(backend: RestBackend) -> None:
    """run([]) is a result of length 0, as with the reference; the service gets no job."""
    job = SamplerV2(backend).run([])
    assert len(job.result()) == 0
    assert (job.job_id(), job.done()) == ("", True)
    with pytest.raises(JobStateError, match="final"):
        job.cancel()


def test_more_executions_than_a_device_takes_are_refused(service: QiskitRuntimeService) -> None:
    """The message has both numbers and the cure; nothing is sent."""
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    with pytest.raises(EncodeError, match=r"20,000,000 executions.*10,000,000.*split"):
        SamplerV2(service.backend("fake_5q")).run([(circuit, None, 20_000_000)])


def test_simulators_take_more_executions(backend: RestBackend) -> None:
    """Gradients of qiskit-algorithms ask for millions of shots at many points."""
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    assert SamplerV2(backend).run([(circuit, None, 11_000_000)]).result()[0].data.meas.num_shots


@pytest.mark.parametrize(
    ("mode", "cure"),
    [
        (None, "channel='local'"),
        ("statevector", r"service.backend\('statevector'\)"),
        (3, "not int"),
    ],
)
def test_an_invalid_mode_is_explained(mode: object, cure: str) -> None:
    """The message says what to pass."""
    with pytest.raises(BackendError, match=cure):
        SamplerV2(mode)


def test_circuit_metadata_that_is_not_json_is_returned(backend: RestBackend) -> None:
    """The handle keeps metadata that can't be sent."""
    marker = object()
    circuit = QuantumCircuit(1, metadata={"marker": marker})
    circuit.measure_all()
    result = SamplerV2(backend).run([circuit], shots=1).result()
    assert result[0].metadata["circuit_metadata"]["marker"] is marker
