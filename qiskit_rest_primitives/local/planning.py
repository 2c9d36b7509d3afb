"""Decoded params -> for each PUB its tasks and the join of their results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import UNSET

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.local.joining import EstimatorJoin, SamplerJoin
from qiskit_rest_primitives.local.loading import load_circuit
from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.seeds import Seeds
from qiskit_rest_primitives.local.tasks import EstimatorTask, SamplerTask, StopFlag, Task
from qiskit_rest_primitives.local.values import bind_values, coerce_observables
from qiskit_rest_primitives.wire.bodies import EstimatorParams, SamplerParams
from qiskit_rest_primitives.wire.pubs import decode_estimator_pub, decode_sampler_pub

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.backends import LocalBackend

DEFAULT_SHOTS = 4096
DEFAULT_PRECISION = 0.015625  # 1 / sqrt(4096)
MAX_RESULT_BYTES = 2**30
_TASK_SECONDS = 0.25
_TASKS_PER_PUB = 16
_WORTH_CUTTING_SECONDS = 0.05


@dataclass(frozen=True)
class PubPlan:
    """How one PUB is run."""

    tasks: Sequence[Task]
    join: SamplerJoin | EstimatorJoin


def plan_job(
    params: SamplerParams | EstimatorParams, backend: LocalBackend, stop: StopFlag
) -> list[PubPlan]:
    """Reads every PUB and cuts it into tasks.

    Raises:
        RefusedError: a PUB, an option or a circuit that the backend can't run.
    """
    try:
        if isinstance(params, SamplerParams):
            return _plan_sampler(params, backend, stop)
        return _plan_estimator(params, backend, stop)
    except ProtocolError as error:
        raise RefusedError(str(error)) from error


def _given(value: Any) -> Any:
    """The value of an option, None where it was left out."""
    return None if value is UNSET else value


def _plan_sampler(params: SamplerParams, backend: LocalBackend, stop: StopFlag) -> list[PubPlan]:
    options = params.options
    default_shots = _given(params.shots) or _given(options.default_shots) or DEFAULT_SHOTS
    seeds = Seeds(_simulator_seed(options))
    plans: list[PubPlan] = []
    for index, item in enumerate(params.pubs):
        pub = decode_sampler_pub(item, place=f"PUB {index}")
        loaded = load_circuit(pub.circuit, index)
        values = bind_values(loaded, pub.parameter_values, index)
        shots = default_shots if pub.shots is None else int(pub.shots)
        circuit = loaded.circuit
        num_bits = {creg.name: creg.size for creg in circuit.cregs}
        _check_memory(values.size * shots * sum(-(-bits // 8) for bits in num_bits.values()), index)
        rows = values.as_array(circuit.parameters).reshape(values.size, -1)
        setup = backend.prepare_sampler(circuit, index, options)
        join = SamplerJoin(
            values.shape,
            shots,
            num_bits,
            {"shots": shots, "circuit_metadata": dict(circuit.metadata or {})} | setup.metadata,
        )
        pub_seeds = Seeds(seeds.seed, index, seeds.entropy)
        block = _block_size(setup.circuit, values.size, shots)
        tasks = [
            SamplerTask(
                index,
                start,
                setup.simulator,
                setup.circuit,
                rows[start : start + block],
                shots,
                pub_seeds,
                stop,
            )
            for start in range(0, values.size, block)
        ]
        plans.append(PubPlan(tasks, join))
    return plans


def _plan_estimator(
    params: EstimatorParams, backend: LocalBackend, stop: StopFlag
) -> list[PubPlan]:
    options = params.options
    default_precision = _default_precision(params)
    seed = _given(options.seed_estimator)
    seeds = Seeds(_simulator_seed(options) if seed is None else seed)
    plans: list[PubPlan] = []
    for index, item in enumerate(params.pubs):
        pub = decode_estimator_pub(item, place=f"PUB {index}")
        loaded = load_circuit(pub.circuit, index)
        values = bind_values(loaded, pub.parameter_values, index)
        circuit = loaded.circuit
        observables = coerce_observables(pub.observables, circuit.num_qubits, index)
        precision = default_precision if pub.precision is None else float(pub.precision)
        if not precision >= 0 or math.isinf(precision):
            raise RefusedError(f"PUB {index}: precision is a number of at least 0, not {precision}")
        try:
            shape = np.broadcast_shapes(values.shape, observables.shape)
        except ValueError:
            raise RefusedError(
                f"PUB {index}: values of shape {values.shape} and observables of shape "
                f"{observables.shape} do not broadcast",
                solution="Give both one shape, or axes of length 1 where they differ.",
            ) from None
        _check_memory(math.prod(shape) * 16, index)
        distinct, numbers = _distinct(observables.ravel())
        setup = backend.prepare_estimator(circuit, index, options, distinct, precision)
        points = np.broadcast_to(np.arange(values.size).reshape(values.shape), shape).ravel()
        wanted = np.broadcast_to(numbers.reshape(observables.shape), shape).ravel()
        codes, positions = np.unique(points * max(1, len(distinct)) + wanted, return_inverse=True)
        pairs = np.stack(np.divmod(codes, max(1, len(distinct))), axis=-1)
        rows = values.as_array(circuit.parameters).reshape(values.size, -1)
        metadata = {
            "target_precision": precision,
            "shots": math.ceil(1 / precision**2) if precision else 0,
            "circuit_metadata": dict(circuit.metadata or {}),
        } | setup.metadata
        pub_seeds = Seeds(seeds.seed, index, seeds.entropy)
        join = EstimatorJoin(shape, positions.ravel(), len(pairs), precision, pub_seeds, metadata)
        tasks: list[Task] = []
        block = _block_size(setup.circuit, len(pairs), 0)
        for start in range(0, len(pairs), block):
            part = pairs[start : start + block].copy()
            first, last = part[0, 0], part[-1, 0]
            part[:, 0] -= first
            tasks.append(
                EstimatorTask(
                    index,
                    start,
                    setup.simulator,
                    setup.circuit,
                    rows[first : last + 1],
                    setup.observables,
                    part,
                    precision,
                    pub_seeds,
                    stop,
                )
            )
        plans.append(PubPlan(tasks, join))
    return plans


def _distinct(observables: Any) -> tuple[list[dict[str, float]], np.ndarray]:
    """The different observables, and for each element which of them it is."""
    numbers: list[int] = []
    distinct: dict[tuple[tuple[str, float], ...], int] = {}
    for observable in np.asarray(observables.__array__(), dtype=object).ravel():
        key = tuple((pauli, float(np.real(value))) for pauli, value in observable.items())
        numbers.append(distinct.setdefault(key, len(distinct)))
    return [dict(key) for key in distinct], np.array(numbers, dtype=np.int64)


def _default_precision(params: EstimatorParams) -> float:
    if (precision := _given(params.precision)) is not None:
        return float(precision)
    if shots := _given(params.options.default_shots):
        return 1 / math.sqrt(shots)
    precision = _given(params.options.default_precision)
    return DEFAULT_PRECISION if precision is None else float(precision)


def _simulator_seed(options: Any) -> int | None:
    simulator = _given(options.simulator)
    return None if simulator is None else _given(simulator.seed_simulator)


def _check_memory(num_bytes: int, pub_index: int) -> None:
    if num_bytes > MAX_RESULT_BYTES:
        raise RefusedError(
            f"PUB {pub_index}: its result would take {num_bytes / 2**30:.1f} GiB, "
            f"more than {MAX_RESULT_BYTES / 2**30:.0f} GiB",
            solution="Send fewer points or shots a PUB.",
        )


def _block_size(circuit: QuantumCircuit, points: int, shots: int) -> int:
    """Points a task: from the PUB alone, so that every executor cuts alike."""
    operations = max(1, len(circuit.data))
    width = min(circuit.num_qubits, 40)
    seconds = operations * (8e-5 + 3e-8 * 2**width) + shots * 1e-7
    if seconds * points < _WORTH_CUTTING_SECONDS:
        return max(1, points)
    return max(1, min(int(_TASK_SECONDS / seconds), -(-points // _TASKS_PER_PUB)))
