"""RestBackend: a device or simulator of a service, with a Target to transpile against.

``backend`` holds RestBackend, ``reports`` its configuration, properties and status, ``entries`` and
``filters`` the choice of one.
"""

from qiskit_rest_primitives.backend.backend import (
    RestBackend,
    check_takes_jobs,
    is_own_object,
    known_calibration,
    note_entry,
)
from qiskit_rest_primitives.backend.entries import least_busy_entry, select_backends
from qiskit_rest_primitives.backend.filters import filter_backends
from qiskit_rest_primitives.backend.primitive_run import PrimitiveRun
from qiskit_rest_primitives.backend.reports import (
    BackendConfiguration,
    BackendProperties,
    BackendStatus,
)

__all__ = [
    "BackendConfiguration",
    "BackendProperties",
    "BackendStatus",
    "PrimitiveRun",
    "RestBackend",
    "check_takes_jobs",
    "filter_backends",
    "is_own_object",
    "known_calibration",
    "least_busy_entry",
    "note_entry",
    "select_backends",
]
