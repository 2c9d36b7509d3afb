"""Wide circuits whose qubits fall into groups, on Aer: compared with exact probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector

from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.local.simulators.base.simulator import SamplesWanted
from qiskit_rest_primitives.local.simulators.methods.aer_groups import AerGroups, groups_for_aer
from qiskit_rest_primitives.local.simulators.options_acted_on import Requested
from qiskit_rest_primitives.wire.shots import Randomizations
from tests.local.engine.jobs import run, text_of

pytest.importorskip("qiskit_aer")

WIDTH = 40
SEED = {"simulator": {"seed_simulator": 42}}


def pairs() -> QuantumCircuit:
    """Twenty entangled pairs, the angle of each a parameter; every qubit is measured."""
    angles = ParameterVector("a", WIDTH // 2)
    circuit = QuantumCircuit(WIDTH, WIDTH)
    for number, angle in enumerate(angles):
        circuit.ry(angle, number)
        circuit.cx(number, WIDTH - 1 - number)
    circuit.barrier()
    circuit.measure(range(WIDTH), range(WIDTH))
    return circuit


def bits_of(got) -> np.ndarray:
    """Bool ``(points, shots, bits)``, bit 0 first."""
    return got.data.c.to_bool_array(order="little")


@pytest.mark.parametrize("name", ["aer", "aer_statevector", "aer_density_matrix"])
def test_groups_have_their_probabilities_and_are_independent(engine, name):
    """Forty qubits in pairs: equal bits in a pair, no correlation between pairs."""
    angles = np.linspace(0.4, 2.6, WIDTH).reshape(2, WIDTH // 2)
    [got] = run(engine, "sampler", [[text_of(pairs()), angles.tolist(), 4000]], name, options=SEED)
    bits = bits_of(got)
    low, high = bits[..., : WIDTH // 2], bits[..., : WIDTH // 2 - 1 : -1]
    assert np.array_equal(low, high)
    ones = np.sin(angles / 2) ** 2
    assert np.all(np.abs(low.mean(axis=1) - ones) <= 5 * np.sqrt(ones * (1 - ones) / 4000))
    for point in low:
        correlations = np.corrcoef(point.T) - np.eye(WIDTH // 2)
        assert np.abs(correlations).max() < 5 / np.sqrt(4000)


def test_a_seed_gives_the_same_bits_again(engine):
    """And another seed gives others."""
    pub = [text_of(pairs()), [[0.7] * (WIDTH // 2)], 200]
    first, again = (run(engine, "sampler", [pub], "aer", options=SEED)[0] for _ in range(2))
    [other] = run(engine, "sampler", [pub], "aer", options={"simulator": {"seed_simulator": 7}})
    assert np.array_equal(first.data.c.array, again.data.c.array)
    assert not np.array_equal(first.data.c.array, other.data.c.array)


def test_qubits_stay_together_where_that_matters():
    """Few qubits, qubits that gates join, and two measurements into one bit."""
    twice = pairs()
    twice.measure(0, WIDTH - 1)
    chain = pairs()
    for qubit in range(WIDTH - 1):
        chain.cz(qubit, qubit + 1)
    for circuit in (QuantumCircuit(16), twice, chain):
        assert groups_for_aer(circuit) is None


def test_only_samples_are_taken_apart(engine):
    """A simulator of groups refuses expectation values."""
    requested = Requested(1, 0.1, Randomizations(), 1, None, None, None, None, None, True, {})
    rows = np.zeros((1, WIDTH // 2))
    setup = LocalBackends().device("aer").prepare(pairs(), 0, requested, SamplesWanted(10, rows))
    assert isinstance(setup.simulator, AerGroups)
    assert setup.simulator.holds_lock
    with pytest.raises(TypeError, match="AerGroups gives samples"):
        setup.simulator.estimate(None, None)
