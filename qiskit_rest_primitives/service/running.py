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
            from qiskit_rest_primitives.local import LocalService

            _local_service = LocalService().start()
        return _local_service


def lasting_identity(url: str, instance: str | None) -> tuple[str, str]:
    """Service and instance, as the next process can name them, too.

    The embedded service has another port each time it is started, and the same backends.
    """
    service = _local_service
    if service is not None and service.running and service.url == url:
        return "embedded", ""
    return url, instance or ""
