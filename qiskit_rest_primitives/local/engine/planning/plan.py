"""Sweeps of a job -> for each its tasks and the join of their results."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.local.engine.base.allowances import (
    NO_CAPS,
    JobCaps,
    Memory,
    Share,
    Time,
)
from qiskit_rest_primitives.local.engine.base.tasks import StepTask, StopFlag, Task
from qiskit_rest_primitives.local.engine.planning.check_mitigation import check_size
from qiskit_rest_primitives.local.engine.planning.gather import EstimatorJoin, SamplerJoin
from qiskit_rest_primitives.local.engine.planning.thread_or_process import is_small
from qiskit_rest_primitives.local.engine.read.qpy_sandbox import Sandbox
from qiskit_rest_primitives.local.engine.read.read_pubs import (
    Context,
    read_estimator_pub,
    read_sampler_pub,
)
from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.base.seeds import Seeds
from qiskit_rest_primitives.local.simulators.base.simulator import (
    ExpectationsWanted,
    Points,
    SamplesWanted,
)
from qiskit_rest_primitives.local.simulators.options_acted_on import read_request
from qiskit_rest_primitives.mitigation.base.pubs import EstimatorSweep, SamplerSweep
from qiskit_rest_primitives.mitigation.random_circuits.measuring import (
    measured,
    observed_circuit,
    observed_qubits,
    register_name,
)
from qiskit_rest_primitives.wire.request.job_request import EstimatorParams, SamplerParams
from qiskit_rest_primitives.wire.shots import precision_of, shots_of

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

    from qiskit_rest_primitives.local.simulators.backends import LocalBackend
    from qiskit_rest_primitives.local.simulators.base.setup import Setup
    from qiskit_rest_primitives.mitigation.base.device_time import DeviceTime
    from qiskit_rest_primitives.mitigation.base.options import Mitigation
    from qiskit_rest_primitives.mitigation.base.steps import Finished, Run, Step

_TASK_SECONDS = 0.25
_TASKS_PER_PUB = 16
_WORTH_CUTTING_SECONDS = 0.05


@dataclass(frozen=True)
class PubPlan:
    """How one PUB is run.

    Attributes:
        tasks: its points, divided.
        small: whether they may run in threads.
        join: joins their results.
        num_circuits: its number of bound circuits.
        simulation: how it is simulated, for its metadata.
        size: its points (sampler) or pairs (estimator), of which each task has some.
        device_seconds: how long it holds the device; None on a simulator.
    """

    tasks: Sequence[Task]
    small: bool
    join: SamplerJoin | EstimatorJoin
    num_circuits: int
    simulation: dict[str, Any]
    size: int
    device_seconds: float | None


@dataclass(frozen=True)
class MitigationPlan:
    """How a job with error mitigation is run: in steps, each of which samples sweeps.

    Attributes:
        sweeps: the PUBs.
        options: what is to be done.
        context: of all PUBs.
        seeds: the randomness of the job.
    """

    sweeps: Sequence[SamplerSweep | EstimatorSweep]
    options: Mitigation
    context: Context
    seeds: Seeds

    def first_step(self) -> StepTask:
        """The task that finds what to sample first."""
        backend = self.context.backend
        target = None if backend.is_simulator else backend.target
        arguments = (self.sweeps, self.options, target, self.seeds.for_steps())
        return StepTask(find_first_step, arguments, self.context.stop)

    def plan_runs(self, runs: Sequence[Run], number: int) -> list[PubPlan]:
        """Divides what a step samples into tasks; see `plan_runs`."""
        return plan_runs(runs, number, self.seeds, self.context)

    def expected_seconds(self, step: Step, runs: Sequence[PubPlan]) -> float | None:
        """How long all steps hold the device, as far as the first one tells; None on a simulator.

        Args:
            step: the first one.
            runs: of that step.
        """
        from qiskit_rest_primitives.mitigation.learning.layer_learning import LayerLearning

        if self.context.clock is None:
            return None
        if isinstance(step, LayerLearning):
            from qiskit_rest_primitives.mitigation.expected import expected_loads

            target = self.context.backend.target
            return expected_loads(self.sweeps, self.options, target).seconds(self.context.clock)
        return sum(run.device_seconds or 0.0 for run in runs)


@dataclass(frozen=True)
class JobPlan:
    """How a job is run.

    Attributes:
        pubs: in the order of the job; empty with error mitigation.
        metadata: of the whole result.
        memory: of its result.
        clock: of the device; None for a simulator.
        mitigated: the way with error mitigation.
    """

    pubs: list[PubPlan]
    metadata: dict[str, Any]
    memory: Memory
    clock: DeviceTime | None = None
    mitigated: MitigationPlan | None = None


def plan_job(
    params: SamplerParams | EstimatorParams,
    backend: LocalBackend,
    stop: StopFlag,
    sandbox: Sandbox,
    time_limit_seconds: float = math.inf,
    caps: JobCaps = NO_CAPS,
) -> JobPlan:
    """Reads every PUB and divides it into tasks.

    Args:
        params: of the job.
        backend: what the job runs on.
        stop: checked between PUBs.
        sandbox: where QPY files are loaded first.
        time_limit_seconds: of the job.
        caps: what its user may ask for.

    Raises:
        RefusedError: a PUB, an option or a circuit that the backend can't run.
    """
    try:
        requested = read_request(
            params,
            on_aer=backend.on_aer,
            takes_seed=backend.takes_seed,
            takes_noise=backend.takes_noise,
            has_clock=backend.clock() is not None,
            is_noisy=backend.is_noisy,
            default_level=backend.default_level,
        )
        clock = backend.clock(requested.rep_delay_seconds, requested.init_qubits)
        time = Time(time_limit_seconds)
        memory = Memory(as_text=params.support_qiskit is not True)
        context = Context(requested, backend, stop, sandbox, memory, time, clock, Share(caps))
        read = read_sampler_pub if isinstance(params, SamplerParams) else read_estimator_pub
        sweeps = (read(item, index, context) for index, item in enumerate(params.pubs))
        seeds = Seeds(requested.seed)
        if requested.mitigation is not None:
            plan = MitigationPlan(list(sweeps), requested.mitigation, context, seeds)
            check_size(plan.sweeps, plan.options, context.memory)
            return JobPlan([], requested.metadata, memory, clock, plan)
        plans = _plan_all(enumerate(sweeps), seeds, context)
    except ProtocolError as error:
        raise RefusedError(str(error)) from error
    return JobPlan(plans, requested.metadata, memory, clock)


def find_first_step(
    sweeps: Sequence[SamplerSweep | EstimatorSweep],
    options: Mitigation,
    target: Target | None,
    seed: np.random.SeedSequence,
) -> Step | Finished:
    """What a job with error mitigation samples first, see `mitigation.base.steps`."""
    # These modules are of no use to other jobs.
    if isinstance(sweeps[0], SamplerSweep):
        from qiskit_rest_primitives.mitigation.sampler import sampler_step

        return sampler_step(cast("Sequence[SamplerSweep]", sweeps), options, target, seed)
    from qiskit_rest_primitives.mitigation.estimator import estimator_step

    return estimator_step(cast("Sequence[EstimatorSweep]", sweeps), options, target, seed)


def plan_runs(runs: Sequence[Run], number: int, seeds: Seeds, context: Context) -> list[PubPlan]:
    """Divides what a step samples into tasks.

    Args:
        runs: of the step.
        number: of the step, from 0.
        seeds: the randomness of the job.
        context: of the job.

    Raises:
        RefusedError: it takes more memory or time than a job may have.
    """
    sweeps = (
        (run.pub_index, SamplerSweep(run.circuit, run.values, (len(run.values),), run.shots))
        for run in runs
    )
    return _plan_all(sweeps, seeds.of_step(number), context)


def _plan_all(
    sweeps: Iterable[tuple[int, SamplerSweep | EstimatorSweep]], seeds: Seeds, context: Context
) -> list[PubPlan]:
    """Plans sweeps, each with the position of its PUB in the job."""
    plans: list[PubPlan] = []
    for place, (index, sweep) in enumerate(sweeps):
        context.stop.check()
        own_seeds = replace(seeds, pub_index=place)
        if isinstance(sweep, SamplerSweep):
            plan = plan_sampler(sweep, index, own_seeds, context)
        else:
            plan = _plan_estimator(sweep, index, own_seeds, context)
        seeds = replace(seeds, circuits_before=seeds.circuits_before + plan.num_circuits)
        plans.append(plan)
    return plans


def plan_sampler(
    sweep: SamplerSweep,
    index: int,
    seeds: Seeds,
    context: Context,
    most_points: int | None = None,
) -> PubPlan:
    """Divides the points of a sweep into tasks.

    Args:
        sweep: of a circuit.
        index: position of its PUB in the job, for messages.
        seeds: its randomness.
        context: of the job.
        most_points: of a task; None for what is fast.

    Raises:
        RefusedError: it takes more memory or time than a job may have.
    """
    requested, points, shots = context.requested, len(sweep.values), sweep.shots
    num_bits = {creg.name: creg.size for creg in sweep.circuit.cregs}
    num_bytes = sum(map(context.memory.sample_bytes, num_bits.values()))
    context.share.take_shots(points * shots, index)
    context.memory.take(points * shots * max(1, num_bytes), index)
    wanted = SamplesWanted(shots)
    setup = context.backend.prepare(
        sweep.circuit, index, requested, replace(wanted, rows=sweep.values)
    )
    context.time.take(setup, points, index)
    rows = _rows(sweep, setup)
    tasks = [
        Task(
            seeds.pub_index,
            part.start,
            setup.simulator,
            Points(setup.circuit, rows[part], part.start, seeds, context.stop.check),
            wanted,
        )
        for part in _cut(points, setup.seconds_per_point, setup.rows_together, most_points)
    ]
    metadata: dict[str, Any] = {"shots": shots, "circuit_metadata": sweep.metadata}
    metadata |= setup.metadata
    if divided := requested.randomizations.divide(shots):
        metadata["num_randomizations"] = divided[0]
    join = SamplerJoin(sweep.shape, shots, num_bits, metadata)
    held = None
    if context.clock is not None:
        held = context.clock.execution_seconds(sweep.circuit) * points * shots
    small = is_small(setup, points)
    return PubPlan(tasks, small, join, points, setup.metadata, points, held)


def _plan_estimator(sweep: EstimatorSweep, index: int, seeds: Seeds, context: Context) -> PubPlan:
    requested, points, pairs = context.requested, len(sweep.values), sweep.pairs
    asked_shots = shots_of(sweep.precision)
    precision = sweep.precision if sweep.shots == asked_shots else precision_of(sweep.shots)
    setup = context.backend.prepare(
        sweep.circuit,
        index,
        requested,
        ExpectationsWanted(sweep.observables, pairs, points, precision),
    )
    context.share.take_shots(setup.num_circuits * shots_of(precision), index)
    context.time.take(setup, points, index)
    rows = _rows(sweep, setup)
    tasks: list[Task] = []
    for part in _cut(points, setup.seconds_per_point):
        first, last = np.searchsorted(pairs[:, 0], [part.start, part.stop])
        tasks.append(
            Task(
                seeds.pub_index,
                int(first),
                setup.simulator,
                Points(setup.circuit, rows[part], part.start, seeds, context.stop.check),
                ExpectationsWanted(
                    setup.observables,
                    pairs[first:last] - [part.start, 0],
                    part.stop - part.start,
                    precision,
                ),
            )
        )
    metadata: dict[str, Any] = {"target_precision": sweep.precision, "shots": sweep.shots}
    metadata |= {"circuit_metadata": sweep.metadata} | setup.metadata
    if divided := requested.randomizations.divide(asked_shots) if asked_shots else None:
        metadata["num_randomizations"] = divided[0]
    join = EstimatorJoin(sweep.shape, sweep.positions, len(pairs), precision, seeds, metadata)
    held = None if context.clock is None else 0.0
    if context.clock is not None and setup.num_circuits:
        each = context.clock.execution_seconds(_measured(sweep))
        held = each * setup.num_circuits * shots_of(precision)
    small = is_small(setup, points)
    return PubPlan(tasks, small, join, setup.num_circuits, setup.metadata, len(pairs), held)


def _measured(sweep: EstimatorSweep) -> QuantumCircuit:
    """The circuit with the measurements of its observables, for its length."""
    circuit, _ = observed_circuit(sweep.circuit)
    qubits = observed_qubits(pauli for terms in sweep.observables for pauli in terms)
    values = np.zeros((1, len(circuit.parameters)))
    bases = np.ones((1, len(qubits)), dtype=int)
    register = register_name(circuit)
    return measured(circuit, values, qubits, bases, register=register).circuit


def _rows(sweep: SamplerSweep | EstimatorSweep, setup: Setup) -> np.ndarray:
    """Values ``(points, parameters)`` in the order of the parameters of the circuit to be run."""
    if setup.rows is not None:
        return setup.rows
    kept = set(setup.circuit.parameters)
    return sweep.values[:, [place for place, p in enumerate(sweep.circuit.parameters) if p in kept]]


def _cut(
    points: int, seconds_per_point: float, together: int = 1, most: int | None = None
) -> Iterator[slice]:
    """Divides the points of a PUB: one part if short, else `_TASKS_PER_PUB` or more.

    Parts start at multiples of `together`, and may be fewer for that; but none has more points than
    `most`.
    """
    block = max(1, points)
    if seconds_per_point * points > _WORTH_CUTTING_SECONDS:
        block = max(1, min(int(_TASK_SECONDS / seconds_per_point), -(-points // _TASKS_PER_PUB)))
        block = -(-block // together) * together
    block = min(block, most or block)
    return (slice(start, min(start + block, points)) for start in range(0, points, block))
