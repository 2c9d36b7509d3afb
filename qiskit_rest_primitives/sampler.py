"""The module of that name in ``qiskit_ibm_runtime``: its sampler."""

from qiskit_rest_primitives.primitives.sampler import SamplerV2

Sampler = SamplerV2

__all__ = ["Sampler", "SamplerV2"]
