"""What all scripts share: a backend of an embedded service."""

from __future__ import annotations

from functools import cache

from qiskit_rest_primitives import QiskitRuntimeService, RestBackend


@cache
def _service() -> QiskitRuntimeService:
    return QiskitRuntimeService(channel="local")


def local_backend(name: str) -> RestBackend:
    """A backend of the embedded service, which is reached through HTTP as any other service."""
    return _service().backend(name)
