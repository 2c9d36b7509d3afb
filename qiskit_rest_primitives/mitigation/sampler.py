"""A sampler's job as a step: PUBs -> sweeps of random circuits -> bits with the flips undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives.containers import BitArray, DataBin, SamplerPubResult

from qiskit_rest_primitives.mitigation.base.collector import collector_paused
from qiskit_rest_primitives.mitigation.base.options import Mitigation
from qiskit_rest_primitives.mitigation.base.pubs import SamplerSweep
from qiskit_rest_primitives.mitigation.base.steps import Finished, Run, Samples, Step
from qiskit_rest_primitives.mitigation.checks import check_circuit
from qiskit_rest_primitives.mitigation.metadata import sampler_pub, sampler_result
from qiskit_rest_primitives.mitigation.random_circuits.boxing import Boxed
from qiskit_rest_primitives.mitigation.random_circuits.decoupling import decoupled_all
from qiskit_rest_primitives.mitigation.random_circuits.lowered import Lowered, unflipped
from qiskit_rest_primitives.mitigation.random_circuits.twirled_bits import with_twirled_bits

if TYPE_CHECKING:
    from qiskit.transpiler import Target


@dataclass(frozen=True)
class Plan:
    """One PUB.

    Attributes:
        shape: of the PUB.
        randomizations: rows of each point.
        shots: of each row.
        kept: shots of each point in the result.
        lowered: what is run.
        metadata: of the circuit.
    """

    shape: tuple[int, ...]
    randomizations: int
    shots: int
    kept: int
    lowered: Lowered
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class SamplerStep:
    """All circuits of a job.

    Attributes:
        plans: one for each PUB.
        options: of the job.
    """

    plans: Sequence[Plan]
    options: Mitigation

    @property
    def runs(self) -> Sequence[Run]:
        """One for each PUB."""
        return [
            Run(plan.lowered.circuit, plan.lowered.values, plan.shots, index)
            for index, plan in enumerate(self.plans)
        ]

    def advance(self, samples: Sequence[Samples]) -> Finished:
        """The results."""
        return Finished(
            [self._result(plan, own) for plan, own in zip(self.plans, samples, strict=True)],
            sampler_result(self.options),
        )

    def _result(self, plan: Plan, samples: Samples) -> SamplerPubResult:
        data: dict[str, BitArray] = {}
        for name, bits in samples.items():
            array = unflipped(bits, plan.lowered.flips.get(name))
            shots = plan.randomizations * plan.shots
            array = array.reshape(*plan.shape, shots, array.shape[-1])
            data[name] = BitArray(array[..., : plan.kept, :], bits.num_bits)
        return SamplerPubResult(
            DataBin(**data, shape=plan.shape),
            sampler_pub(self.options, plan.randomizations, plan.metadata),
        )


@collector_paused()
def sampler_step(
    sweeps: Sequence[SamplerSweep],
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
    rngs = [np.random.default_rng(own) for own in seed.spawn(len(sweeps))]
    plans = [
        _plan(index, sweep, options, target, rng)
        for index, (sweep, rng) in enumerate(zip(sweeps, rngs, strict=True))
    ]
    return SamplerStep(plans, options)


def _plan(
    index: int,
    sweep: SamplerSweep,
    options: Mitigation,
    target: Target | None,
    rng: np.random.Generator,
) -> Plan:
    check_circuit(sweep.circuit, options, index)
    twirling = options.twirling
    randomizations, shots = twirling.divide(sweep.shots)
    # The numbers of twirling count, if both are set; else those of the PUB.
    total = randomizations * shots
    kept = total if twirling.randomizations.product is not None else min(total, sweep.shots)
    lowered = Lowered(sweep.circuit, sweep.values)
    if twirling.gates:
        boxed = Boxed.of(
            sweep.circuit,
            strategy=twirling.strategy,
            pub_index=index,
            measure=twirling.measure,
        )
        lowered = boxed.sampled(sweep.values, None, randomizations, rng)
    elif twirling.measure:
        lowered = with_twirled_bits(sweep.circuit, sweep.values, randomizations, rng)
    if options.decoupling is not None:
        (lowered,) = decoupled_all([lowered], target, options.decoupling, index)
    return Plan(sweep.shape, randomizations, shots, kept, lowered, sweep.metadata)
