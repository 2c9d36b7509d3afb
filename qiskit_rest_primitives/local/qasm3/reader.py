"""OpenQASM 3 text -> QuantumCircuit and its inputs in order, cached by text but its description."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from qiskit.circuit import QuantumCircuit

from qiskit_rest_primitives.circuits.shared import make_shareable
from qiskit_rest_primitives.local.qasm3 import ReadError
from qiskit_rest_primitives.local.qasm3.parser import Parser
from qiskit_rest_primitives.local.qasm3.qiskit_types import InputParameter
from qiskit_rest_primitives.local.qasm3.scope import MAX_QUBITS

# A parameter sweep submits one text many times; a service sees a few sweeps at a time.
CACHED_CIRCUITS = 64
CACHED_CHARACTERS = 8_000_000


@dataclass(frozen=True)
class ReadCircuit:
    """The circuit of a text, shared with other callers: copy the circuit before changing it.

    Attributes:
        circuit: all qubits in the order of their declarations, registers under their names in the
            text; every input is among ``circuit.parameters``.
        parameters: the inputs in the order of their declarations.
    """

    circuit: QuantumCircuit
    parameters: list[InputParameter]


class _Cache:
    """Recently read circuits by text and width, bounded in number and in characters."""

    def __init__(self):
        self._lock = Lock()
        self._entries: OrderedDict[tuple[str, int | None], ReadCircuit] = OrderedDict()
        self._characters = 0

    def get(self, key: tuple[str, int | None]) -> ReadCircuit | None:
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def put(self, key: tuple[str, int | None], circuit: ReadCircuit) -> None:
        if len(key[0]) > CACHED_CHARACTERS:
            return
        with self._lock:
            if key not in self._entries:
                self._characters += len(key[0])
            self._entries[key] = circuit
            while len(self._entries) > CACHED_CIRCUITS or self._characters > CACHED_CHARACTERS:
                (text, _), _ = self._entries.popitem(last=False)
                self._characters -= len(text)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._characters = 0


_cache = _Cache()


def read_circuit(
    text: str, *, num_qubits: int | None = None, check: Callable[[], None] = lambda: None
) -> ReadCircuit:
    """Reads OpenQASM 3, whichever program wrote it.

    Args:
        text: the whole text. Gate definitions, broadcasting, modifiers, control flow, physical
            qubits, expressions of inputs, and variables of type bool and uint are read;
            subroutines, calibrations, arrays and other variables are not. Annotations do not
            change what a statement does and are skipped; a box is read as its statements, since no
            simulator here keeps time.
        num_qubits: the width of the circuit, for texts that name physical qubits only.
        check: called during a long read; raises to stop it.

    Returns:
        The circuit, shared with other callers of the same text.

    Raises:
        ReadError: the text is wrong, too large, or uses a feature that Qiskit's circuits do not
            have.
    """
    if num_qubits is not None and not 0 <= num_qubits <= MAX_QUBITS:
        raise ReadError(f"a width of {num_qubits} qubits; 0 to {MAX_QUBITS} are supported", 1, 1)
    key = (_without_description(text), num_qubits)
    if (known := _cache.get(key)) is not None:
        return known
    parser = Parser(text, num_qubits, check)
    circuit = ReadCircuit(parser.read(), parser.parameters)
    make_shareable(circuit.circuit)
    _cache.put(key, circuit)
    return circuit


def _without_description(text: str) -> str:
    """The text without a comment in its second line, where clients write a circuit's name.

    Qiskit gives each new circuit another name: the same circuit, built again, is read once.
    """
    version, _, others = text.partition("\n")
    comment, _, rest = others.partition("\n")
    if not (version.startswith("OPENQASM ") and comment.startswith("//")) or "/*" in version:
        return text
    return f"{version}\n{rest}"


def forget() -> None:
    """Empties the cache."""
    _cache.clear()


__all__ = ["ReadCircuit", "ReadError", "forget", "read_circuit"]
