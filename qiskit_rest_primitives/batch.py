"""The module of that name in ``qiskit_ibm_runtime``: its batch class."""

from qiskit_rest_primitives.service.session import Batch

__all__ = ["Batch"]
