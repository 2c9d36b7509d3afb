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
