"""Any Qiskit backend as a mode: behind the embedded service of this process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.account import resolve_account
from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.concurrency.forks import Lock
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.service.running import running_local_service, start_local_service
from qiskit_rest_primitives.service.service import QiskitRuntimeService, service_of

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

_lock = Lock()
# The process, the service that serves its objects, and what that offers to a client.
_own: tuple[int, Any, QiskitRuntimeService] | None = None


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
    from qiskit_rest_primitives.local.simulators.foreign.backend import examine

    examine(backend)  # what is wrong with it matters more than a missing extra
    local, service = _own_service()
    from qiskit_rest_primitives.local.service import add_backend

    added = add_backend(local, backend)
    return RestBackend(
        service.client, added.name, use_fractional_gates=None, service=service, keep_alive=added
    )


def _own_service() -> tuple[Any, QiskitRuntimeService]:
    global _own
    with _lock:
        if _own is None or _own[0] != os.getpid():
            local = running_local_service()
            if _own is not None:
                # A forked child reaches its parent's service, which knows nothing of its objects.
                local = start_local_service()
            account = resolve_account(
                channel="local", token=local.token, instance=local.instance, url=local.url
            )
            _own = os.getpid(), local, service_of(ApiClient(account))
        return _own[1], _own[2]
