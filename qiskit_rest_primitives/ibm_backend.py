"""The module of that name in ``qiskit_ibm_runtime``: its backend class."""

from qiskit_rest_primitives.backend import RestBackend as IBMBackend

__all__ = ["IBMBackend"]

# So that absent names say what to use: see absent_names.
__path__: list[str] = []
