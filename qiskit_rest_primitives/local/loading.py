"""The circuit of a wire PUB (OpenQASM 3 text or QPY bytes) -> QuantumCircuit. No simulation."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.outcome import INVALID_JOB, NOT_LOADABLE, RefusedError

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


@dataclass(frozen=True)
class LoadedCircuit:
    """A circuit and the order in which positional values meet its parameters."""

    circuit: QuantumCircuit
    parameters: list[Any]


def load_circuit(
    circuit: str | bytes, pub_index: int, num_qubits: int | None = None
) -> LoadedCircuit:
    """Reads the circuit of PUB ``pub_index``.

    Args:
        circuit: OpenQASM 3 text, or the bytes of a QPY file that holds one circuit.
        pub_index: position of the PUB in its job, for messages.
        num_qubits: width for a text that names physical qubits only.

    Raises:
        RefusedError: the text or file can't be read; the reason says where.
    """
    if isinstance(circuit, str):
        return _load_qasm(circuit, pub_index, num_qubits)
    return _load_qpy(circuit, pub_index)


def _load_qasm(text: str, pub_index: int, num_qubits: int | None) -> LoadedCircuit:
    from qiskit_rest_primitives.local.reader import ReadError, read_circuit

    try:
        read = read_circuit(text, num_qubits=num_qubits)
    except ReadError as error:
        raise RefusedError(
            f"PUB {pub_index}: error loading QASM circuit: {error}", code=NOT_LOADABLE
        ) from error
    return LoadedCircuit(read.circuit, list(read.parameters))


def _load_qpy(data: bytes, pub_index: int) -> LoadedCircuit:
    from qiskit import qpy
    from qiskit.circuit import QuantumCircuit

    newest = qpy.QPY_VERSION
    if data[:6] != b"QISKIT" or len(data) < 11:
        raise RefusedError(f"PUB {pub_index}: not a QPY file", code=NOT_LOADABLE)
    (version,) = struct.unpack("!B", data[6:7])
    if version > newest:
        raise RefusedError(
            f"PUB {pub_index}: QPY version {version}; this service reads up to {newest}",
            code=NOT_LOADABLE,
            solution=f"Write it with qpy.dump(circuit, file, version={newest}).",
        )
    try:
        circuits: list[Any] = qpy.load(io.BytesIO(data))
    except BaseException as error:  # a damaged file can end in Rust's PanicException
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        message = str(error) or type(error).__name__
        raise RefusedError(
            f"PUB {pub_index}: error loading QPY: {message}", code=NOT_LOADABLE
        ) from None
    if len(circuits) != 1 or not isinstance(circuits[0], QuantumCircuit):
        raise RefusedError(
            f"PUB {pub_index}: its QPY file holds {len(circuits)} programs; send one circuit a PUB",
            code=INVALID_JOB,
        )
    return LoadedCircuit(circuits[0], list(circuits[0].parameters))
