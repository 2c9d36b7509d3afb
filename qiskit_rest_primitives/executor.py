"""The module of that name in ``qiskit_ibm_runtime``: its executor."""

from qiskit_rest_primitives.primitives.executor import Executor

__all__ = ["Executor"]
