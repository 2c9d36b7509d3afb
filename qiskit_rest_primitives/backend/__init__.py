"""RestBackend: a device or simulator of a service, with a Target to transpile against.

``backend`` holds RestBackend, ``reports`` its configuration, properties and status, ``entries`` and
``filters`` the choice of one.
"""

from qiskit_rest_primitives.backend.backend import (
    RestBackend,
    is_own_object,
    known_calibration,
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
    "filter_backends",
    "is_own_object",
    "known_calibration",
    "least_busy_entry",
    "select_backends",
]
