"""QuantumCircuit -> its OpenQASM 3 text for the wire, and the data that decodes its results.

flatten (if needed) -> lay out registers -> write statements -> number the inputs -> header.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit

from qiskit_rest_primitives.circuits.description import CircuitDescription, carried_metadata
from qiskit_rest_primitives.circuits.flatten import flatten, is_qiskit_failure
from qiskit_rest_primitives.circuits.names import QUBITS
from qiskit_rest_primitives.circuits.parameters import Inputs, InputValues
from qiskit_rest_primitives.circuits.registers import RegisterMap
from qiskit_rest_primitives.circuits.shared import make_shareable
from qiskit_rest_primitives.circuits.writer import NotFlatError, Writer
from qiskit_rest_primitives.errors import EncodeError, RestPrimitivesError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# When synthesis decomposes a gate, the definition may contain a custom gate that only shares a
# standard gate's name; the next round decomposes that one.
_ROUNDS = 3


@dataclass(frozen=True)
class EncodedCircuit:
    """A circuit as it is sent.

    Attributes:
        qasm: the complete OpenQASM 3 text, with the description in a comment line.
        num_parameters: the number of inputs ``p00000...`` that the text declares.
        description: the user's names and metadata.
    """

    qasm: str
    num_parameters: int
    description: CircuitDescription
    _values: InputValues

    def encode_values(self, values: Any) -> NDArray[Any]:
        """Computes the values of the text's inputs.

        Args:
            values: numbers ``(*shape, len(circuit.parameters))``, in ``circuit.parameters`` order.

        Returns:
            float64 ``(*shape, num_parameters)``, in the order of the declarations.

        Raises:
            EncodeError: the last axis has another length, or a value, or an angle computed from
                it, is not a finite real number.
        """
        return self._values.encode(values)


def encode_circuit(circuit: QuantumCircuit) -> EncodedCircuit:
    """Encodes a circuit as OpenQASM 3 text that every importer reads the same way.

    The circuit is not changed.

    Args:
        circuit: any circuit that a primitive accepts.

    Returns:
        The text, and the data needed to send values and to decode results.

    Raises:
        EncodeError: a part of the circuit can't be sent; the message names it.
    """
    if not isinstance(  # pyright: ignore[reportUnnecessaryIsInstance] - users may pass anything
        circuit, QuantumCircuit
    ):
        raise EncodeError(f"expected a QuantumCircuit, not {type(circuit).__name__}")
    try:
        make_shareable(circuit)  # a user's threads may submit it at the same time
        return _encode(circuit)
    except BaseException as error:
        if isinstance(error, RestPrimitivesError) or not is_qiskit_failure(error):
            raise
        raise EncodeError(
            f"circuit {circuit.name!r} can't be written as OpenQASM 3: "
            f"{type(error).__name__}: {error}"
        ) from error


def _encode(circuit: QuantumCircuit) -> EncodedCircuit:
    inputs, registers, body, definitions = _write_flat(circuit)
    body, names, values = inputs.finish(body)
    description = CircuitDescription(
        name=str(circuit.name),
        num_qubits=circuit.num_qubits,
        parameters=values.names,
        registers=registers.sources,
        metadata=carried_metadata(circuit.metadata),
    )
    text = "".join(
        (
            "OPENQASM 3.0;\n",
            description.to_comment(),
            'include "stdgates.inc";\n',
            *(f"input float[64] {name};\n" for name in names),
            *definitions,
            *(f"bit[{width}] {name};\n" for name, width in registers.wire.items()),
            f"qubit[{circuit.num_qubits}] {QUBITS};\n" if circuit.num_qubits else "",
            body,
        )
    )
    return EncodedCircuit(text, len(names), description, values)


def _write_flat(circuit: QuantumCircuit) -> tuple[Inputs, RegisterMap, str, dict[str, None]]:
    flat = circuit
    for _ in range(_ROUNDS):
        try:
            return _write(flat, circuit)
        except NotFlatError:
            flat = flatten(flat)
    try:
        return _write(flat, circuit)
    except NotFlatError as error:
        raise EncodeError(
            f"Qiskit can't reduce {error} to standard gates; transpile or decompose it first"
        ) from None


def _write(
    flat: QuantumCircuit, circuit: QuantumCircuit
) -> tuple[Inputs, RegisterMap, str, dict[str, None]]:
    # The columns of the user's values follow the user's circuit, which may have more parameters.
    inputs, registers = Inputs(list(circuit.parameters)), RegisterMap.of(flat)
    writer = Writer(inputs, registers)
    return inputs, registers, writer.body(flat), writer.definitions
