from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator
from qiskit.transpiler import PassManager
from qiskit_mitigation.zne.gate_folding import GateFoldingPass

from qiskit_rest_primitives.mitigation.random_circuits.boxing import Boxed
from qiskit_rest_primitives.mitigation.random_circuits.folding import (
    FoldableTemplate,
    choose_folds,
    folded,
)


def mixed_gates() -> QuantumCircuit:
    """All gates that are folded and twirled, between gates of one qubit."""
    rng = np.random.default_rng(2)
    circuit = QuantumCircuit(4)
    for first, second, name in [
        (0, 1, "cx"), (2, 3, "cz"), (1, 2, "ecr"), (3, 0, "cx"), (2, 1, "ecr"), (0, 1, "cz"),
        (0, 1, "cz"), (0, 2, "cx"), (2, 0, "cx"),
    ]:  # fmt: skip
        for qubit in range(4):
            circuit.u(*rng.normal(size=3), qubit)
        getattr(circuit, name)(first, second)
    for qubit in range(4):
        circuit.u(*rng.normal(size=3), qubit)
    return circuit


@pytest.mark.parametrize("factor", [1, 1.05, 1.5, 2, 3, 3.3, 4.6, 5])
@pytest.mark.parametrize("end", ["front", "back"])
def test_folded_gates_are_those_of_qiskit_mitigation(factor: float, end: str) -> None:
    """The same circuit as from its pass, for factors between the odd integers too."""
    circuit = mixed_gates()
    circuit.swap(0, 3)
    circuit.cy(3, 1)
    folds = choose_folds(circuit, factor, f"gate_folding_{end}", np.random.default_rng())
    expected = PassManager([GateFoldingPass(factor, end)]).run(circuit)
    assert folded(circuit, folds) == expected


def test_random_gates_are_folded_once_more() -> None:
    """As many as for the ends, other ones for another seed, each at most once."""
    circuit = mixed_gates()
    chosen = [
        choose_folds(circuit, 4, "gate_folding", np.random.default_rng(seed)) for seed in range(9)
    ]
    assert {sum(folds.values()) for folds in chosen} == {9 + 4}
    assert all(set(folds.values()) == {1, 2} for folds in chosen)
    assert len({tuple(folds.values()) for folds in chosen}) > 4


@pytest.mark.parametrize("strategy", ["active", "active-accum", "active-circuit", "all"])
@pytest.mark.parametrize("factor", [1, 1.7, 3, 5])
def test_every_row_of_a_folded_template_is_the_circuit(factor: float, strategy: str) -> None:
    """Its unitary is that of the circuit, whatever Pauli gates are in it."""
    circuit = mixed_gates()
    rng = np.random.default_rng(4)
    boxed = Boxed.of(circuit, strategy=strategy, pub_index=0, measure=False)
    lowered = boxed.sampled(np.empty((1, 0)), None, 4, rng)
    folds = choose_folds(circuit, factor, "gate_folding", rng)
    result = FoldableTemplate(boxed.template).folded(lowered, folds, rng)
    twice = 2 * sum(folds.values())
    counts = result.circuit.count_ops()
    assert counts["cx"] + counts["cz"] + counts["ecr"] == 9 + twice
    assert set(counts) <= {"rz", "sx", "cx", "cz", "ecr", "barrier"}
    assert len(np.unique(result.values.round(6), axis=0)) == 4
    for row in result.values:
        bare = result.circuit.assign_parameters(row)
        assert Operator(bare).equiv(Operator(circuit), atol=1e-5)


def test_paulis_between_folded_gates_are_uniform() -> None:
    """Each of the 16 pairs of Pauli gates follows the first of three gates equally often."""
    circuit = QuantumCircuit(2)
    circuit.cz(0, 1)
    rng = np.random.default_rng(5)
    boxed = Boxed.of(circuit, strategy="active", pub_index=0, measure=False)
    lowered = boxed.sampled(np.empty((1, 0)), None, 8000, rng)
    folds = choose_folds(circuit, 3, "gate_folding", rng)
    result = FoldableTemplate(boxed.template).folded(lowered, folds, rng)
    names = [parameter.name for parameter in result.circuit.parameters]
    first = names.index("q0000000")
    angles = result.values[:, first : first + 4].reshape(-1, 2, 2)
    # sx sx = x, and rz(pi) is z.
    x = np.cos(angles[..., 0]) > 0
    z = np.cos(angles[..., 1]) * np.where(x, 1, -1) < 0
    kinds = (x[:, 0] * 8 + z[:, 0] * 4 + x[:, 1] * 2 + z[:, 1]).astype(int)
    counts = np.bincount(kinds, minlength=16)
    assert (np.abs(counts - 500) < 5 * math.sqrt(500)).all()
