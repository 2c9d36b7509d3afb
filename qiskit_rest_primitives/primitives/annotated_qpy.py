"""Circuits -> a QPY file, with the annotations of their boxes. No I/O."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import Any, Final

from qiskit import QuantumCircuit, qpy
from qiskit.circuit.annotation import Annotation, QPYSerializer

from qiskit_rest_primitives.circuits.description import carried_metadata
from qiskit_rest_primitives.errors import EncodeError

# How annotations of samplomatic are written: the names of their attributes, in order, as in the
# serializer of ibm-quantum-schemas, which the service reads them with.
_ATTRIBUTES: Final = {
    "ChangeBasis": ("decomposition", "mode", "ref"),
    "InjectNoise": ("ref", "modifier_ref"),
    "Tag": ("ref",),
    "Twirl": ("group", "dressing", "decomposition"),
}


class _Serializer(QPYSerializer):
    def dump_annotation(self, namespace: str, annotation: Any) -> Any:
        """Writes the name, the lengths of its attributes, and the attributes."""
        name = type(annotation).__name__
        if name not in _ATTRIBUTES:
            return NotImplemented
        texts = [str(getattr(annotation, attribute)).encode() for attribute in _ATTRIBUTES[name]]
        head = struct.pack("!H", len(name)) + name.encode()
        return b"".join([head, struct.pack(f"!{len(texts)}Q", *map(len, texts)), *texts])

    def load_annotation(self, payload: bytes) -> Annotation:
        """Qiskit requires the method of every serializer; a dump does not call it."""
        raise NotImplementedError  # nothing here reads QPY


def write_qpy(circuits: Sequence[QuantumCircuit]) -> bytes:
    """Writes circuits as one QPY file; metadata that JSON lacks are left out.

    Raises:
        EncodeError: Qiskit can't write one of them; the message has its number.
    """
    plain: list[QuantumCircuit] = []
    for circuit in circuits:
        if circuit.metadata:
            own = circuit.copy()
            own.metadata = carried_metadata(circuit.metadata)
            circuit = own
        plain.append(circuit)
    try:
        return _dump(plain)
    except Exception:
        for number, circuit in enumerate(plain):
            try:
                _dump([circuit])
            except Exception as error:
                raise EncodeError(
                    f"item {number}: circuit {circuit.name!r} can't be written as QPY: "
                    f"{type(error).__name__}: {error}"
                ) from error
        raise


def _dump(circuits: list[QuantumCircuit]) -> bytes:
    file = io.BytesIO()
    qpy.dump(circuits, file, annotation_factories={"samplomatic": _Serializer})
    return file.getvalue()
