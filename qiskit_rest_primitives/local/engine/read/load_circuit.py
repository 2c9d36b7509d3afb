"""The circuit of a wire PUB (OpenQASM 3 text or QPY bytes) -> QuantumCircuit. No simulation."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.engine.read.qpy_annotations import load_qpy
from qiskit_rest_primitives.local.engine.read.qpy_sandbox import MEBIBYTE, Sandbox, brief_error
from qiskit_rest_primitives.local.outcome import NOT_LOADABLE, RefusedError
from qiskit_rest_primitives.wire.executor.program import QPY_HEADER

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

OLDEST_QPY = 13
MAX_BITS = 100_000
# About two million operations, the limit for texts, too.
MAX_QPY_BYTES = 128 * MEBIBYTE
_CIRCUIT_HEADER = struct.Struct("!H1cHIIQIQI")


@dataclass(frozen=True)
class LoadedCircuit:
    """A circuit, and its parameters in the order of positional values.

    Attributes:
        stretch_values: what its stretches were given, see `stretches.Settled`.
    """

    circuit: QuantumCircuit
    parameters: list[Any]
    stretch_values: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def load_circuit(
    circuit: str | bytes,
    pub_index: int,
    sandbox: Sandbox,
    *,
    num_qubits: int | None = None,
    check: Callable[[], None] = lambda: None,
) -> LoadedCircuit:
    """Reads the circuit of PUB ``pub_index``.

    Args:
        circuit: OpenQASM 3 text, or the bytes of a QPY file that holds one circuit.
        pub_index: position of the PUB in its job, for messages.
        sandbox: where a QPY file is loaded first.
        num_qubits: width for a text that names physical qubits only.
        check: called while that takes long; raises to stop.

    Raises:
        RefusedError: the text or file can't be read; the reason says where.
    """
    if isinstance(circuit, str):
        return _load_qasm(circuit, pub_index, num_qubits, check)
    (loaded,) = load_circuits(circuit, 1, f"PUB {pub_index}", sandbox, check)
    return loaded


def load_circuits(
    data: bytes, count: int, place: str, sandbox: Sandbox, check: Callable[[], None]
) -> list[LoadedCircuit]:
    """Reads all circuits of a QPY file.

    Args:
        data: the file.
        count: how many circuits it must hold.
        place: where in the job it is, for messages.
        sandbox: where it is loaded first.
        check: called while that takes long; raises to stop.

    Raises:
        RefusedError: it can't be read; the reason says where.
    """
    _check_qpy_header(data, count, place)
    sandbox.check(data, place, check)
    try:
        circuits = load_qpy(data)
    except BaseException as error:  # a damaged file can end in Rust's PanicException
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        raise RefusedError(
            f"{place}: error loading QPY: {brief_error(error)}", code=NOT_LOADABLE
        ) from None
    return [LoadedCircuit(circuit, list(circuit.parameters)) for circuit in circuits]


def _load_qasm(
    text: str, pub_index: int, num_qubits: int | None, check: Callable[[], None]
) -> LoadedCircuit:
    from qiskit_rest_primitives.local.qasm3.reader import ReadError, read_circuit

    try:
        read = read_circuit(text, num_qubits=num_qubits, check=check)
    except ReadError as error:
        raise RefusedError(
            f"PUB {pub_index}: error loading QASM circuit: {error}", code=NOT_LOADABLE
        ) from error
    return LoadedCircuit(read.circuit, list(read.parameters))


def _check_qpy_header(data: bytes, wanted: int, place: str) -> None:
    """Refuses a file whose header shows that it is wrong or too large, without loading it.

    Of several circuits, only the first one is looked at; the sandbox bounds the others.

    The layout is that of "QPY Format" in Qiskit's API reference.
    """
    from qiskit.qpy import QPY_VERSION

    if len(data) > MAX_QPY_BYTES:
        raise RefusedError(
            f"{place}: a QPY file of {len(data)} bytes; at most {MAX_QPY_BYTES} are read",
            code=NOT_LOADABLE,
        )
    version = data[6] if len(data) > 6 else 0
    if not OLDEST_QPY <= version <= QPY_VERSION:
        raise RefusedError(
            f"{place}: QPY version {version}; this service reads {OLDEST_QPY} to {QPY_VERSION}",
            code=NOT_LOADABLE,
            solution=f"Write it with qpy.dump(circuit, file, version={QPY_VERSION}).",
        )
    try:
        count = QPY_HEADER.unpack_from(data)[5]
        if count != wanted:
            raise RefusedError(f"{place}: its QPY file holds {count} circuits, not {wanted}")
        # One byte for the type of program; from version 16 on, a table of positions follows.
        first = QPY_HEADER.size + 1
        if version >= 16:
            (first,) = struct.unpack_from("!Q", data, first)
        _, _, _, num_qubits, num_clbits, metadata, registers, instructions, _ = (
            _CIRCUIT_HEADER.unpack_from(data, first)
        )
    except (struct.error, OverflowError):
        raise RefusedError(f"{place}: the QPY file is cut short", code=NOT_LOADABLE) from None
    if max(num_qubits, num_clbits) > MAX_BITS or max(metadata, registers, instructions) > len(data):
        raise RefusedError(
            f"{place}: a QPY circuit of {num_qubits} qubits, {num_clbits} bits and "
            f"{instructions} instructions; at most {MAX_BITS} qubits and bits are read, and no "
            "more instructions than the file has bytes",
            code=NOT_LOADABLE,
        )
