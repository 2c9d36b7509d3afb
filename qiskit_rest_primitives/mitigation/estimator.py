"""An estimator's job as a step: PUBs -> sweeps of random circuits -> expectation values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives.containers import DataBin, PubResult

from qiskit_rest_primitives.mitigation.bases import choose_bases
from qiskit_rest_primitives.mitigation.boxing import Boxed
from qiskit_rest_primitives.mitigation.checks import check_circuit
from qiskit_rest_primitives.mitigation.dressings import LETTERS
from qiskit_rest_primitives.mitigation.estimates import Estimate, Measured, Terms
from qiskit_rest_primitives.mitigation.folding import FoldableTemplate, choose_folds, folded
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
    """

    pairs: np.ndarray
    positions: np.ndarray
    shape: tuple[int, ...]
    precision: float
    measured: Measured
    shots: int
    lowered: Sequence[Lowered]
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class EstimatorStep:
    """All circuits of a job: those of its PUBs and those that calibrate the measurements.

    Attributes:
        plans: one for each PUB.
        readout: learns the readout errors; None if they are not mitigated.
        options: of the job.
    """

    plans: Sequence[Plan]
    readout: ReadoutLearning | None
    options: Mitigation

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
            estimator_result(self.options),
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
    *of_pubs, of_readout = [np.random.default_rng(own) for own in seed.spawn(len(sweeps) + 1)]
    plans = [
        _plan(index, sweep, options, target, rng)
        for index, (sweep, rng) in enumerate(zip(sweeps, of_pubs, strict=True))
    ]
    readout = None
    learning = options.measure_noise_learning
    qubits = sorted({qubit for plan in plans for qubit in plan.measured.qubits})
    if learning is not None and qubits:
        readout = ReadoutLearning.of(
            qubits,
            max(sweep.circuit.num_qubits for sweep in sweeps),
            learning.num_randomizations,
            learning.shots_per_randomization or max(plan.shots for plan in plans),
            of_readout,
        )
    return EstimatorStep(plans, readout, options)


def _plan(
    index: int,
    sweep: EstimatorSweep,
    options: Mitigation,
    target: Target | None,
    rng: np.random.Generator,
) -> Plan:
    check_circuit(sweep.circuit, options, index)
    circuit, measured_before = observed_circuit(sweep.circuit)
    observables = [_still_there(terms, measured_before) for terms in sweep.observables]
    bases = choose_bases(observables, sweep.pairs, len(sweep.values))
    circuits = bases.of_circuits()
    qubits = _observed(basis for _, basis in circuits)
    randomizations, shots = options.twirling.divide(sweep.shots, pec=options.pec is not None)
    where = Measured(bases, qubits, register_name(circuit), randomizations)
    lowered: Sequence[Lowered] = ()
    if circuits:
        values = sweep.values[[point for point, _ in circuits]]
        letters = np.array(
            [[LETTERS.index(basis[-1 - qubit]) for qubit in qubits] for _, basis in circuits]
        )
        lowered = list(_lowered(index, circuit, values, letters, where, options, rng))
    return Plan(
        sweep.pairs,
        sweep.positions,
        sweep.shape,
        sweep.precision,
        where,
        shots,
        lowered,
        sweep.metadata,
    )


def _lowered(
    index: int,
    circuit: QuantumCircuit,
    values: np.ndarray,
    letters: np.ndarray,
    where: Measured,
    options: Mitigation,
    rng: np.random.Generator,
) -> Iterator[Lowered]:
    """The random circuits at each noise factor."""
    twirling = options.twirling
    folds = (
        [{}]
        if options.zne is None
        else [
            choose_folds(circuit, factor, options.zne.amplifier, rng)
            for factor in options.zne.noise_factors
        ]
    )
    if not twirling.gates:
        for counts in folds:
            yield measured(
                folded(circuit, counts),
                values,
                where.qubits,
                letters,
                register=where.register,
                randomizations=where.randomizations,
                rng=rng if twirling.measure else None,
            )
        return
    boxed = Boxed.of(
        circuit,
        strategy=twirling.strategy,
        pub_index=index,
        observed=where.qubits,
        register=where.register,
        measure=twirling.measure,
    )
    # Drawn at once: a draw costs much, its number of rows little.
    every = boxed.sampled(values, letters, where.randomizations * len(folds), rng)
    foldable = FoldableTemplate(boxed.template)
    for lowered, counts in zip(every.shared(len(folds), where.randomizations), folds, strict=True):
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
