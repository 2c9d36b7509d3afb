"""An estimator's job as a step: PUBs -> sweeps of random circuits -> expectation values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qiskit.primitives.containers import DataBin, PubResult

from qiskit_rest_primitives.mitigation.base.collector import collector_paused
from qiskit_rest_primitives.mitigation.base.layers import (
    Gates,
    Layer,
    LayerNoise,
    layers_to_learn,
)
from qiskit_rest_primitives.mitigation.base.options import Mitigation
from qiskit_rest_primitives.mitigation.base.pubs import EstimatorSweep
from qiskit_rest_primitives.mitigation.base.steps import Finished, Run, Samples, Step
from qiskit_rest_primitives.mitigation.estimator_pub import Plan, PubCircuits
from qiskit_rest_primitives.mitigation.learning.layer_learning import LayerLearning, learning_step
from qiskit_rest_primitives.mitigation.learning.layer_noise_json import read_layer_noise
from qiskit_rest_primitives.mitigation.metadata import estimator_pub, estimator_result
from qiskit_rest_primitives.mitigation.values.estimates import Estimate, Terms
from qiskit_rest_primitives.mitigation.values.readout import Readout, ReadoutLearning

if TYPE_CHECKING:
    from qiskit.transpiler import Target


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
                unreadable=[] if readout is None else readout.unreadable(plan.measured.qubits),
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


@collector_paused()
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
    pubs = [PubCircuits.of(index, sweep, options) for index, sweep in enumerate(sweeps)]
    return EstimatorJob(pubs, options, target, own).first_step(of_learning)


@dataclass(frozen=True)
class EstimatorJob:
    """A job before its random circuits are drawn.

    Attributes:
        pubs: of the job.
        options: of the job.
        target: of the device, or None.
        seed: of the random circuits.
    """

    pubs: Sequence[PubCircuits]
    options: Mitigation
    target: Target | None
    seed: np.random.SeedSequence

    def first_step(self, of_learning: np.random.SeedSequence) -> LayerLearning | EstimatorStep:
        """The step that learns the noise of layers, if it is needed; else all circuits.

        Args:
            of_learning: seed of the circuits that learn.
        """
        options = self.options
        if not options.needs_layer_noise:
            return self.with_noise({})
        if options.layer_noise_model is not None:
            return self.with_noise(read_layer_noise(options.layer_noise_model))
        layers = self.layers_to_learn()
        if not layers:
            return self.with_noise({})
        return learning_step(
            layers,
            options.layer_noise_learning,
            options.decoupling,
            self.target,
            max(pub.sweep.circuit.num_qubits for pub in self.pubs),
            of_learning,
            self,
        )

    def layers_to_learn(self) -> list[tuple[Layer, int]]:
        """The layers whose noise is learned, each with the first PUB that has it."""
        most = self.options.layer_noise_learning.max_layers_to_learn
        return layers_to_learn([[layer for _, layer in pub.layers] for pub in self.pubs], most)[0]

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
