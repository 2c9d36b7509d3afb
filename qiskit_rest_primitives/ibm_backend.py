"""The module of that name in ``qiskit_ibm_runtime``: its backend class."""

from qiskit_rest_primitives.backend import RestBackend as IBMBackend

__all__ = ["IBMBackend"]
