"""QuantumProgram -> params of the program ``executor``. In: user's objects. Out: JSON-able."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

import msgspec
import numpy as np
from qiskit import QuantumCircuit

from qiskit_rest_primitives.circuits import EncodedCircuit, encode_circuit
from qiskit_rest_primitives.errors import EncodeError
from qiskit_rest_primitives.jobs.results.submitted_pubs import SubmittedPub
from qiskit_rest_primitives.mitigation.base.pubs import SamplerSweep
from qiskit_rest_primitives.primitives.annotated_qpy import write_qpy
from qiskit_rest_primitives.primitives.quantum_program import QuantumProgram, QuantumProgramItem
from qiskit_rest_primitives.wire.executor.passthrough import encode_passthrough
from qiskit_rest_primitives.wire.executor.program import (
    VERSIONS,
    MeasLevel,
    encode_circuit_item,
    encode_qpy,
)
from qiskit_rest_primitives.wire.executor.tensors import encode_tensor
from qiskit_rest_primitives.wire.limits import INT32_MAX

MEAS_LEVELS: Final = get_args(MeasLevel)


@dataclass(frozen=True)
class EncodedProgram:
    """A quantum program as it is sent.

    Attributes:
        params: without options.
        items: what was submitted as each item.
        is_text: whether circuits are OpenQASM 3, which is the same in each process.
    """

    params: dict[str, Any]
    items: list[SubmittedPub]
    is_text: bool


def encode_program(program: QuantumProgram, *, in_session: bool) -> EncodedProgram:
    """Checks and encodes a program.

    Circuits are sent as OpenQASM 3, or as QPY if there are samplexes or boxes.

    Args:
        program: of the user.
        in_session: whether items may have chunk sizes.

    Raises:
        EncodeError: something that can't be sent; the message has the number of the item.
    """
    _check(program, in_session)
    items: list[dict[str, Any]] = []
    texts = None if _needs_qpy(program) else [_text(item, n) for n, item in _numbered(program)]
    for number, item in _numbered(program):
        if is_samplex_item(item):
            items.append(_samplex_item(item, number))
        else:
            items.append(_circuit_item(item, number, texts))
    if texts is None:
        file = write_qpy([item.circuit for item in program.items])
        circuits = msgspec.to_builtins(encode_qpy(file))
    else:
        circuits = {"data": [encoded.qasm for encoded in texts]}
    submitted = [
        SubmittedPub(
            tuple(item.shape),
            program.shots,
            None,
            None if texts is None else texts[number].description,
            item.circuit.metadata,
        )
        for number, item in _numbered(program)
    ]
    params = {
        "schema_version": VERSIONS[0],
        "quantum_program": {
            "shots": int(program.shots),
            "circuits": circuits,
            "items": items,
            "semantic_role": program._semantic_role,  # pyright: ignore[reportPrivateUsage] - official name
            "meas_level": program.meas_level,
            "passthrough_data": encode_passthrough(program.passthrough_data),
        },
    }
    return EncodedProgram(params, submitted, texts is not None)


def sweeps_of_program(program: QuantumProgram) -> list[SamplerSweep]:
    """What the device will run, as far as is known: the values that samplexes draw are not."""
    sweeps: list[SamplerSweep] = []
    for item in program.items:
        count = item.circuit.num_parameters
        points = int(np.prod(item.shape, dtype=int))
        rows = np.broadcast_to(np.zeros(count), (points, count))
        sweeps.append(SamplerSweep(item.circuit, rows, tuple(item.shape), program.shots))
    return sweeps


def is_samplex_item(item: object) -> bool:
    """Whether it is an item with a samplex, whichever package its class is of."""
    return hasattr(item, "samplex")


def _numbered(program: QuantumProgram) -> Iterator[tuple[int, Any]]:
    return enumerate(program.items)


def _check(program: QuantumProgram, in_session: bool) -> None:
    shots: Any = program.shots
    whole = isinstance(shots, int | np.integer) and not isinstance(shots, bool)
    if not whole or not 1 <= shots <= INT32_MAX:
        raise EncodeError(f"shots must be an integer from 1 to {INT32_MAX}, not {shots!r}")
    if not program.items:
        raise EncodeError("the program has no items: append one with append_circuit_item(circuit)")
    if program.meas_level not in MEAS_LEVELS:
        raise EncodeError(
            f"meas_level is one of {', '.join(MEAS_LEVELS)}, not {program.meas_level!r}"
        )
    sizes: list[Any] = [item.chunk_size for item in program.items]
    for number, size in enumerate(sizes):
        if (size is None) is not (sizes[0] is None):
            raise EncodeError(
                f"item {number} has chunk_size {size}, item 0 has {sizes[0]}: all items have one, "
                "or none has"
            )
        if size is not None and (not isinstance(size, int) or size < 1):
            raise EncodeError(f"item {number}: chunk_size must be an integer from 1, not {size!r}")
    if sizes[0] is not None and not in_session:
        raise EncodeError(
            "item 0: chunk_size is for jobs of a session: pass mode=Session(...), or leave "
            "chunk_size out"
        )


def _needs_qpy(program: QuantumProgram) -> bool:
    # With both levels, a register has two arrays, whose names are the service's.
    return program.meas_level == "both" or any(
        is_samplex_item(item) or _has_boxes(item.circuit) for item in program.items
    )


def _has_boxes(circuit: QuantumCircuit) -> bool:
    if "box" in circuit.count_ops() or getattr(circuit, "num_stretches", 0):
        return True
    return any(
        _has_boxes(block)
        for instruction in circuit.data
        for block in getattr(instruction.operation, "blocks", ())
    )


def _text(item: QuantumProgramItem, number: int) -> EncodedCircuit:
    try:
        return encode_circuit(item.circuit)
    except EncodeError as error:
        raise type(error)(f"item {number}: {error}") from error.__cause__


def _circuit_item(item: Any, number: int, texts: Sequence[EncodedCircuit] | None) -> dict[str, Any]:
    values = np.asarray(item.circuit_arguments, np.float64)
    if not np.isfinite(values).all():
        raise EncodeError(f"item {number}: circuit_arguments hold NaN or infinity")
    if texts is not None:
        try:
            values = texts[number].encode_values(values)
        except EncodeError as error:
            raise type(error)(f"item {number}: {error}") from error.__cause__
    return encode_circuit_item(values, item.chunk_size)


def _samplex_item(item: Any, number: int) -> dict[str, Any]:
    from samplomatic.serialization import samplex_to_json
    from samplomatic.ssv import SSV

    bound = item.samplex_arguments
    arguments = {
        spec.name: _argument(bound[spec.name], f"item {number}: samplex_arguments.{spec.name}")
        for spec in bound.specs
        if spec.name in bound
    }
    return {
        "item_type": "samplex",
        "samplex": {"ssv": SSV, "samplex_json": samplex_to_json(item.samplex, None, SSV)},
        "samplex_arguments": arguments,
        "shape": list(item.shape),
        "chunk_size": item.chunk_size or "auto",
    }


def _argument(value: Any, place: str) -> Any:
    if isinstance(value, bool | int | np.bool_ | np.integer):
        return value.item() if isinstance(value, np.generic) else value
    if hasattr(value, "to_sparse_list"):
        return {"sparse_terms": value.to_sparse_list(), "num_qubits": value.num_qubits}
    array = np.asarray(value)
    if array.dtype == object:
        raise EncodeError(f"{place}: {type(value).__name__} can't be sent; pass an array")
    return msgspec.to_builtins(encode_tensor(array))
