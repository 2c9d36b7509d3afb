"""Decoded params -> for each PUB its tasks and the join of their results."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from qiskit.primitives.containers.bindings_array import BindingsArray

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.local.engine.bind_values import bind_values, coerce_observables
from qiskit_rest_primitives.local.engine.check_pub import (
    check_angles,
    check_fields,
    check_shots_of_backend,
)
from qiskit_rest_primitives.local.engine.gather import EstimatorJoin, SamplerJoin
from qiskit_rest_primitives.local.engine.load_circuit import LoadedCircuit, load_circuit
from qiskit_rest_primitives.local.engine.qpy_sandbox import Rehearsals
from qiskit_rest_primitives.local.engine.tasks import StopFlag, Task
from qiskit_rest_primitives.local.engine.thread_or_process import is_small
from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.options_acted_on import Requested, read_request
from qiskit_rest_primitives.local.simulators.seeds import Seeds
from qiskit_rest_primitives.local.simulators.setup import Setup
from qiskit_rest_primitives.local.simulators.simulator import (
    ExpectationsWanted,
    Points,
    SamplesWanted,
)
from qiskit_rest_primitives.wire.request.job_request import EstimatorParams, SamplerParams
from qiskit_rest_primitives.wire.request.pubs import decode_estimator_pub, decode_sampler_pub
from qiskit_rest_primitives.wire.shots import precision_of, shots_of

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.simulators.backends import LocalBackend

MAX_RESULT_BYTES = 2**30
# A short text can declare this many, and each is an object of about eighty bytes.
MAX_JOB_BITS = 2_000_000
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
    """

    tasks: Sequence[Task]
    small: bool
    join: SamplerJoin | EstimatorJoin
    num_circuits: int


@dataclass(frozen=True)
class JobPlan:
    """How a job is run.

    Attributes:
        pubs: in the order of the job.
        metadata: of the whole result.
    """

    pubs: list[PubPlan]
    metadata: dict[str, Any]


@dataclass(frozen=True)
class _Context:
    """Values that all PUBs of a job share."""

    requested: Requested
    backend: LocalBackend
    stop: StopFlag
    rehearsals: Rehearsals
    memory: _Memory
    time: _Time

    def load(self, circuit: str | bytes, index: int, num_qubits: int | None) -> LoadedCircuit:
        loaded = load_circuit(
            circuit, index, self.rehearsals, num_qubits=num_qubits, check=self.stop.check
        )
        self.memory.take_bits(loaded.circuit.num_qubits + loaded.circuit.num_clbits, index)
        return loaded


def plan_job(
    params: SamplerParams | EstimatorParams,
    backend: LocalBackend,
    stop: StopFlag,
    rehearsals: Rehearsals,
    time_limit_seconds: float = math.inf,
) -> JobPlan:
    """Reads every PUB and divides it into tasks.

    Args:
        params: of the job.
        backend: what the job runs on.
        stop: checked between PUBs.
        rehearsals: where QPY files are loaded first.
        time_limit_seconds: of the job.

    Raises:
        RefusedError: a PUB, an option or a circuit that the backend can't run.
    """
    try:
        requested = read_request(
            params,
            on_aer=backend.on_aer,
            takes_seed=backend.takes_seed,
            takes_noise=backend.takes_noise,
        )
        seeds = Seeds(requested.seed)
        context = _Context(
            requested, backend, stop, rehearsals, _Memory(), _Time(time_limit_seconds)
        )
        plans: list[PubPlan] = []
        plan_pub = _plan_sampler_pub if isinstance(params, SamplerParams) else _plan_estimator_pub
        for index, item in enumerate(params.pubs):
            stop.check()
            own_seeds = replace(seeds, pub_index=index)
            plan = plan_pub(item, own_seeds, context)
            seeds = replace(seeds, circuits_before=seeds.circuits_before + plan.num_circuits)
            plans.append(plan)
    except ProtocolError as error:
        raise RefusedError(str(error)) from error
    metadata: dict[str, Any] = {"version": 2}
    if requested.not_applied:
        metadata["options_not_applied"] = requested.not_applied
    return JobPlan(plans, metadata)


def _plan_sampler_pub(item: Any, seeds: Seeds, context: _Context) -> PubPlan:
    index, requested, backend = seeds.pub_index, context.requested, context.backend
    pub = decode_sampler_pub(item, place=f"PUB {index}")
    loaded = context.load(pub.circuit, index, _physical_width(pub.circuit, backend))
    values = bind_values(loaded, pub.parameter_values, index)
    shots = requested.shots if pub.shots is None else int(pub.shots)
    check_shots_of_backend(shots, index, backend)
    check_fields(loaded.circuit, index)
    num_bits = {creg.name: creg.size for creg in loaded.circuit.cregs}
    num_bytes = sum(-(-bits // 8) for bits in num_bits.values())
    context.memory.take(values.size * shots * max(1, num_bytes), index)
    wanted = SamplesWanted(shots)
    setup = backend.prepare(
        loaded.circuit, index, requested, replace(wanted, rows=_all_rows(loaded, values))
    )
    check_angles(loaded.circuit, values, index, backend)
    context.time.take(setup, values.size, index)
    rows = _rows(loaded, values, setup)
    tasks = [
        Task(
            index,
            part.start,
            setup.simulator,
            Points(setup.circuit, rows[part], part.start, seeds, context.stop.check),
            wanted,
        )
        for part in _cut(values.size, setup.seconds_per_point, setup.rows_together)
    ]
    metadata: dict[str, Any] = {"shots": shots} | _metadata(loaded) | setup.metadata
    if divided := requested.randomizations.divide(shots):
        metadata["num_randomizations"] = divided[0]
    join = SamplerJoin(values.shape, shots, num_bits, metadata)
    return PubPlan(tasks, is_small(setup, values.size), join, values.size)


def _plan_estimator_pub(item: Any, seeds: Seeds, context: _Context) -> PubPlan:
    index, requested, backend = seeds.pub_index, context.requested, context.backend
    pub = decode_estimator_pub(item, place=f"PUB {index}")
    width = _physical_width(pub.circuit, backend, pub.observables)
    loaded = context.load(pub.circuit, index, width)
    values = bind_values(loaded, pub.parameter_values, index)
    observables = coerce_observables(pub.observables, loaded.circuit.num_qubits, index)
    target_precision = requested.precision if pub.precision is None else float(pub.precision)
    shots, precision = shots_of(target_precision), target_precision
    if divided := requested.randomizations.divide(shots) if shots else None:
        shots = divided[0] * divided[1]
        precision = precision_of(shots)
    if not backend.is_simulator:
        check_shots_of_backend(shots, index, backend, precision=target_precision)
    try:
        shape = np.broadcast_shapes(values.shape, observables.shape)
    except ValueError:
        raise RefusedError(
            f"PUB {index}: values of shape {values.shape} and observables of shape "
            f"{observables.shape} do not broadcast",
            solution="Give both one shape, or axes of length 1 where they differ.",
        ) from None
    context.memory.take(math.prod(shape) * 40, index)
    points = np.broadcast_to(np.arange(values.size).reshape(values.shape), shape).ravel()
    wanted = np.broadcast_to(observables.numbers, shape).ravel()
    width = max(1, len(observables.distinct))
    codes, positions = np.unique(points * width + wanted, return_inverse=True)
    pairs = np.stack(np.divmod(codes, width), axis=-1)
    setup = backend.prepare(
        loaded.circuit,
        index,
        requested,
        ExpectationsWanted(observables.distinct, pairs, values.size, precision),
    )
    check_angles(loaded.circuit, values, index, backend)
    context.time.take(setup, values.size, index)
    rows = _rows(loaded, values, setup)
    tasks: list[Task] = []
    for part in _cut(values.size, setup.seconds_per_point):
        first, last = np.searchsorted(pairs[:, 0], [part.start, part.stop])
        tasks.append(
            Task(
                index,
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
    metadata = (
        {"target_precision": target_precision, "shots": shots} | _metadata(loaded) | setup.metadata
    )
    if divided:
        metadata["num_randomizations"] = divided[0]
    join = EstimatorJoin(shape, positions.ravel(), len(pairs), precision, seeds, metadata)
    return PubPlan(tasks, is_small(setup, values.size), join, setup.num_circuits)


def _physical_width(
    circuit: str | bytes, backend: LocalBackend, observables: Any = None
) -> int | None:
    """The width of a text with qubits ``$0``: that of the device or of its observables."""
    if isinstance(circuit, bytes) or "$" not in circuit:
        return None
    if not backend.is_simulator:
        return backend.num_qubits
    while isinstance(observables, (list, dict)):
        observables = next(iter(cast("list[Any]", observables)), None)
    return len(observables) if isinstance(observables, str) else None


def _metadata(loaded: LoadedCircuit) -> dict[str, Any]:
    return {"circuit_metadata": dict(loaded.circuit.metadata or {})}


def _rows(loaded: LoadedCircuit, values: BindingsArray, setup: Setup) -> np.ndarray:
    """Values ``(points, parameters)`` in the order of the parameters of the circuit to be run."""
    if setup.rows is not None:
        return setup.rows
    kept = set(setup.circuit.parameters)
    columns = [place for place, p in enumerate(loaded.circuit.parameters) if p in kept]
    return _all_rows(loaded, values)[:, columns]


def _all_rows(loaded: LoadedCircuit, values: BindingsArray) -> np.ndarray:
    """Values ``(points, parameters)`` in the order of the parameters of the user's circuit."""
    rows = values.as_array(loaded.circuit.parameters)
    return rows.reshape(values.size, values.num_parameters)


@dataclass
class _Memory:
    """Limits the memory of a job's circuits and results."""

    bytes_left: int = MAX_RESULT_BYTES
    bits_left: int = MAX_JOB_BITS

    def take_bits(self, num_bits: int, pub_index: int) -> None:
        """Refuses the PUB whose circuit exceeds the limit."""
        self.bits_left -= num_bits
        if self.bits_left < 0:
            raise RefusedError(
                f"PUB {pub_index}: the circuits of the job have more than {MAX_JOB_BITS} qubits "
                "and bits together",
                solution="Send fewer PUBs per job.",
            )

    def take(self, num_bytes: int, pub_index: int) -> None:
        """Refuses the PUB whose result exceeds the limit."""
        self.bytes_left -= num_bytes
        if self.bytes_left < 0:
            raise RefusedError(
                f"PUB {pub_index}: its result would take {num_bytes / 2**30:.1f} GiB; a job's "
                f"results have {MAX_RESULT_BYTES / 2**30:.0f} GiB",
                solution="Send fewer points or shots per job.",
            )


@dataclass
class _Time:
    """Limits the estimated time of a job's simulations."""

    limit_seconds: float
    used_seconds: float = 0.0

    def take(self, setup: Setup, points: int, pub_index: int) -> None:
        """Refuses the PUB with which the job would exceed its time limit."""
        if not setup.limited:
            return
        seconds = setup.seconds_per_point * points
        self.used_seconds += seconds
        if self.used_seconds > self.limit_seconds:
            raise RefusedError(
                f"PUB {pub_index}: simulated with all of its noise it takes about {seconds:.2g} s; "
                f"the job's limit is {self.limit_seconds:g} s",
                solution="Ask for fewer shots or points or for less precision, use fewer qubits or "
                "gates, turn by multiples of pi/2 only (Clifford circuits run at any width), or "
                "use a simulator without noise.",
            )


def _cut(points: int, seconds_per_point: float, together: int = 1) -> Iterator[slice]:
    """Divides the points of a PUB: one part if short, else `_TASKS_PER_PUB` or more.

    Parts start at multiples of `together`, and may be fewer for that.
    """
    block = max(1, points)
    if seconds_per_point * points > _WORTH_CUTTING_SECONDS:
        block = max(1, min(int(_TASK_SECONDS / seconds_per_point), -(-points // _TASKS_PER_PUB)))
        block = -(-block // together) * together
    return (slice(start, min(start + block, points)) for start in range(0, points, block))
