"""The module of that name in ``qiskit_ibm_runtime``: its service class."""

from qiskit_rest_primitives.service.service import QiskitRuntimeService

__all__ = ["QiskitRuntimeService"]
