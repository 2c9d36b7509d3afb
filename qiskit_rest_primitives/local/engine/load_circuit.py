"""The circuit of a wire PUB (OpenQASM 3 text or QPY bytes) -> QuantumCircuit. No simulation."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.engine.qpy_sandbox import MEBIBYTE, Rehearsals, brief_error
from qiskit_rest_primitives.local.outcome import NOT_LOADABLE, RefusedError

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

OLDEST_QPY = 13
MAX_BITS = 100_000
# About two million operations, the limit for texts, too.
MAX_QPY_BYTES = 128 * MEBIBYTE
_FILE_HEADER = struct.Struct("!6sBBBBQc")
_CIRCUIT_HEADER = struct.Struct("!H1cHIIQIQI")


@dataclass(frozen=True)
class LoadedCircuit:
    """A circuit, and its parameters in the order of positional values."""

    circuit: QuantumCircuit
    parameters: list[Any]


def load_circuit(
    circuit: str | bytes,
    pub_index: int,
    rehearsals: Rehearsals,
    *,
    num_qubits: int | None = None,
    check: Callable[[], None] = lambda: None,
) -> LoadedCircuit:
    """Reads the circuit of PUB ``pub_index``.

    Args:
        circuit: OpenQASM 3 text, or the bytes of a QPY file that holds one circuit.
        pub_index: position of the PUB in its job, for messages.
        rehearsals: where a QPY file is loaded first.
        num_qubits: width for a text that names physical qubits only.
        check: called while that takes long; raises to stop.

    Raises:
        RefusedError: the text or file can't be read; the reason says where.
    """
    if isinstance(circuit, str):
        return _load_qasm(circuit, pub_index, num_qubits, check)
    _check_qpy_header(circuit, pub_index)
    rehearsals.check(circuit, pub_index, check)
    return _load_qpy(circuit, pub_index)


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


def _load_qpy(data: bytes, pub_index: int) -> LoadedCircuit:
    from qiskit import qpy

    try:
        circuits: list[Any] = qpy.load(io.BytesIO(data))
    except BaseException as error:  # a damaged file can end in Rust's PanicException
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        raise RefusedError(
            f"PUB {pub_index}: error loading QPY: {brief_error(error)}", code=NOT_LOADABLE
        ) from None
    return LoadedCircuit(circuits[0], list(circuits[0].parameters))


def _check_qpy_header(data: bytes, pub_index: int) -> None:
    """Refuses a file whose header shows that it is wrong or too large, without loading it.

    The layout is that of "QPY Format" in Qiskit's API reference.
    """
    from qiskit.qpy import QPY_VERSION

    if len(data) > MAX_QPY_BYTES:
        raise RefusedError(
            f"PUB {pub_index}: a QPY file of {len(data)} bytes; at most {MAX_QPY_BYTES} are read",
            code=NOT_LOADABLE,
        )
    version = data[6] if len(data) > 6 else 0
    if not OLDEST_QPY <= version <= QPY_VERSION:
        raise RefusedError(
            f"PUB {pub_index}: QPY version {version};"
            f" this service reads {OLDEST_QPY} to {QPY_VERSION}",
            code=NOT_LOADABLE,
            solution=f"Write it with qpy.dump(circuit, file, version={QPY_VERSION}).",
        )
    try:
        count = _FILE_HEADER.unpack_from(data)[5]
        if count != 1:
            raise RefusedError(f"PUB {pub_index}: its QPY file holds {count} circuits, not one")
        # One byte for the type of program; from version 16 on, a table of positions follows.
        place = _FILE_HEADER.size + 1
        if version >= 16:
            (place,) = struct.unpack_from("!Q", data, place)
        _, _, _, num_qubits, num_clbits, metadata, registers, instructions, _ = (
            _CIRCUIT_HEADER.unpack_from(data, place)
        )
    except (struct.error, OverflowError):
        raise RefusedError(
            f"PUB {pub_index}: the QPY file is cut short", code=NOT_LOADABLE
        ) from None
    if max(num_qubits, num_clbits) > MAX_BITS or max(metadata, registers, instructions) > len(data):
        raise RefusedError(
            f"PUB {pub_index}: a QPY circuit of {num_qubits} qubits, {num_clbits} bits and "
            f"{instructions} instructions; at most {MAX_BITS} qubits and bits are read, and no "
            "more instructions than the file has bytes",
            code=NOT_LOADABLE,
        )
