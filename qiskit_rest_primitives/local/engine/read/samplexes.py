"""Samplexes of a quantum program -> values for their circuits, in a process that may die of it.

A samplex is a graph that draws random parameter values. Its text comes from outside: its numbers
can claim any amount of memory, and its nodes any amount of time. So it is read and sampled in a
worker process, whose memory is limited and which is killed at the end of the job's time.
"""

from __future__ import annotations

import importlib.util
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import numpy as np

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.local.engine.base.tasks import StopFlag
from qiskit_rest_primitives.local.engine.read.qpy_sandbox import MEBIBYTE, brief_error, memory_limit
from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.mitigation.base.extra import INSTALL_EXECUTOR
from qiskit_rest_primitives.wire.executor.program import SamplexItem
from qiskit_rest_primitives.wire.executor.tensors import decode_tensor, tensor_of
from qiskit_rest_primitives.wire.limits import INT32_MAX
from qiskit_rest_primitives.wire.values.excerpt import brief, brief_message

if TYPE_CHECKING:
    from samplomatic.samplex import Samplex
    from samplomatic.tensor_interface import TensorInterface

MAX_NODES: Final = 200_000
"""Nodes of a samplex; 127 qubits and 1000 layers make about 10,000."""
MAX_RANDOMIZATIONS: Final = 1_000_000
MAX_QUBITS: Final = 100_000
SPARE_BYTES: Final = 2048 * MEBIBYTE
_LONGEST_NAME, _LONGEST_NAMES = 60, 300


@dataclass(frozen=True)
class SampledItem:
    """What a samplex gave.

    Attributes:
        shape: of the item.
        values: float64 ``(points, parameters)``, in ``circuit.parameters`` order.
        outputs: what else it gave, each ``(*shape, ...)``.
    """

    shape: tuple[int, ...]
    values: np.ndarray
    outputs: dict[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])


@dataclass(frozen=True)
class SampledItems:
    """The result of `SampleSamplexes`: by the number of the item."""

    items: dict[int, SampledItem]
    seconds: float


@dataclass(frozen=True)
class SampleSamplexes:
    """Samples the samplex items of a program; can be pickled.

    Attributes:
        items: by the number of the item: how many parameters its circuit has, and the item.
        compressed: whether tensors are compressed.
        seed: of all that is drawn.
        stop: whether the job is no longer wanted.
    """

    items: dict[int, tuple[int, SamplexItem]]
    compressed: bool
    seed: np.random.SeedSequence
    stop: StopFlag

    def run(self) -> SampledItems:
        """Reads and samples each of them.

        Raises:
            RefusedError: one is wrong or takes too much; the reason has the number of the item.
        """
        begun = time.perf_counter()
        sampled: dict[int, SampledItem] = {}
        for number, (num_parameters, item) in self.items.items():
            self.stop.check()
            # As many draws as before an item must not change those of the item.
            key = (*self.seed.spawn_key, number)
            rng = np.random.default_rng(np.random.SeedSequence(self.seed.entropy, spawn_key=key))
            place = f"item {number}"
            try:
                with memory_limit(SPARE_BYTES):
                    sampled[number] = _sample(
                        item, num_parameters, rng, place, self.compressed, self.stop
                    )
            except ProtocolError as error:
                raise RefusedError(str(error)) from None
            except MemoryError:
                raise RefusedError(
                    f"{place}: sampling its samplex takes more than {SPARE_BYTES // MEBIBYTE} MiB",
                    solution="Use fewer randomizations an item.",
                ) from None
        return SampledItems(sampled, time.perf_counter() - begun)


def check_samplex_items(items: Sequence[object]) -> None:
    """Refuses samplex items where samplomatic is not installed.

    Raises:
        RefusedError: the reason has the number of the item.
    """
    for number, item in enumerate(items):
        if isinstance(item, SamplexItem) and importlib.util.find_spec("samplomatic") is None:
            raise RefusedError(
                f"item {number}: samplex items need samplomatic, which this service lacks",
                solution=f"Install it beside the service: {INSTALL_EXECUTOR}",
            )


def _sample(
    item: SamplexItem,
    num_parameters: int,
    rng: np.random.Generator,
    place: str,
    compressed: bool,
    stop: StopFlag,
) -> SampledItem:
    samplex = _read(item, place)
    arguments = _arguments(item, samplex, place, compressed)
    shape = item_shape(arguments.shape, item.shape, f"{place}: samplex_arguments")
    if math.prod(shape) > MAX_RANDOMIZATIONS:
        raise RefusedError(
            f"{place}: {math.prod(shape)} points of a samplex; at most {MAX_RANDOMIZATIONS} are "
            "sampled"
        )
    # Axes along which the arguments vary are sampled one by one, the others are randomizations.
    own = (1,) * (len(shape) - arguments.ndim) + tuple(arguments.shape)
    varied = [axis for axis, length in enumerate(own) if length > 1]
    random = [axis for axis in range(len(shape)) if axis not in varied]
    num_random = math.prod(shape[axis] for axis in random)
    arrays: dict[str, np.ndarray] = {}
    for index in np.ndindex(*(shape[axis] for axis in varied)):
        stop.check()
        at = dict(zip(varied, index, strict=True))
        first = len(shape) - arguments.ndim
        one = arguments[tuple(at.get(axis, 0) for axis in range(first, len(shape)))]
        try:
            found = samplex.sample(one, num_randomizations=num_random, rng=rng)
        except MemoryError:
            raise
        except Exception as error:  # a graph that is wrong fails in any of its nodes
            raise RefusedError(f"{place}: sampling its samplex: {brief_error(error)}") from error
        for name, array in found.items():
            if name not in arrays:
                arrays[name] = np.empty((*shape, *array.shape[1:]), array.dtype)
            to = tuple(at.get(axis, slice(None)) for axis in range(len(shape)))
            rest = [shape[axis] for axis in random]
            arrays[name][to] = array.reshape(*rest, *array.shape[1:])
    values = arrays.pop("parameter_values", np.zeros((*shape, 0)))
    if values.shape != (*shape, num_parameters):
        raise RefusedError(
            f"{place}: the samplex gives {values.shape[-1]} values, the circuit has "
            f"{num_parameters} parameters"
        )
    if not np.isfinite(values).all():
        raise RefusedError(f"{place}: the samplex gives values that are NaN or infinity")
    rows = np.asarray(values, dtype=np.float64).reshape(math.prod(shape), num_parameters)
    return SampledItem(shape, rows, arrays)


class _Head(msgspec.Struct):
    """What of a samplex's text is read before samplomatic reads it."""

    attrs: dict[str, Any]
    nodes: list[msgspec.Raw]


def _read(item: SamplexItem, place: str) -> Samplex:
    from samplomatic.serialization import samplex_from_json
    from samplomatic.ssv import SSV

    place = f"{place}: samplex"
    if item.samplex.ssv > SSV:
        raise RefusedError(
            f"{place}: its ssv is {item.samplex.ssv}; the samplomatic of this service reads 1 to "
            f"{SSV}"
        )
    try:
        head = msgspec.json.decode(item.samplex.samplex_json, type=_Head)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise RefusedError(f"{place}: samplex_json can't be read: {brief_message(error)}") from None
    if head.attrs.get("ssv") != str(item.samplex.ssv):
        raise RefusedError(
            f"{place}: ssv is {item.samplex.ssv}, but {brief(head.attrs.get('ssv'))} in "
            "samplex_json"
        )
    if len(head.nodes) > MAX_NODES:
        raise RefusedError(f"{place}: {len(head.nodes)} nodes; at most {MAX_NODES} are read")
    del head
    try:
        return samplex_from_json(item.samplex.samplex_json).finalize()
    except MemoryError:
        raise
    except BaseException as error:  # rustworkx's Rust code may panic
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        raise RefusedError(f"{place}: samplex_json can't be read: {brief_error(error)}") from None


def _arguments(
    item: SamplexItem, samplex: Samplex, place: str, compressed: bool
) -> TensorInterface:
    """The arguments, bound to the inputs of the samplex."""
    inputs = samplex.inputs().make_broadcastable()
    names = [spec.name for spec in inputs.specs]
    for name, value in item.samplex_arguments.items():
        where = f"{place}: samplex_arguments.{name[:_LONGEST_NAME]}"
        if name not in names:
            known = ", ".join(names)[:_LONGEST_NAMES] or "none"
            raise RefusedError(f"{where}: the samplex has no such argument; it has: {known}")
        try:
            inputs[name] = _argument(value, where, compressed)
        except (TypeError, ValueError, msgspec.MsgspecError, RecursionError) as error:
            raise RefusedError(f"{where}: {brief_error(error)}") from None
    if not inputs.fully_bound:
        missing = [
            spec.name for spec in inputs.specs if spec.name not in inputs and not spec.optional
        ]
        listed = ", ".join(missing)[:_LONGEST_NAMES]
        raise RefusedError(f"{place}: samplex_arguments: missing {listed}")
    return inputs


def _argument(text: msgspec.Raw, place: str, compressed: bool) -> Any:
    value: object = msgspec.json.decode(text)
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, dict) and "sparse_terms" in value:
        return _pauli_lindblad_map(cast("dict[str, Any]", value), place)
    return decode_tensor(tensor_of(value, place), place, compressed=compressed)


class _Map(msgspec.Struct, forbid_unknown_fields=True):
    """A Pauli Lindblad map as it is sent: (Pauli letters, qubits, rate) each."""

    sparse_terms: list[tuple[str, list[int], float]]
    num_qubits: int


def _pauli_lindblad_map(value: dict[str, Any], place: str) -> Any:
    from qiskit.quantum_info import PauliLindbladMap

    try:
        read = msgspec.convert(value, _Map)
        if not 0 <= read.num_qubits <= MAX_QUBITS:
            raise ValueError(f"num_qubits {read.num_qubits} is not from 0 to {MAX_QUBITS}")
        return PauliLindbladMap.from_sparse_list(read.sparse_terms, read.num_qubits)
    except Exception as error:  # Qiskit raises OverflowError, too
        raise RefusedError(f"{place}: not a PauliLindbladMap: {brief_error(error)}") from None


def item_shape(implicit: tuple[int, ...], shape: Sequence[int], place: str) -> tuple[int, ...]:
    """The shape of an item.

    Args:
        implicit: of its arguments.
        shape: as it was sent. Some clients send ``[]`` for the shape of the arguments.
        place: of the arguments, for messages.

    Raises:
        RefusedError: the shape does not extend that of the arguments, or is too large.
    """
    if not shape:
        return tuple(implicit)
    try:
        extends = np.broadcast_shapes(implicit, tuple(shape)) == tuple(shape)
    except ValueError:
        extends = False
    if 0 in shape and math.prod(max(1, length) for length in shape) > INT32_MAX:
        raise RefusedError(f"{place}: no array has the item's shape {list(shape)}")
    if not extends:
        raise RefusedError(
            f"{place}: their shape {list(implicit)} does not broadcast to the item's shape "
            f"{list(shape)}"
        )
    return tuple(shape)
