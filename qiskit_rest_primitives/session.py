"""The module of that name in ``qiskit_ibm_runtime``: its session class."""

from qiskit_rest_primitives.service.session import Session

__all__ = ["Session"]

# So that absent names say what to use: see absent_names.
__path__: list[str] = []
