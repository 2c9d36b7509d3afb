"""The user's names and metadata of a circuit, sent as a comment line of the text.

In: QuantumCircuit and its RegisterMap. Out: one `// qiskit-rest-primitives {json}` line, and back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from qiskit_rest_primitives.circuits.registers import RegisterSource, restore_register

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qiskit.primitives import BitArray

_MARK = "// qiskit-rest-primitives "
_LINE = re.compile(rf"^{re.escape(_MARK)}(\{{.*\}})\s*$", re.MULTILINE)
_VERSION = 1
# The comment follows the version line, so other programs' texts are not searched to the end.
_SEARCHED_LINES = 10


@dataclass(frozen=True)
class CircuitDescription:
    """The user's names and metadata of one circuit on the wire.

    Attributes:
        name: the circuit's name.
        num_qubits: the circuit's width, idle qubits included.
        parameters: parameter names in ``circuit.parameters`` order, as the user wrote them.
        registers: the user's classical registers in ``circuit.cregs`` order.
        metadata: the entries of ``circuit.metadata`` that JSON can represent.
    """

    name: str
    num_qubits: int
    parameters: tuple[str, ...] = ()
    registers: tuple[RegisterSource, ...] = ()
    metadata: dict[str, Any] = field(default_factory=lambda: {})

    def to_comment(self) -> str:
        """Returns the description as one ASCII comment line, with its line feed."""
        fields = {
            "version": _VERSION,
            "name": self.name,
            "num_qubits": self.num_qubits,
            "parameters": self.parameters,
            "registers": [register.to_json() for register in self.registers],
            "metadata": self.metadata,
        }
        # ensure_ascii escapes every character that ends a line for some parser (U+2028, U+0085...).
        return _MARK + json.dumps(fields, ensure_ascii=True, separators=(",", ":")) + "\n"

    @classmethod
    def from_qasm(cls, text: str) -> CircuitDescription | None:
        """Reads the description back from OpenQASM 3 text.

        Returns:
            The description, or None if the text has none (another program wrote it) or one that
            this version does not understand.
        """
        end = -1
        for _ in range(_SEARCHED_LINES):
            end = text.find("\n", end + 1)
            if end < 0:
                end = len(text)
                break
        match = _LINE.search(text, 0, end)
        if match is None:
            return None
        try:
            fields = cast("dict[str, Any]", json.loads(match.group(1)))
            if fields["version"] != _VERSION:
                return None
            return cls(
                name=_typed(fields["name"], str),
                num_qubits=_typed(fields["num_qubits"], int),
                parameters=tuple(_typed(name, str) for name in fields["parameters"]),
                registers=tuple(RegisterSource.from_json(item) for item in fields["registers"]),
                metadata=_typed(fields["metadata"], dict),
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    def restore_registers(
        self,
        fields: Mapping[str, BitArray | NDArray[Any]],
        shape: tuple[int, ...],
        shots: int,
    ) -> dict[str, BitArray | NDArray[Any]]:
        """Converts the registers of the wire to the user's.

        Args:
            fields: the service's data by wire register: BitArray of shape ``shape``, or
                for measurement levels 0 and 1 an array whose last axis is the bit of the register.
            shape: the PUB's shape, for registers that are not sent (size zero).
            shots: the PUB's shots, for the same.

        Returns:
            The user's registers, in ``circuit.cregs`` order and under the user's names.

        Raises:
            ProtocolError: a register is missing or has another width.
        """
        return {
            source.name: restore_register(source, fields, shape, shots) for source in self.registers
        }


def carried_metadata(metadata: Mapping[Any, Any] | None) -> dict[str, Any]:
    """Returns the entries of circuit metadata that JSON can represent; the rest is not sent."""
    carried: dict[str, Any] = {}
    for key, value in (metadata or {}).items():
        try:
            text = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            continue
        if isinstance(key, str):
            carried[key] = json.loads(text)
    return carried


def _typed(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, not {value!r}")
    return value
