"""Learning the noise of layers, against noise models written by hand."""

from __future__ import annotations

import pickle
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from qiskit.quantum_info import PauliLindbladMap, PauliList, QubitSparsePauli

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.local.simulators.devices.lattices import edges_of
from qiskit_rest_primitives.mitigation.base.layers import Gates, Layer, LayerNoise, layers_to_learn
from qiskit_rest_primitives.mitigation.base.options import Decoupling, LayerNoiseLearning
from qiskit_rest_primitives.mitigation.base.steps import Finished
from qiskit_rest_primitives.mitigation.learning.layer_circuits import pauli_bases
from qiskit_rest_primitives.mitigation.learning.layer_learning import LayerLearning, learning_step
from tests.mitigation.random_circuits.test_decoupling import device
from tests.mitigation.stim_runs import run_with_noise

# Not changed by the layer cz(0, 1): only such noise can be learned from its repetitions.
TRUE = PauliLindbladMap.from_sparse_list(
    [
        ("ZZ", [0, 1], 0.004),
        ("Z", [0], 0.003),
        ("X", [0], 0.002),
        ("XZ", [0, 1], 0.002),
        ("YX", [0, 1], 0.0015),
        ("XY", [0, 1], 0.0015),
        ("Y", [2], 0.003),
        ("ZZ", [1, 2], 0.0025),
        ("XY", [2, 3], 0.002),
        ("Z", [3], 0.006),
    ],
    num_qubits=4,
)
LINE = [(0, 1), (1, 2), (2, 3)]
LAYER = Layer(frozenset({("cz", (0, 1))}), (0, 1, 2, 3))


class Kept:
    """Finishes with the noise that it gets."""

    def with_noise(self, known: Any) -> Finished:
        """Puts it into the metadata."""
        return Finished([], {"known": known})


def learn(step: LayerLearning, noise: Any, *, readout: float, seed: int) -> dict[Gates, LayerNoise]:
    """Runs the step with a known noise."""
    samples = [
        run_with_noise(run, noise, readout=readout, seed=1000 * seed + index)
        for index, run in enumerate(step.runs)
    ]
    finished = step.advance(samples)
    assert isinstance(finished, Finished)
    return dict(finished.metadata["known"])


def step_of(layer: Layer, options: LayerNoiseLearning, *, seed: int, **more: Any) -> LayerLearning:
    """The step that learns one layer on a line of four qubits."""
    sequence = np.random.SeedSequence(seed)
    decoupling = more.get("decoupling")
    return learning_step([(layer, 0)], options, decoupling, device(), 4, sequence, Kept())


@pytest.mark.slow
def test_rates_are_learned_in_spite_of_readout_errors():
    """Rates are right within 5 standard errors of 1e-4, fidelities within 5 of 4e-4."""
    options = LayerNoiseLearning(shots_per_randomization=256)
    step = pickle.loads(pickle.dumps(step_of(LAYER, options, seed=5)))
    known = learn(step, {frozenset({(0, 1)}): TRUE}, readout=0.03, seed=1)
    learned = _rates(known[LAYER.gates].noise)
    true = _rates(TRUE)
    for term in learned.keys() | true.keys():
        assert learned.get(term, 0) == pytest.approx(true.get(term, 0), abs=5e-4), term
    # Fidelities add up many rates, and are what mitigation needs.
    for letters in map("".join, product("XYZ", repeat=4)):
        found = known[LAYER.gates].noise.pauli_fidelity(QubitSparsePauli(letters))
        assert found == pytest.approx(TRUE.pauli_fidelity(QubitSparsePauli(letters)), abs=2e-3)


@pytest.mark.slow
def test_few_samples_give_rates_of_the_right_size():
    """The total of all rates, from which the overhead of PEC follows, is right within 10 %."""
    options = LayerNoiseLearning(num_randomizations=6, layer_pair_depths=(0, 2, 8, 16))
    step = step_of(LAYER, options, seed=2)
    known = learn(step, {frozenset({(0, 1)}): TRUE}, readout=0.02, seed=1)
    total = known[LAYER.gates].noise.rates.sum()
    assert total == pytest.approx(TRUE.rates.sum(), rel=0.1)


def _rates(noise: PauliLindbladMap) -> dict[tuple[str, tuple[int, ...]], float]:
    return {(letters, tuple(qubits)): rate for letters, qubits, rate in noise.to_sparse_list()}


@pytest.mark.parametrize("gate", ["cz", "cx", "ecr", "swap"])
def test_without_noise_there_are_no_rates(gate: str):
    """The random Paulis, the gates' effect on them and the flips of bits cancel exactly."""
    layer = Layer(frozenset({(gate, (2, 1))}), (0, 1, 2, 3))
    options = LayerNoiseLearning(4, num_randomizations=3, layer_pair_depths=(0, 1, 3))
    step = step_of(layer, options, seed=3)
    known = learn(step, {}, readout=0, seed=1)
    assert known[layer.gates].noise.rates.sum() == 0


def test_idle_qubits_of_a_layer_are_decoupled_too():
    """The noise is that of circuits with the same pulses; their meaning stays."""
    options = LayerNoiseLearning(4, num_randomizations=3, layer_pair_depths=(0, 3))
    step = step_of(LAYER, options, seed=3, decoupling=Decoupling("XpXm"))
    # Qubits 2 and 3 wait for each cz, by 20 ticks; a sequence takes 16.
    assert step.runs[1].circuit.count_ops()["x"] == 2 * 2 * 6
    known = learn(step, {}, readout=0, seed=1)
    assert known[LAYER.gates].noise.rates.sum() == 0


@pytest.mark.parametrize(
    ("num_qubits", "edges", "count"),
    [
        (1, [], 9),
        (4, LINE, 9),
        (127, edges_of(127), 9),
        (6, list(combinations(range(6), 2)), 27),
    ],
)
def test_neighbours_meet_all_pairs_of_paulis(num_qubits: int, edges: Any, count: int):
    """Nine bases are enough on a heavy-hex lattice."""
    bases = pauli_bases(num_qubits, edges)
    assert bases.shape == (count, num_qubits)
    for a, b in edges:
        assert len(set(zip(bases[:, a].tolist(), bases[:, b].tolist(), strict=True))) == 9


def test_most_frequent_layers_come_first():
    """Layers with the same gates are one, on all their qubits; the rest is named."""
    pairs = [Layer(frozenset({("cz", (q, q + 1))}), (q, q + 1)) for q in range(3)]
    wider = Layer(pairs[1].gates, (1, 2, 3))
    kept, left = layers_to_learn([[pairs[0], pairs[1]], [wider, pairs[2], pairs[2], pairs[2]]], 2)
    assert kept == [(pairs[2], 1), (wider, 0)]
    assert left == [pairs[0]]


def test_noise_on_some_qubits_is_what_these_see():
    """The fidelity of each Pauli on them is that of the whole map."""
    noise = LayerNoise(Layer(LAYER.gates, (7, 3, 5, 9)), TRUE)
    part = noise.on((3, 5, 7))
    for letters in map("".join, product("IXYZ", repeat=3)):
        # Qubits 7, 3 and 5 of the device are qubits 0, 1 and 2 of the whole map.
        on_7, on_5, on_3 = letters
        whole = QubitSparsePauli("I" + on_5 + on_3 + on_7)
        found = part.pauli_fidelity(QubitSparsePauli(letters))
        assert found == pytest.approx(TRUE.pauli_fidelity(whole)), letters
    assert part.num_qubits == 3


@pytest.mark.parametrize("gate", ["iswap", "rzz", "foreign"])
def test_gates_that_do_not_undo_themselves_are_refused(gate: str):
    """The error names the gate, its qubits and the cures."""
    layer = Layer(frozenset({(gate, (1, 2))}), (1, 2))
    with pytest.raises(OptionsError, match=rf"{gate} on qubits \(1, 2\).*layer_noise_model"):
        step_of(layer, LayerNoiseLearning(), seed=1)


def test_one_depth_is_refused():
    """A decay needs two."""
    with pytest.raises(OptionsError, match=r"layer_pair_depths is \[4\].*add one"):
        step_of(LAYER, LayerNoiseLearning(layer_pair_depths=(4, 4)), seed=1)


def test_pauli_lists_and_maps_agree_on_the_order_of_qubits():
    """Both have qubit 0 at the right, which the JSON of learned noise relies on."""
    label = PauliList(["IIXZ"]).to_labels()[0]
    found = PauliLindbladMap.from_list([(label, 1.0)]).to_sparse_list()
    assert found == [("ZX", [0, 1], 1.0)]
