"""The step that learns the noise of layers, before the circuits that need it. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.mitigation.base.layers import Gates, Layer, LayerNoise
from qiskit_rest_primitives.mitigation.base.options import Decoupling, LayerNoiseLearning
from qiskit_rest_primitives.mitigation.base.steps import Finished, Run, Samples, Step
from qiskit_rest_primitives.mitigation.learning.layer_circuits import (
    CREG,
    Place,
    check_learnable,
    layer_run,
    pauli_bases,
)
from qiskit_rest_primitives.mitigation.learning.layer_noise import learned_noise
from qiskit_rest_primitives.mitigation.random_circuits.decoupling import decoupled

if TYPE_CHECKING:
    from qiskit.transpiler import Target


class NeedsNoise(Protocol):
    """What goes on as soon as the noise is known. Can be pickled."""

    def with_noise(self, known: Mapping[Gates, LayerNoise]) -> Step | Finished:
        """The next step."""
        ...


@dataclass(frozen=True)
class _Experiment:
    """The circuits of one layer.

    Attributes:
        layer: to learn.
        edges: pairs of neighbours, as positions in ``layer.qubits``.
        bases: uint8 ``(bases, qubits)``.
        flips: of each depth.
    """

    layer: Layer
    edges: list[tuple[int, int]]
    bases: np.ndarray
    flips: list[np.ndarray]


@dataclass(frozen=True)
class _Fits:
    """What follows from the samples. It does not hold the circuits, which take long to pickle.

    Attributes:
        experiments: of each layer.
        depths: in pairs of layers.
        then: what is to be done with the noise.
    """

    experiments: list[_Experiment]
    depths: tuple[int, ...]
    then: NeedsNoise

    def advance(self, samples: Sequence[Samples]) -> Step | Finished:
        """Fits the noise of each layer."""
        known: dict[Gates, LayerNoise] = {}
        count = len(self.depths)
        for number, experiment in enumerate(self.experiments):
            own = [each[CREG] for each in samples[number * count : (number + 1) * count]]
            known[experiment.layer.gates] = learned_noise(
                experiment.layer,
                experiment.edges,
                experiment.bases,
                self.depths,
                own,
                experiment.flips,
            )
        return self.then.with_noise(known)


@dataclass(frozen=True)
class LayerLearning:
    """A step: circuits that repeat each layer; then the step that needs their noise.

    Attributes:
        runs: layer by layer, each at all depths.
        advance: fits the noise of each layer, and goes on with it.
    """

    runs: list[Run]
    advance: Callable[[Sequence[Samples]], Step | Finished]


def learning_step(
    layers: Sequence[tuple[Layer, int]],
    options: LayerNoiseLearning,
    decoupling: Decoupling | None,
    target: Target | None,
    num_qubits: int,
    seed: np.random.SeedSequence,
    then: NeedsNoise,
) -> LayerLearning:
    """The circuits that learn the noise of layers.

    Args:
        layers: of `layers_to_learn`.
        options: depths, randomizations and shots.
        decoupling: of idle qubits in the layers, as in the circuits that need their noise.
        target: whose coupling map has the neighbours; None, or without one: the pairs with gates.
        num_qubits: of the circuits.
        seed: of everything random.
        then: what needs the noise.

    Raises:
        OptionsError: a gate does not undo itself, or there are fewer than two depths.
    """
    depths = tuple(sorted(set(options.layer_pair_depths)))
    if len(depths) < 2:
        raise OptionsError(
            f"resilience.layer_noise_learning.layer_pair_depths is {list(depths)}, but a decay is "
            "seen from two different depths on: add one"
        )
    runs: list[Run] = []
    experiments: list[_Experiment] = []
    neighbours = _neighbours(target, [layer for layer, _ in layers])
    for (layer, pub_index), own_seed in zip(layers, seed.spawn(len(layers)), strict=True):
        check_learnable(layer)
        position = {qubit: index for index, qubit in enumerate(layer.qubits)}
        edges = [
            (position[a], position[b])
            for a, b in sorted(neighbours)
            if a in position and b in position
        ]
        bases = pauli_bases(len(layer.qubits), edges)
        flips: list[np.ndarray] = []
        for depth, depth_seed in zip(depths, own_seed.spawn(len(depths)), strict=True):
            made = layer_run(
                layer,
                bases,
                depth,
                options.num_randomizations,
                options.shots_per_randomization,
                depth_seed,
                Place(num_qubits, pub_index),
            )
            run = made.run
            if decoupling is not None:
                circuit = decoupled(run.circuit, target, decoupling)
                run = Run(circuit, run.values, run.shots, run.pub_index)
            runs.append(run)
            flips.append(made.flips)
        experiments.append(_Experiment(layer, edges, bases, flips))
    return LayerLearning(runs, _Fits(experiments, depths, then).advance)


def _neighbours(target: Target | None, layers: Iterable[Layer]) -> set[tuple[int, int]]:
    """Pairs of qubits whose common noise is learned, the lower number first."""
    coupling = None if target is None else target.build_coupling_map()
    edges = [pair for layer in layers for _, pair in layer.gates]
    if coupling is not None:
        edges += coupling.get_edges()
    return {(min(edge), max(edge)) for edge in edges}
