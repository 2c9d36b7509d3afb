"""The embedded service of this process: for ``channel="local"``, and for backends as a mode."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.account import resolve_account
from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.concurrency.forks import Lock
from qiskit_rest_primitives.http.client import ApiClient

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

_local_lock = Lock()
_local_service: Any = None
# The process, the service that serves its objects, and a client of that.
_own: tuple[int, Any, ApiClient] | None = None


def running_local_service() -> Any:
    """The embedded service of this process, started on first use."""
    global _local_service
    with _local_lock:
        if _local_service is None:
            from qiskit_rest_primitives.local import LocalService

            _local_service = LocalService().start()
        return _local_service


def served_backend(backend: BackendV2) -> RestBackend:
    """Any Qiskit backend as one of a service: put behind the embedded service of this process.

    It is served as long as something holds what this returns: a primitive, a session, a job.

    Args:
        backend: of Qiskit or of any vendor; one of a service is returned as it is.

    Raises:
        BackendError: it can't be served; says why.
        ImportError: the extra ``[local]`` is not installed; names the command.

    >>> from qiskit.providers.fake_provider import GenericBackendV2
    >>> served_backend(GenericBackendV2(3)).num_qubits
    3
    """
    if isinstance(backend, RestBackend):
        return backend
    from qiskit_rest_primitives.local.simulators.foreign_backend import examine

    examine(backend)  # what is wrong with it matters more than a missing extra
    service, client = _own_service()
    added = service.add_backend(backend)
    return RestBackend(client, added.name, use_fractional_gates=None, keep_alive=added)


def _own_service() -> tuple[Any, ApiClient]:
    global _own
    with _local_lock:
        if _own is None or _own[0] != os.getpid():
            service = running_local_service()
            if _own is not None:
                # A forked child reaches its parent's service, which knows nothing of its objects.
                from qiskit_rest_primitives.local import LocalService

                service = LocalService().start()
            account = resolve_account(
                channel="local", token=service.token, instance=service.instance, url=service.url
            )
            _own = os.getpid(), service, ApiClient(account)
        return _own[1], _own[2]
