"""``qiskit_ibm_runtime.executor_estimator``: here too, the service does the work for it."""

from qiskit_rest_primitives.primitives.estimator import EstimatorV2

Estimator = EstimatorV2

__all__ = ["Estimator", "EstimatorV2"]
