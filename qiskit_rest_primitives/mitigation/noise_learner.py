"""The program noise-learner as a step: circuits -> sweeps that repeat their layers -> their noise.

No I/O. The extra ``[mitigation]`` is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.mitigation.base.collector import collector_paused
from qiskit_rest_primitives.mitigation.base.layers import (
    Gates,
    Layer,
    LayerNoise,
    layers_to_learn,
    noisy_layers,
)
from qiskit_rest_primitives.mitigation.base.options import LayerNoiseLearning
from qiskit_rest_primitives.mitigation.base.steps import Finished
from qiskit_rest_primitives.mitigation.checks import NO_GATES, TWIRLED
from qiskit_rest_primitives.mitigation.learning.layer_learning import LayerLearning, learning_step
from qiskit_rest_primitives.mitigation.random_circuits.boxing import Boxed
from qiskit_rest_primitives.mitigation.random_circuits.injected_noise import BOXING
from qiskit_rest_primitives.mitigation.random_circuits.measuring import observed_circuit

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from qiskit.transpiler import Target

LEARNED = "layer_noise"
"""The member of the metadata of `Finished` that has the noise: a list of LayerNoise."""


@dataclass(frozen=True)
class _Learned:
    """The end of a job: its result is the noise itself.

    Attributes:
        layers: those in the result; some may have the same gates and twirl other qubits beside.
    """

    layers: Sequence[Layer]

    def with_noise(self, known: Mapping[Gates, LayerNoise]) -> Finished:
        """Returns the noise of each layer on its qubits."""
        noise = [LayerNoise(each, known[each.gates].on(each.qubits)) for each in self.layers]
        return Finished([], {LEARNED: noise})


@collector_paused()
def noise_learner_step(
    circuits: Sequence[QuantumCircuit],
    options: LayerNoiseLearning,
    strategy: str,
    target: Target | None,
    seed: np.random.SeedSequence,
) -> LayerLearning | Finished:
    """Prepares a job of the program.

    Its result has the layers that differ in gates or twirled qubits, the most frequent first. Those
    with the same gates are learned together, on all qubits of them.

    Args:
        circuits: whose layers are learned; values of their parameters do not matter.
        options: which layers, and how.
        strategy: of twirling: which qubits a layer covers.
        target: of the device; None for a simulator.
        seed: of everything random.

    Raises:
        OptionsError: a circuit whose layers can't be learned; names the instruction.
    """
    found = [_layers(circuit, strategy, number) for number, circuit in enumerate(circuits)]
    counts = Counter(layer for own in found for layer in own)
    listed = [layer for layer, _ in counts.most_common(options.max_layers_to_learn)]
    if not listed:
        return _Learned(()).with_noise({})
    layers, _ = layers_to_learn([[each for each in own if each in listed] for own in found], None)
    width = max(circuit.num_qubits for circuit in circuits)
    return learning_step(layers, options, None, target, width, seed, _Learned(listed))


def check_learned_circuit(circuit: QuantumCircuit, number: int) -> None:
    """Refuses a circuit with gates that can't be learned by repeating them between random Paulis.

    Args:
        circuit: as it was sent.
        number: of the circuit in its job, for messages.

    Raises:
        OptionsError: names the instruction and the cure.
    """
    for position, item in enumerate(circuit.data):
        reason = None
        if item.is_control_flow():
            reason = "is control flow, which has no layers; send its blocks as circuits"
        elif len(item.qubits) > 1 and item.name not in TWIRLED | NO_GATES:
            reason = "can't be learned by repeating it; transpile the circuit to cz, cx or ecr"
        elif not (item.is_standard_gate() or item.name in TWIRLED | NO_GATES):
            reason = "is not a standard gate; transpile the circuit"
        if reason is not None:
            qubits = [circuit.find_bit(qubit).index for qubit in item.qubits]
            raise OptionsError(
                f"circuit {number}: instruction {position}, {item.name} on qubits {qubits}, "
                f"{reason}"
            )


def _layers(circuit: QuantumCircuit, strategy: str, number: int) -> list[Layer]:
    bare, _ = observed_circuit(circuit)
    if not any(len(item.qubits) > 1 and item.name in TWIRLED for item in bare.data):
        return []
    boxing: dict[str, Any] = dict(BOXING)
    boxed = Boxed.of(bare, strategy=strategy, pub_index=number, measure=False, **boxing)
    return [layer for _, layer in noisy_layers(boxed.boxes, boxed.qubits)]
