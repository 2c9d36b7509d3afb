"""Where a primitive runs: a backend, a session, a batch, or the surrounding with block."""

from __future__ import annotations

import re
from typing import Any

from qiskit.providers import BackendV2

from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.errors import BackendError, NotFoundError
from qiskit_rest_primitives.service.embedded import served_backend
from qiskit_rest_primitives.service.session import Session, current_session, membership_of

Mode = RestBackend | Session


def resolve_mode(mode: Any) -> Mode:
    """Where to run: a backend, a session or batch, or the surrounding ``with`` of one.

    A backend of Qiskit or of another vendor is put behind the embedded service of this process.

    Raises:
        BackendError: it is none of these; the cure is in the message.
        ImportError: another vendor's backend, without the extra ``[local]``.
    """
    if mode is None:
        mode = current_session()
        if mode is None:
            raise BackendError(
                "no backend to run on: pass mode=service.backend(name), or a Session or Batch, or "
                "use the primitive inside the with block of one. "
                "QiskitRuntimeService(channel='local') needs no account"
            )
    if isinstance(mode, RestBackend | Session):
        return mode
    if isinstance(mode, BackendV2):
        return served_backend(mode)
    if isinstance(mode, str):
        raise BackendError(f"pass service.backend({mode!r}) instead of the name {mode!r}")
    raise BackendError(
        "mode is a backend, Session or Batch of a service, or any BackendV2 of Qiskit, not "
        f"{type(mode).__name__}"
    )


def mock_of(backend: RestBackend) -> RestBackend:
    """The mock of a device, which checks jobs and answers with random results.

    Raises:
        BackendError: the service has none.
    """
    name = re.sub(r"^[^_]+", "mock", backend.name)
    mock = backend if backend.name.startswith("mock_") else RestBackend(backend.client, name)
    try:
        mock.configuration()
    except NotFoundError:
        raise BackendError(
            f"dry_run needs a mock of {backend.name}, and the service has no backend {name!r}: run "
            "the job on a simulator, such as those of QiskitRuntimeService(channel='local')"
        ) from None
    return mock


def backend_of(mode: Mode) -> RestBackend:
    """The backend that jobs of this mode run on."""
    return membership_of(mode).require_backend() if isinstance(mode, Session) else mode
