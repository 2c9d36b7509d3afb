"""QPY files whose boxes carry annotations -> circuits that keep the annotations as bytes.

An annotation of samplomatic says how a samplex is made of a box, which the client does before it
sends the circuit: running the circuit does not need it. They are read without any other package.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from qiskit.circuit.annotation import Annotation, QPYSerializer

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


class UnreadAnnotation(Annotation):  # pyright: ignore[reportUntypedBaseClass] - Qiskit has no types
    """An annotation that nothing here acts on.

    Args:
        content: as it is in the file.
    """

    namespace = "samplomatic"

    def __init__(self, content: bytes):
        self.content = content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnreadAnnotation) and self.content == other.content

    def __hash__(self) -> int:
        return hash(self.content)


class _Serializer(QPYSerializer):
    def dump_annotation(self, namespace: str, annotation: Any) -> Any:
        """Writes it as it was read."""
        return annotation.content

    def load_annotation(self, payload: bytes) -> Annotation:
        """Keeps its bytes."""
        return UnreadAnnotation(bytes(payload))


def load_qpy(data: bytes) -> list[QuantumCircuit]:
    """Loads the circuits of a QPY file.

    Raises:
        BaseException: of any kind, Rust's PanicException included, for a damaged file.
    """
    from qiskit import qpy

    circuits: list[Any] = qpy.load(
        io.BytesIO(data), annotation_factories={"samplomatic": _Serializer}
    )
    return circuits
