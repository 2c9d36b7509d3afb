"""``qiskit_ibm_runtime.executor_sampler``: here too, the service does the work for it."""

from qiskit_rest_primitives.primitives.sampler import SamplerV2

Sampler = SamplerV2

__all__ = ["Sampler", "SamplerV2"]
