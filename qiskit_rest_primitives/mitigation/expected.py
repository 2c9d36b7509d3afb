"""What a job will run, known before its random circuits are drawn. In: PUBs. Out: Load. No I/O.

Templates come from the steps of `sampler` and `estimator`, with one random version of each circuit
in place of all: durations do not depend on random angles, and numbers follow from the options.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.mitigation.base.collector import collector_paused
from qiskit_rest_primitives.mitigation.base.extra import INSTALL, extra_is_installed
from qiskit_rest_primitives.mitigation.base.options import Mitigation
from qiskit_rest_primitives.mitigation.base.pubs import EstimatorSweep, SamplerSweep
from qiskit_rest_primitives.mitigation.estimator import EstimatorJob, EstimatorStep
from qiskit_rest_primitives.mitigation.estimator_pub import PubCircuits
from qiskit_rest_primitives.mitigation.learning.expected_noise import expected_noise
from qiskit_rest_primitives.mitigation.learning.layer_learning import LayerLearning
from qiskit_rest_primitives.mitigation.sampler import sampler_step
from qiskit_rest_primitives.wire.shots import Randomizations

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from qiskit.transpiler import Target

    from qiskit_rest_primitives.mitigation.base.device_time import DeviceTime


@dataclass(frozen=True)
class Load:
    """Circuits of one length.

    Attributes:
        circuit: one of them, or their template.
        circuits: how many: points x measurement bases, or those that learn.
        randomizations: random versions of each.
        shots: of each random version.
        learns: whether they learn noise, and are of no PUB.
    """

    circuit: QuantumCircuit
    circuits: int
    randomizations: int
    shots: int
    learns: bool = False

    @property
    def executions(self) -> int:
        """How often the device runs one of them."""
        return self.circuits * self.randomizations * self.shots


@dataclass(frozen=True)
class Expected:
    """What a job will run.

    Attributes:
        loads: in the order in which they run.
        notes: sentences about what is not known yet.
    """

    loads: list[Load]
    notes: tuple[str, ...] = ()

    def seconds(self, clock: DeviceTime) -> float:
        """How long it holds a device, without the overhead of a job."""
        return sum(clock.execution_seconds(load.circuit) * load.executions for load in self.loads)


@collector_paused()
def expected_loads(
    sweeps: Sequence[SamplerSweep | EstimatorSweep], options: Mitigation, target: Target | None
) -> Expected:
    """What a job will run.

    Args:
        sweeps: its PUBs, all of one kind.
        options: with the service's defaults.
        target: of the device, for the noise that PEC will find; None for a simulator.

    Raises:
        OptionsError: a circuit that the options can't be applied to, or an extra that is needed.
    """
    notes: tuple[str, ...] = ()
    if options.needs_extra and not extra_is_installed():
        if options.needs_layer_noise:
            raise OptionsError(
                "what PEC and the amplifier 'pea' run can't be known without the layers of the "
                f"circuit, which need an extra: {INSTALL}"
            )
        notes = (f"the gates that twirling adds are not counted; for these: {INSTALL}",)
        options = replace(options, twirling=replace(options.twirling, gates=False, measure=True))
    samples = [each for each in sweeps if isinstance(each, SamplerSweep)]
    if samples:
        return Expected([load for sweep in samples for load in _sampled(sweep, options)], notes)
    estimates = [each for each in sweeps if isinstance(each, EstimatorSweep)]
    found = _estimated(estimates, options, target) if estimates else Expected([])
    return replace(found, notes=(*notes, *found.notes))


def _light(options: Mitigation) -> Mitigation:
    """One random version of each circuit, and no pulses, which change no length."""
    return replace(
        options,
        twirling=replace(options.twirling, randomizations=Randomizations(1, 1)),
        decoupling=None,
        layer_noise_learning=replace(options.layer_noise_learning, num_randomizations=1),
    )


def _sampled(sweep: SamplerSweep, options: Mitigation) -> Iterator[Load]:
    if not len(sweep.values):
        return
    one = replace(sweep, values=sweep.values[:1], shape=(1,))
    step = sampler_step([one], _light(options), None, np.random.SeedSequence(0))
    randomizations, shots = options.twirling.divide(sweep.shots)
    yield Load(step.runs[0].circuit, len(sweep.values), randomizations, shots)


def _estimated(
    sweeps: Sequence[EstimatorSweep], options: Mitigation, target: Target | None
) -> Expected:
    pubs = [PubCircuits.of(index, sweep, options) for index, sweep in enumerate(sweeps)]
    job = EstimatorJob(
        [_one_point(pub) for pub in pubs], _light(options), target, np.random.SeedSequence(1)
    )
    step = job.first_step(np.random.SeedSequence(2))
    loads: list[Load] = []
    notes: list[str] = []
    if isinstance(step, LayerLearning):
        learning = options.layer_noise_learning
        loads += [
            Load(run.circuit, len(run.values), learning.num_randomizations, run.shots, learns=True)
            for run in step.runs
        ]
        layers = [layer for layer, _ in job.layers_to_learn()]
        step = job.with_noise({} if target is None else expected_noise(layers, target))
        if options.pec is not None:
            notes.append(
                "how many circuits PEC runs is expected from the errors that the device reports; "
                "the job learns them"
            )
    loads += _of_pubs(pubs, step, options)
    return Expected(loads, tuple(notes))


def _of_pubs(
    pubs: Sequence[PubCircuits], step: EstimatorStep, options: Mitigation
) -> Iterator[Load]:
    most = 0
    for pub, plan in zip(pubs, step.plans, strict=True):
        randomizations, shots = options.twirling.divide(
            pub.sweep.shots, pec=options.pec is not None
        )
        most = max(most, shots)
        overhead = plan.resilience.get("pec", {}).get("num_randomizations_scaling", 1.0)
        randomizations = math.ceil(randomizations * overhead * (1 - 1e-9))
        for lowered in plan.lowered:
            yield Load(lowered.circuit, len(pub.letters), randomizations, shots)
    learning = options.measure_noise_learning
    if step.readout is not None and learning is not None:
        each = learning.shots_per_randomization or most
        circuit = step.readout.lowered.circuit
        yield Load(circuit, 1, learning.num_randomizations, each, learns=True)


def _one_point(pub: PubCircuits) -> PubCircuits:
    """The PUB with each measurement basis once, which gives the same templates."""
    if not len(pub.letters):
        return pub
    letters, first = np.unique(pub.letters, axis=0, return_index=True)
    return replace(pub, values=pub.values[first], letters=letters)
