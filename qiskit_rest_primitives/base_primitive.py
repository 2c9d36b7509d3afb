"""The module of that name in ``qiskit_ibm_runtime``: the base of both primitives."""

from qiskit_rest_primitives.primitives.base import RestPrimitive as BasePrimitiveV2

__all__ = ["BasePrimitiveV2"]

# So that absent names say what to use: see absent_names.
__path__: list[str] = []
