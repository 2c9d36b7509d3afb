"""A quantum program -> sweeps of circuits, as of a sampler's PUBs -> its result."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import UNSET
from qiskit.primitives.containers import BitArray
from qiskit.primitives.containers.bindings_array import BindingsArray

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.local.engine.base.allowances import (
    NO_CAPS,
    JobCaps,
    Memory,
    Share,
    Time,
)
from qiskit_rest_primitives.local.engine.base.tasks import StopFlag
from qiskit_rest_primitives.local.engine.planning.gather import SamplerJoin
from qiskit_rest_primitives.local.engine.planning.plan import PubPlan, plan_sampler
from qiskit_rest_primitives.local.engine.planning.program_options import read_program_options
from qiskit_rest_primitives.local.engine.planning.program_timing import scheduler_timing
from qiskit_rest_primitives.local.engine.read.check_pub import check_angles, check_shots_of_backend
from qiskit_rest_primitives.local.engine.read.load_circuit import (
    MAX_QPY_BYTES,
    LoadedCircuit,
    load_circuits,
)
from qiskit_rest_primitives.local.engine.read.qpy_sandbox import MEBIBYTE, Sandbox
from qiskit_rest_primitives.local.engine.read.read_pubs import Context, physical_width
from qiskit_rest_primitives.local.engine.read.samplexes import (
    SPARE_BYTES,
    SampledItem,
    SampledItems,
    SampleSamplexes,
    check_samplex_items,
    item_shape,
)
from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.base.seeds import Seeds
from qiskit_rest_primitives.mitigation.base.pubs import SamplerSweep
from qiskit_rest_primitives.wire.executor.program import (
    CircuitItem,
    ExecutorParams,
    SamplexItem,
    decode_qpy,
)
from qiskit_rest_primitives.wire.executor.result import (
    Chunk,
    ProgramResult,
    encode_program_result,
)
from qiskit_rest_primitives.wire.executor.tensors import decode_tensor

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.simulators.backends import LocalBackend


@contextmanager
def named_items(name: str = "item") -> Generator[None]:
    """Lets refusals name items, or what else a program has, where those of sweeps name PUBs."""
    try:
        yield
    except ProtocolError as error:
        raise RefusedError(str(error)) from error
    except RefusedError as error:
        raise RefusedError(
            re.sub(r"^PUB (\d+)", rf"{name} \1", error.reason),
            code=error.code,
            solution=error.solution.replace("PUBs", f"{name}s"),
        ) from error


@dataclass(frozen=True)
class Program:
    """A quantum program, ready to run.

    Attributes:
        plans: of each item.
        outputs: what samplexes gave beside values, by the number of the item.
        metadata: of each item's result.
        context: of the job.
    """

    plans: Sequence[PubPlan]
    outputs: Mapping[int, Mapping[str, np.ndarray]]
    metadata: Sequence[Mapping[str, Any]]
    context: Context

    def encoded_result(self, params: ExecutorParams, check: Callable[[], None]) -> bytes:
        """The result as JSON, when all tasks are done; `check` may end that."""
        items: list[Mapping[str, np.ndarray | BitArray]] = []
        chunks: list[Chunk] = []
        for number, plan in enumerate(self.plans):
            join = plan.join
            assert isinstance(join, SamplerJoin)
            items.append({**join.samples(), **self.outputs.get(number, {})})
            axes = tuple(range(len(join.shape)))
            chunks += [
                Chunk(number, axes, points, begun_at, begun_at + seconds)
                for points, begun_at, seconds in join.spans
            ]
        chunks.sort(key=lambda chunk: chunk.begun_at)
        program = params.quantum_program
        result = ProgramResult(
            items, self.metadata, chunks, program.passthrough_data, program.semantic_role
        )
        return encode_program_result(result, params.schema_version, check)


@dataclass(frozen=True)
class ReadProgram:
    """A quantum program whose circuits are loaded.

    Attributes:
        params: of the job.
        circuits: of each item.
        context: of the job.
        seeds: the randomness of the job.
    """

    params: ExecutorParams
    circuits: Sequence[LoadedCircuit]
    context: Context
    seeds: Seeds

    def sample(self) -> SampledItems:
        """Samples the samplex items.

        Raises:
            RefusedError: one is wrong or takes too much.
        """
        items = {
            number: (len(loaded.parameters), item)
            for number, (item, loaded) in enumerate(
                zip(self.params.quantum_program.items, self.circuits, strict=True)
            )
            if isinstance(item, SamplexItem)
        }
        if not items:
            return SampledItems({}, 0.0)
        stop, compressed = self.context.stop, self.params.compressed
        task = SampleSamplexes(items, compressed, self.seeds.for_steps(), stop)
        too_much = RefusedError(
            f"sampling the samplexes of the program takes more than {SPARE_BYTES // MEBIBYTE} MiB, "
            "or does not end well",
            solution="Use fewer randomizations, or fewer items a job.",
        )
        return self.context.sandbox.run(task.run, SPARE_BYTES, too_much, stop.check)

    def plan(self, sampled: Mapping[int, SampledItem]) -> Program:
        """Divides every item into tasks.

        Args:
            sampled: samplex items, by their number.

        Raises:
            RefusedError: an item or a circuit that the backend can't run.
        """
        with named_items():
            seeds = self.seeds.of_step(0)
            plans: list[PubPlan] = []
            for number, item in enumerate(self.params.quantum_program.items):
                self.context.stop.check()
                loaded = self.circuits[number]
                if isinstance(item, CircuitItem):
                    sweep = _circuit_sweep(item, loaded, number, self.params, self.context)
                else:
                    sweep = _samplex_sweep(
                        sampled[number], loaded, number, self.params, self.context
                    )
                own = replace(seeds, pub_index=number)
                plan = _plan(sweep, number, own, self.context, item.chunk_size)
                seeds = replace(seeds, circuits_before=seeds.circuits_before + plan.num_circuits)
                plans.append(plan)
            outputs = {number: item.outputs for number, item in sampled.items()}
            return Program(plans, outputs, self._metadata(), self.context)

    def _metadata(self) -> list[dict[str, Any]]:
        """What the result says of each item: its schedule and stretches, if asked for."""
        options, context = self.params.options, self.context
        metadata: list[dict[str, Any]] = [{} for _ in self.circuits]
        for number, (loaded, own) in enumerate(zip(self.circuits, metadata, strict=True)):
            if options.scheduler_timing:
                timing = scheduler_timing(loaded.circuit, context.backend.target, number)
                context.memory.take(len(timing["timing"]), number)
                own["scheduler_timing"] = timing
            if options.stretch_values:
                own["stretch_values"] = loaded.stretch_values
        return metadata


def read_program(
    params: ExecutorParams,
    backend: LocalBackend,
    stop: StopFlag,
    sandbox: Sandbox,
    time_limit_seconds: float = math.inf,
    caps: JobCaps = NO_CAPS,
) -> ReadProgram:
    """Reads the options and circuits of a quantum program.

    Args:
        params: of the job.
        backend: what the job runs on.
        stop: checked while that takes long.
        sandbox: where QPY files are loaded first.
        time_limit_seconds: of the job.
        caps: what its user may ask for.

    Raises:
        RefusedError: an option or a circuit that can't be read or acted on.
    """
    with named_items():
        requested = read_program_options(params, backend)
        clock = backend.clock(requested.rep_delay_seconds, requested.init_qubits)
        time = Time(time_limit_seconds)
        context = Context(requested, backend, stop, sandbox, Memory(), time, clock, Share(caps))
        check_samplex_items(params.quantum_program.items)
        return ReadProgram(params, _load(params, context), context, Seeds(requested.seed))


def _load(params: ExecutorParams, context: Context) -> list[LoadedCircuit]:
    """The circuits of all items."""
    circuits = params.quantum_program.circuits
    if circuits.data is not UNSET:
        return [
            context.load(text, number, physical_width(text, context.backend))
            for number, text in enumerate(circuits.data)
        ]
    data = decode_qpy(circuits, compressed=params.compressed, max_bytes=MAX_QPY_BYTES)
    check = context.stop.check
    loaded = load_circuits(data, circuits.count, "circuits", context.sandbox, check)
    return [context.accepted(each, number) for number, each in enumerate(loaded)]


def _circuit_sweep(
    item: CircuitItem,
    loaded: LoadedCircuit,
    number: int,
    params: ExecutorParams,
    context: Context,
) -> SamplerSweep:
    place = f"item {number}: circuit_arguments"
    if item.circuit_arguments.dtype != "f64":
        raise RefusedError(f"{place}: dtype {item.circuit_arguments.dtype}; send f64")
    count, sent = len(loaded.parameters), tuple(item.circuit_arguments.shape)
    # Nothing is unpacked of what does not fit.
    if not sent or sent[-1] != count:
        raise RefusedError(
            f"{place}: the circuit has {count} parameters, the shape is {list(sent)}",
            solution=f"Pass an array whose last axis is {count}.",
        )
    shape = item_shape(sent[:-1], item.shape, place)
    points, circuit = math.prod(shape), loaded.circuit
    context.memory.take(points * max(1, count) * np.dtype(float).itemsize, number)
    values = decode_tensor(item.circuit_arguments, place, compressed=params.compressed)
    if not np.isfinite(values).all():
        raise RefusedError(f"{place} hold NaN or infinity")
    check_shots_of_backend(params.quantum_program.shots, number, context.backend)
    bound = BindingsArray({tuple(loaded.parameters): values}) if count else BindingsArray()
    check_angles(circuit, bound, number, context.backend)
    # Parameters of a text are in the order of its declarations.
    columns = _columns(loaded)
    rows = np.broadcast_to(values[..., columns], (*shape, count)).reshape(points, count)
    return SamplerSweep(circuit, rows, shape, params.quantum_program.shots)


def _columns(loaded: LoadedCircuit) -> list[int]:
    """Where in the values each of the circuit's parameters is, in their order."""
    places = {parameter: place for place, parameter in enumerate(loaded.parameters)}
    return [places[parameter] for parameter in loaded.circuit.parameters]


def _samplex_sweep(
    sampled: SampledItem,
    loaded: LoadedCircuit,
    number: int,
    params: ExecutorParams,
    context: Context,
) -> SamplerSweep:
    size = sampled.values.nbytes + sum(array.nbytes for array in sampled.outputs.values())
    context.memory.take(size, number)
    check_shots_of_backend(params.quantum_program.shots, number, context.backend)
    rows = sampled.values
    bound = BindingsArray({tuple(loaded.parameters): rows}) if rows.shape[1] else BindingsArray()
    check_angles(loaded.circuit, bound, number, context.backend)
    columns = _columns(loaded)
    shots = params.quantum_program.shots
    return SamplerSweep(loaded.circuit, rows[:, columns], sampled.shape, shots)


def _plan(
    sweep: SamplerSweep, number: int, seeds: Seeds, context: Context, chunk_size: int | str
) -> PubPlan:
    if not len(sweep.values):
        num_bits = {creg.name: creg.size for creg in sweep.circuit.cregs}
        held = None if context.clock is None else 0.0
        return PubPlan(
            [], True, SamplerJoin(sweep.shape, sweep.shots, num_bits, {}), 0, {}, 0, held
        )
    most = chunk_size if isinstance(chunk_size, int) else None
    return plan_sampler(sweep, number, seeds, context, most)
