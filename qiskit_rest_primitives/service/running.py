"""The embedded service of this process, for ``channel="local"``."""

from __future__ import annotations

from typing import Any

from qiskit_rest_primitives.concurrency.forks import Lock

_local_lock = Lock()
_local_service: Any = None


def running_local_service() -> Any:
    """The embedded service of this process, started on first use."""
    global _local_service
    with _local_lock:
        if _local_service is None:
            _local_service = start_local_service()
        return _local_service


def start_local_service() -> Any:
    """Starts an embedded service for this process alone; its user has no limits."""
    from qiskit_rest_primitives.local import Limits, LocalService
    from qiskit_rest_primitives.local.limits import UNLIMITED

    return LocalService(limits=Limits(caps=UNLIMITED)).start()


def lasting_identity(url: str, instance: str | None) -> tuple[str, str]:
    """Service and instance, as the next process can name them, too.

    The embedded service has another port each time it is started, and the same backends.
    """
    service = _local_service
    if service is not None and service.running and service.url == url:
        return "embedded", ""
    return url, instance or ""
