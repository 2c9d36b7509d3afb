"""The module of that name in ``qiskit_ibm_runtime``: quantum programs and their items."""

from typing import TYPE_CHECKING

from qiskit_rest_primitives.primitives.quantum_program import (
    CircuitItem,
    QuantumProgram,
    QuantumProgramItem,
    samplex_item_class,
)

if TYPE_CHECKING:
    from samplomatic.quantum_program import SamplexItem
else:

    def __getattr__(name: str) -> object:
        """Samplomatic's SamplexItem, when it is first asked for."""
        if name == "SamplexItem":
            return samplex_item_class()
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["CircuitItem", "QuantumProgram", "QuantumProgramItem", "SamplexItem"]

# So that absent names say what to use: see absent_names.
__path__: list[str] = []
