from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.primitives.containers import BitArray
from qiskit_aer.primitives import SamplerV2

from qiskit_rest_primitives.mitigation.base.options import Mitigation
from qiskit_rest_primitives.mitigation.base.pubs import SamplerSweep
from qiskit_rest_primitives.mitigation.base.steps import Finished
from qiskit_rest_primitives.mitigation.sampler import sampler_step
from tests.mitigation.running import finish, noisy, on_aer

TWIRLING: list[dict[str, Any]] = [
    {"enable_measure": True},
    {"enable_gates": True},
    {"enable_gates": True, "enable_measure": True},
]


def sampled(
    circuit: QuantumCircuit,
    values: Any = None,
    *,
    shots: int = 2000,
    backend: Any = None,
    **twirling: Any,
) -> Finished:
    """The result of a sampler's job with these options."""
    points = np.empty((1, 0)) if values is None else np.asarray(values, dtype=float)
    shape = () if values is None else (len(points),)
    sweep = SamplerSweep(circuit, points, shape, shots, {"mine": 1})
    options = Mitigation.of_sampler({"options": {"twirling": twirling}})
    step = sampler_step([sweep], options, None, np.random.SeedSequence(3))
    return finish(step, on_aer(backend))


def frequencies(bits: BitArray) -> np.ndarray:
    """Of each number, per point: ``(points, 2**bits)``."""
    ints = bits.array[..., -1].reshape(-1, bits.num_shots)
    return np.array([np.bincount(row, minlength=2**bits.num_bits) for row in ints]) / bits.num_shots


def two_registers() -> QuantumCircuit:
    """A measurement in the middle, whose qubit is used again, and a parameter."""
    middle, end = ClassicalRegister(1, "middle"), ClassicalRegister(3, "end")
    circuit = QuantumCircuit(QuantumRegister(4), middle, end)
    circuit.rx(Parameter("angle"), 0)
    circuit.cx(0, 2)
    circuit.measure(0, middle[0])
    circuit.h(0)
    circuit.cz(0, 1)
    circuit.h(0)
    circuit.cx(2, 3)
    circuit.measure([0, 2, 3], end)
    return circuit


@pytest.mark.slow
@pytest.mark.parametrize("twirling", TWIRLING, ids=lambda value: "+".join(value))
def test_flips_are_undone(twirling: dict[str, Any]) -> None:
    """Each register has the distribution that Aer gives without twirling, within 5 errors."""
    circuit, values = two_registers(), [[0.4], [1.7], [3.0]]
    found = sampled(circuit, values, shots=1000, **twirling).pubs[0].data
    expected = SamplerV2(seed=1).run([(circuit, values)], shots=10_000).result()[0].data
    for name in ("middle", "end"):
        wanted = frequencies(expected[name])
        error = np.sqrt(wanted * (1 - wanted) * (1 / 1000 + 1 / 10_000)) + 1e-12
        assert (np.abs(frequencies(found[name]) - wanted) <= 5 * error).all()
        assert found[name].shape == (3,)


def test_readout_errors_become_symmetric() -> None:
    """A reading that is wrong for 1 only is wrong for 0 just as often, on average over both."""
    circuit = QuantumCircuit(2, 2)
    circuit.x(1)
    circuit.measure([0, 1], [0, 1])
    backend = noisy(readout=(0.0, 0.2))
    bits = sampled(
        circuit, shots=32_000, backend=backend, enable_measure=True, num_randomizations=320
    )
    ones = bits.pubs[0].data.c.get_bitstrings()
    wrong0 = np.mean([bit[1] == "1" for bit in ones])
    wrong1 = np.mean([bit[0] == "0" for bit in ones])
    # The spread is that of 320 random flips.
    assert abs(wrong0 - 0.1) < 5 * 0.1 / np.sqrt(320)
    assert abs(wrong1 - 0.1) < 5 * 0.1 / np.sqrt(320)


def test_bits_that_conditions_read_are_not_flipped() -> None:
    """A circuit with control flow keeps its meaning; only measurements after it are twirled."""
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    counts = sampled(circuit, enable_measure=True).pubs[0].data.c.get_counts()
    assert counts == {"11": 2000}


@pytest.mark.parametrize(
    ("shots", "numbers", "kept", "randomizations"),
    [
        (1000, {}, 1000, 16),
        (100, {"num_randomizations": 7}, 100, 7),
        (100, {"num_randomizations": 7, "shots_per_randomization": 3}, 21, 7),
    ],
)
def test_shots_are_those_of_the_pub(
    shots: int, numbers: dict[str, int], kept: int, randomizations: int
) -> None:
    """Unless both numbers of twirling are set; the metadata says how many circuits there were."""
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    result = sampled(circuit, shots=shots, enable_measure=True, **numbers)
    assert result.pubs[0].data.meas.num_shots == kept
    assert result.pubs[0].metadata == {
        "circuit_metadata": {"mine": 1},
        "num_randomizations": randomizations,
    }
    assert result.metadata["twirling"]["enable_measure"] is True
