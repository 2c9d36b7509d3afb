"""Backends of others: any Qiskit `BackendV2` that was handed in."""
