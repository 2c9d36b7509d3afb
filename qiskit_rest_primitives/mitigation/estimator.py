"""An estimator's job as a step: PUBs -> sweeps of random circuits -> expectation values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives.containers import DataBin, PubResult

from qiskit_rest_primitives.mitigation.bases import Bases, choose_bases
from qiskit_rest_primitives.mitigation.boxing import Boxed
from qiskit_rest_primitives.mitigation.checks import check_circuit
from qiskit_rest_primitives.mitigation.decoupling import decoupled_all
from qiskit_rest_primitives.mitigation.dressings import LETTERS
from qiskit_rest_primitives.mitigation.estimates import Estimate, Measured, Terms
from qiskit_rest_primitives.mitigation.folding import FoldableTemplate, choose_folds, folded
from qiskit_rest_primitives.mitigation.injected_noise import BOXING, CircuitNoise, Injected
from qiskit_rest_primitives.mitigation.layer_learning import learning_step
from qiskit_rest_primitives.mitigation.layer_noise_json import read_layer_noise
from qiskit_rest_primitives.mitigation.layers import (
    Gates,
    Layer,
    LayerNoise,
    layers_to_learn,
    noisy_layers,
)
from qiskit_rest_primitives.mitigation.lowered import Lowered
from qiskit_rest_primitives.mitigation.measuring import (
    measured,
    observed_circuit,
    register_name,
)
from qiskit_rest_primitives.mitigation.metadata import estimator_pub, estimator_result
from qiskit_rest_primitives.mitigation.options import Mitigation
from qiskit_rest_primitives.mitigation.pubs import EstimatorSweep
from qiskit_rest_primitives.mitigation.readout import Readout, ReadoutLearning
from qiskit_rest_primitives.mitigation.steps import Finished, Run, Samples, Step

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
class EstimatorStep:
    """All circuits of a job: those of its PUBs and those that calibrate the measurements.

    Attributes:
        plans: one for each PUB.
        readout: learns the readout errors; None if they are not mitigated.
        options: of the job.
        noise: of layers, if it was needed.
    """

    plans: Sequence[Plan]
    readout: ReadoutLearning | None
    options: Mitigation
    noise: Sequence[LayerNoise] = ()

    @property
    def runs(self) -> Sequence[Run]:
        """The noise factors of each PUB, in order; then the calibration."""
        found = [
            Run(lowered.circuit, lowered.values, plan.shots, index)
            for index, plan in enumerate(self.plans)
            for lowered in plan.lowered
        ]
        return found if self.readout is None else [*found, self.readout.run]

    def advance(self, samples: Sequence[Samples]) -> Finished:
        """The results."""
        rest = iter(samples)
        of_plans = [[next(rest) for _ in plan.lowered] for plan in self.plans]
        readout = None if self.readout is None else self.readout.learned(next(rest))
        return Finished(
            [
                self._result(plan, own, readout)
                for plan, own in zip(self.plans, of_plans, strict=True)
            ],
            estimator_result(self.options, self.noise),
        )

    def _result(self, plan: Plan, samples: Sequence[Samples], readout: Readout | None) -> PubResult:
        found = list(self._estimates(plan, samples, readout))

        def spread(name: str) -> np.ndarray:
            """An attribute of the estimates: shape of the PUB, then its own."""
            values = np.array([getattr(estimate, name) for estimate in found])
            return values[plan.positions].reshape((*plan.shape, *values.shape[1:]))

        data = {"evs": spread("value"), "stds": spread("error")}
        names = None
        if self.options.zne is None:
            data["ensemble_standard_error"] = spread("ensemble_error")
        else:
            at_factors = np.moveaxis(spread("at_factors"), len(plan.shape), 0)
            data["evs_noise_factors"], data["stds_noise_factors"] = at_factors[:2]
            data["ensemble_stds_noise_factors"] = at_factors[2]
            extrapolated = np.moveaxis(spread("extrapolated"), len(plan.shape), 0)
            data["evs_extrapolated"], data["stds_extrapolated"] = extrapolated
            names = spread("extrapolator")
        return PubResult(
            DataBin(**data, shape=plan.shape),
            estimator_pub(
                self.options,
                shots=plan.measured.randomizations * plan.shots,
                randomizations=plan.measured.randomizations,
                precision=plan.precision,
                circuit=plan.metadata,
                extrapolators=names,
                resilience=plan.resilience,
            ),
        )

    def _estimates(
        self, plan: Plan, samples: Sequence[Samples], readout: Readout | None
    ) -> Iterator[Estimate]:
        bits = [
            plan.measured.bits(lowered, own)
            for lowered, own in zip(plan.lowered, samples, strict=True)
        ]
        for point, observable in plan.pairs.tolist():
            terms = Terms.of(plan.measured, plan.lowered, bits, (point, observable), readout)
            yield terms.estimate(self.options.zne)


def estimator_step(
    sweeps: Sequence[EstimatorSweep],
    options: Mitigation,
    target: Target | None,
    seed: np.random.SeedSequence,
) -> Step:
    """Prepares a job.

    Args:
        sweeps: its PUBs.
        options: of the job.
        target: of the device, with durations; None for a simulator.
        seed: of everything random; the same seed gives the same rows.

    Raises:
        OptionsError: a circuit that the options can't be applied to.
    """
    # A seed that has spawned others would spawn new ones.
    seed = np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key)
    of_learning, own = seed.spawn(2)
    pubs = [_Pub.of(index, sweep, options) for index, sweep in enumerate(sweeps)]
    job = _Job(pubs, options, target, own)
    if not options.needs_layer_noise:
        return job.with_noise({})
    if options.layer_noise_model is not None:
        return job.with_noise(read_layer_noise(options.layer_noise_model))
    learning = options.layer_noise_learning
    layers, _ = layers_to_learn(
        [[layer for _, layer in pub.layers] for pub in pubs], learning.max_layers_to_learn
    )
    if not layers:
        return job.with_noise({})
    num_qubits = max(sweep.circuit.num_qubits for sweep in sweeps)
    return learning_step(layers, learning, options.decoupling, target, num_qubits, of_learning, job)


@dataclass(frozen=True)
class _Job:
    """A job before its random circuits are drawn.

    Attributes:
        pubs: of the job.
        options: of the job.
        target: of the device, or None.
        seed: of the random circuits.
    """

    pubs: Sequence[_Pub]
    options: Mitigation
    target: Target | None
    seed: np.random.SeedSequence

    def with_noise(self, known: Mapping[Gates, LayerNoise]) -> EstimatorStep:
        """Draws them.

        Args:
            known: the noise of layers, if it is needed.
        """
        *of_pubs, of_readout = [
            np.random.default_rng(own) for own in self.seed.spawn(len(self.pubs) + 1)
        ]
        plans = [
            pub.plan(self.options, self.target, known, rng)
            for pub, rng in zip(self.pubs, of_pubs, strict=True)
        ]
        readout = None
        learning = self.options.measure_noise_learning
        qubits = sorted({qubit for plan in plans for qubit in plan.measured.qubits})
        if learning is not None and qubits:
            readout = ReadoutLearning.of(
                qubits,
                max(pub.sweep.circuit.num_qubits for pub in self.pubs),
                learning.num_randomizations,
                learning.shots_per_randomization or max(plan.shots for plan in plans),
                of_readout,
            )
        return EstimatorStep(plans, readout, self.options, list(known.values()))


@dataclass(frozen=True)
class _Pub:
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
    def of(cls, index: int, sweep: EstimatorSweep, options: Mitigation) -> _Pub:
        """Chooses bases and boxes."""
        check_circuit(sweep.circuit, options, index)
        circuit, measured_before = observed_circuit(sweep.circuit)
        observables = [_still_there(terms, measured_before) for terms in sweep.observables]
        bases = choose_bases(observables, sweep.pairs, len(sweep.values))
        circuits = bases.of_circuits()
        qubits = _observed(basis for _, basis in circuits)
        boxed = None
        if circuits and options.twirling.gates:
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


def _observed(bases: Iterator[str]) -> list[int]:
    """Qubits with a letter in one of the bases."""
    return sorted(
        {
            qubit
            for basis in set(bases)
            for qubit, letter in enumerate(reversed(basis))
            if letter != "I"
        }
    )
