"""The module of that name in ``qiskit_ibm_runtime``: its estimator."""

from qiskit_rest_primitives.primitives.estimator import EstimatorV2

Estimator = EstimatorV2

__all__ = ["Estimator", "EstimatorV2"]
