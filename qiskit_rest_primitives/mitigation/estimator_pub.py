"""An estimator's PUB as random circuits. In: PUB, options, noise of layers. Out: Plan. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_rest_primitives.mitigation.base.bases import Bases, choose_bases
from qiskit_rest_primitives.mitigation.base.layers import (
    Gates,
    Layer,
    LayerNoise,
    noisy_layers,
)
from qiskit_rest_primitives.mitigation.base.options import Mitigation
from qiskit_rest_primitives.mitigation.base.pubs import EstimatorSweep
from qiskit_rest_primitives.mitigation.checks import check_circuit
from qiskit_rest_primitives.mitigation.random_circuits.boxing import Boxed, covered
from qiskit_rest_primitives.mitigation.random_circuits.decoupling import decoupled_all
from qiskit_rest_primitives.mitigation.random_circuits.dressings import LETTERS
from qiskit_rest_primitives.mitigation.random_circuits.folding import (
    FoldableTemplate,
    choose_folds,
    folded,
)
from qiskit_rest_primitives.mitigation.random_circuits.injected_noise import (
    BOXING,
    CircuitNoise,
    Injected,
)
from qiskit_rest_primitives.mitigation.random_circuits.lowered import Lowered
from qiskit_rest_primitives.mitigation.random_circuits.measuring import (
    measured,
    observed_circuit,
    observed_qubits,
    register_name,
)
from qiskit_rest_primitives.mitigation.values.estimates import Measured

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from qiskit.transpiler import Target


@dataclass(frozen=True)
class Plan:
    """One PUB.

    Attributes:
        pairs: as in `EstimatorSweep`.
        positions: as in `EstimatorSweep`.
        shape: of the PUB.
        precision: that was asked for.
        measured: where its Pauli strings are.
        shots: of each random circuit.
        lowered: one for each noise factor; empty if nothing has to be measured.
        metadata: of the circuit.
        resilience: what else the result's metadata say of the mitigation.
    """

    pairs: np.ndarray
    positions: np.ndarray
    shape: tuple[int, ...]
    precision: float
    measured: Measured
    shots: int
    lowered: Sequence[Lowered]
    metadata: Mapping[str, Any]
    resilience: Mapping[str, Any]


@dataclass(frozen=True)
class PubCircuits:
    """A PUB before its random circuits are drawn.

    Attributes:
        index: its position in the job.
        sweep: as it was sent.
        circuit: without the measurements at its end.
        bases: the circuits of each point.
        qubits: to be measured.
        values: float64 ``(circuits, parameters)``.
        letters: int ``(circuits, qubits)``: bases, as positions in `LETTERS`.
        boxed: the circuit in boxes, if its gates are twirled and anything is to be measured.
    """

    index: int
    sweep: EstimatorSweep
    circuit: QuantumCircuit
    bases: Bases
    qubits: list[int]
    values: np.ndarray
    letters: np.ndarray
    boxed: Boxed | None

    @classmethod
    def of(cls, index: int, sweep: EstimatorSweep, options: Mitigation) -> PubCircuits:
        """Chooses bases and boxes."""
        check_circuit(sweep.circuit, options, index)
        circuit, measured_before = observed_circuit(sweep.circuit)
        observables = [_still_there(terms, measured_before) for terms in sweep.observables]
        bases = choose_bases(observables, sweep.pairs, len(sweep.values))
        circuits = bases.of_circuits()
        qubits = observed_qubits(basis for _, basis in circuits)
        boxed = None
        if circuits and options.twirling.gates:
            # The box of the measurements covers them all, and needs a basis for each.
            qubits = covered(circuit, options.twirling.strategy, qubits)
            boxed = Boxed.of(
                circuit,
                strategy=options.twirling.strategy,
                pub_index=index,
                observed=qubits,
                register=register_name(circuit),
                measure=options.twirling.measure,
                **(BOXING if options.needs_layer_noise else {}),
            )
        return cls(
            index,
            sweep,
            circuit,
            bases,
            qubits,
            sweep.values[[point for point, _ in circuits]],
            np.array([[LETTERS.index(basis[-1 - q]) for q in qubits] for _, basis in circuits]),
            boxed,
        )

    @property
    def layers(self) -> list[tuple[str, Layer]]:
        """The layers of its gates, with their references in the samplex."""
        return [] if self.boxed is None else noisy_layers(self.boxed.boxes, self.boxed.qubits)

    def plan(
        self,
        options: Mitigation,
        target: Target | None,
        known: Mapping[Gates, LayerNoise],
        rng: np.random.Generator,
    ) -> Plan:
        """Draws the random circuits."""
        randomizations, shots = options.twirling.divide(
            self.sweep.shots, pec=options.pec is not None
        )
        lowered: list[Lowered] = []
        resilience: dict[str, Any] = {}
        if self.boxed is not None and options.needs_layer_noise:
            injected = Injected.of(
                self.boxed,
                CircuitNoise.of(self.layers, known),
                self.values,
                self.letters,
                randomizations,
                options,
                self.index,
                rng,
            )
            randomizations, resilience = injected.randomizations, injected.metadata
            lowered = injected.lowered
        elif len(self.letters):
            lowered = list(self._lowered(options, randomizations, rng))
        if options.decoupling is not None:
            lowered = decoupled_all(lowered, target, options.decoupling, self.index)
        return Plan(
            self.sweep.pairs,
            self.sweep.positions,
            self.sweep.shape,
            self.sweep.precision,
            Measured(self.bases, self.qubits, register_name(self.circuit), randomizations),
            shots,
            lowered,
            self.sweep.metadata,
            resilience,
        )

    def _lowered(
        self, options: Mitigation, randomizations: int, rng: np.random.Generator
    ) -> Iterator[Lowered]:
        """The random circuits at each noise factor."""
        folds = (
            [{}]
            if options.zne is None
            else [
                choose_folds(self.circuit, factor, options.zne.amplifier, rng)
                for factor in options.zne.noise_factors
            ]
        )
        if self.boxed is None:
            for counts in folds:
                yield measured(
                    folded(self.circuit, counts),
                    self.values,
                    self.qubits,
                    self.letters,
                    register=register_name(self.circuit),
                    randomizations=randomizations,
                    rng=rng if options.twirling.measure else None,
                )
            return
        # Drawn at once: a draw costs much, its number of rows little.
        rows = randomizations * len(folds)
        every = self.boxed.sampled(self.values, self.letters, rows, rng)
        foldable = FoldableTemplate(self.boxed.template)
        for lowered, counts in zip(every.shared(len(folds), randomizations), folds, strict=True):
            yield foldable.folded(lowered, counts, rng)


def _still_there(terms: dict[str, float], measured_before: Sequence[int]) -> dict[str, float]:
    """The observable after a measurement of qubits: X and Y are 0 there."""
    return {
        pauli: coefficient
        for pauli, coefficient in terms.items()
        if not any(pauli[-1 - qubit] in "XY" for qubit in measured_before)
    }
