"""The module of that name in ``qiskit_ibm_runtime``: its job class."""

from qiskit_rest_primitives.jobs.job import RestJob as RuntimeJobV2

__all__ = ["RuntimeJobV2"]
